internal import CKernels
internal import Platform

/// How many processors this process may use.
///
/// On Linux these may be fewer than the machine has: a process can be bound to some of them (`taskset`),
/// and a control group can have a quota of their time, as containers do. More threads than that would
/// take turns, and the kernel stops them all for the rest of a period once the quota is spent.
enum ProcessorCount {
  static var current: Int {
    let online = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    #if os(Linux)
      let allowed = CKAllowedProcessors()
      return min(online, allowed > 0 ? allowed : online, quota() ?? online)
    #else
      return online
    #endif
  }

  /// A quota of `quota` microseconds in every `period`, rounded up to whole processors; nil if there is
  /// none.
  private static func processors(quota: Int, period: Int) -> Int? {
    guard quota > 0, period > 0 else { return nil }
    return (quota - 1) / period + 1
  }

  /// The processors that a `cpu.max` file of version 2 grants: "max 100000" or "150000 100000".
  static func processors(ofMaximum text: String) -> Int? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]) else {
      return nil
    }
    return processors(quota: quota, period: period)
  }

  /// The limit by `cpu.cfs_quota_us` (-1 for none) and `cpu.cfs_period_us` of version 1.
  static func processors(ofQuota quota: String, period: String) -> Int? {
    processors(ofMaximum: quota + " " + period)
  }

  /// The folders of `/sys/fs/cgroup` that may limit a process whose `/proc/self/cgroup` this is: its
  /// group's and those of all groups above it.
  ///
  /// In a container the path may be one that only the host sees; the container's own group is then the
  /// top folder.
  static func groupFolders(_ text: String) -> (version2: [String], version1: [String]) {
    var folders = (version2: [String](), version1: [String]())
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let parts = fields[2].split(separator: "/")
      let paths = (0...parts.count).reversed().map { count in
        parts[..<count].map { "/" + $0 }.joined()
      }
      if fields[0] == "0" && fields[1].isEmpty {
        folders.version2 = paths.map { "sys/fs/cgroup" + $0 }
      } else if fields[1].split(separator: ",").contains("cpu") {
        folders.version1 = paths.map { "sys/fs/cgroup/cpu" + $0 }
      }
    }
    return folders
  }

  #if os(Linux)
    /// The smallest quota of the process's control groups, rounded up to processors; nil if there is none.
    ///
    /// - Parameter root: The folder that holds `proc` and `sys`, with a slash at its end.
    static func quota(root: String = "/") -> Int? {
      guard let groups = contents(root + "proc/self/cgroup") else { return nil }
      let folders = groupFolders(groups)
      let quotas =
        folders.version2.map { contents(root + $0 + "/cpu.max").flatMap(processors(ofMaximum:)) }
        + folders.version1.map { folder in
          guard let quota = contents(root + folder + "/cpu.cfs_quota_us"),
            let period = contents(root + folder + "/cpu.cfs_period_us")
          else { return nil }
          return processors(ofQuota: quota, period: period)
        }
      return quotas.compactMap(\.self).min()
    }

    /// The text of a small file; nil if it cannot be read.
    private static func contents(_ path: String) -> String? {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      return withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { buffer in
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
      }
    }
  #endif
}
