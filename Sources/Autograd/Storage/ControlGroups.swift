internal import Platform

/// What the control groups of a process on Linux limit, as those of containers do.
enum ControlGroups {
  /// The folders of `/sys/fs/cgroup` that may limit a process whose `/proc/self/cgroup` this is: its
  /// group's and those of all groups above it.
  ///
  /// In a container the path may be one that only the host sees; the container's own group is then the
  /// top folder.
  static func folders(
    _ text: String, of controller: String
  ) -> (version2: [String], version1: [String]) {
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
      } else if fields[1].split(separator: ",").contains(Substring(controller)) {
        folders.version1 = paths.map { "sys/fs/cgroup/\(controller)" + $0 }
      }
    }
    return folders
  }

  #if os(Linux)
    /// The smallest limit that the files of the process's groups state; nil if there is none.
    ///
    /// - Parameters:
    ///   - controller: What is limited, `cpu` or `memory`.
    ///   - version2: The name of the file in folders of version 2.
    ///   - version1: The names of the files in folders of version 1.
    ///   - root: The folder that holds `proc` and `sys`, with a slash at its end.
    ///   - limit: The limit by the files' texts, joined by spaces; nil for none.
    static func limit(
      of controller: String, version2: String, version1: [String], root: String,
      _ limit: (String) -> Int?
    ) -> Int? {
      guard let groups = contents(root + "proc/self/cgroup") else { return nil }
      let folders = folders(groups, of: controller)
      let files =
        folders.version2.map { [$0 + "/" + version2] }
        + folders.version1.map { folder in version1.map { folder + "/" + $0 } }
      return files.compactMap { files in
        let texts = files.compactMap { contents(root + $0) }
        return texts.count == files.count ? limit(texts.joined(separator: " ")) : nil
      }.min()
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

/// How much memory this process may use.
enum MemoryLimit {
  /// In bytes, the machine's or that of the process's control groups; nil where it is not known.
  static func current(root: String = "/") -> Int? {
    #if os(Linux)
      let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
      let groups = ControlGroups.limit(
        of: "memory", version2: "memory.max", version1: ["memory.limit_in_bytes"], root: root,
        bytes(of:))
      return [machine, groups ?? .max].filter { $0 > 0 }.min()
    #else
      return nil
    #endif
  }

  /// The bytes of a `memory.max` file of version 2 or a `memory.limit_in_bytes` file of version 1: "max" or a number.
  static func bytes(of text: String) -> Int? {
    let words = text.split(whereSeparator: \.isWhitespace)
    return words.count == 1 ? Int(words[0]).flatMap { $0 > 0 ? $0 : nil } : nil
  }
}
