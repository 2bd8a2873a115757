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

  /// The processors that a `cpu.max` file of version 2 grants, "max 100000" or "150000 100000", or the files
  /// `cpu.cfs_quota_us` (-1 for none) and `cpu.cfs_period_us` of version 1.
  static func processors(ofMaximum text: String) -> Int? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]) else {
      return nil
    }
    return processors(quota: quota, period: period)
  }

  #if os(Linux)
    /// The smallest quota of the process's control groups, rounded up to processors; nil if there is none.
    ///
    /// - Parameter root: The folder that holds `proc` and `sys`, with a slash at its end.
    static func quota(root: String = "/") -> Int? {
      ControlGroups.limit(
        of: "cpu", version2: "cpu.max", version1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"],
        root: root, processors(ofMaximum:))
    }
  #endif
}
