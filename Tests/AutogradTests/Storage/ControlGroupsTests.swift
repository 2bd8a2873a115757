import Foundation
import Testing

@testable import Autograd

@Suite struct ControlGroupsTests {
  @Test func foldersOfControlGroups() {
    let unified = ControlGroups.folders("0::/a/b.scope\n", of: "cpu")
    #expect(
      unified.version2 == ["sys/fs/cgroup/a/b.scope", "sys/fs/cgroup/a", "sys/fs/cgroup"]
        && unified.version1 == [])
    let both = ControlGroups.folders(
      "9:name=systemd:/x\n4:cpu,cpuacct:/y\n2:cpuset:/\n0::/\n", of: "cpu")
    #expect(both.version2 == ["sys/fs/cgroup"])
    #expect(both.version1 == ["sys/fs/cgroup/cpu/y", "sys/fs/cgroup/cpu"])
    let none = ControlGroups.folders("nonsense\n\n", of: "cpu")
    #expect(none.version2 == [] && none.version1 == [])
  }

  @Test func limitsOfMemory() {
    #expect(MemoryLimit.bytes(of: "max\n") == nil)
    #expect(MemoryLimit.bytes(of: "536870912\n") == 1 << 29)
    for text in ["", "\n", "-1", "0", "1 2", "x"] { #expect(MemoryLimit.bytes(of: text) == nil) }
  }

  #if os(Linux)
    @Test func theMemoryIsThatOfTheSmallestGroup() throws {
      let root =
        FileManager.default.temporaryDirectory.path + "/memory-\(UInt64.random(in: 0 ... .max))/"
      defer { try? FileManager.default.removeItem(atPath: root) }
      func write(_ text: String, _ path: String) throws {
        let file = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      let machine = try #require(MemoryLimit.current(root: root))
      #expect(machine == Int(ProcessInfo.processInfo.physicalMemory))
      try write("0::/a/b\n", "proc/self/cgroup")
      try write("max\n", "sys/fs/cgroup/a/b/memory.max")
      #expect(MemoryLimit.current(root: root) == machine)
      try write("67108864\n", "sys/fs/cgroup/a/memory.max")
      #expect(MemoryLimit.current(root: root) == 1 << 26)
      try write("9:memory:/x\n", "proc/self/cgroup")
      try write("9223372036854771712\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes")
      #expect(MemoryLimit.current(root: root) == machine)
      try write("33554432\n", "sys/fs/cgroup/memory/memory.limit_in_bytes")
      #expect(MemoryLimit.current(root: root) == 1 << 25)
    }
  #endif
}
