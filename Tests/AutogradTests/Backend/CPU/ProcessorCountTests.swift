import Foundation
import Platform
import Testing

@testable import Autograd

@Suite struct ProcessorCountTests {
  #if canImport(Glibc)
    @Test func aBoundProcessStartsOneThread() async {
      await #expect(processExitsWith: .success) {
        typealias SetAffinity = @convention(c) (Int32, Int, UnsafeRawPointer) -> Int32
        let set = unsafeBitCast(dlsym(nil, "sched_setaffinity"), to: SetAffinity.self)
        // The first of 1,024 processors that this process may use.
        let isBound = (0..<1024).contains { processor in
          var mask = [UInt8](repeating: 0, count: 128)
          mask[processor / 8] = 1 << (processor % 8)
          return set(0, 128, mask) == 0
        }
        precondition(isBound)
        #expect(ThreadPool.processorCount == 1 && ThreadPool.threadCount == 1)
      }
    }
  #endif

  @Test func quotasOfVersion2() {
    #expect(ProcessorCount.processors(ofMaximum: "max 100000\n") == nil)
    #expect(ProcessorCount.processors(ofMaximum: "100000 100000\n") == 1)
    #expect(ProcessorCount.processors(ofMaximum: "100001 100000\n") == 2)
    #expect(ProcessorCount.processors(ofMaximum: "150000 100000") == 2)
    #expect(ProcessorCount.processors(ofMaximum: "5000 100000\n") == 1)
    #expect(ProcessorCount.processors(ofMaximum: "1600000 50000\n") == 32)
    for text in ["", "\n", "max", "100000", "a b", "0 100000", "100000 0", "1 2 3", "-1 100000"] {
      #expect(ProcessorCount.processors(ofMaximum: text) == nil, "\(text)")
    }
  }

  @Test func quotasOfVersion1() {
    #expect(ProcessorCount.processors(ofMaximum: "-1\n 100000\n") == nil)
    #expect(ProcessorCount.processors(ofMaximum: "250000\n 100000\n") == 3)
  }

  #if os(Linux)
    /// The smallest quota on the way from the process's group to the top.
    @Test func quotasInFolders() throws {
      let root =
        FileManager.default.temporaryDirectory.path + "/cgroups-\(UInt64.random(in: 0 ... .max))/"
      defer { try? FileManager.default.removeItem(atPath: root) }
      func write(_ text: String, _ path: String) throws {
        let file = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      #expect(ProcessorCount.quota(root: root) == nil)
      try write("0::/a/b\n", "proc/self/cgroup")
      #expect(ProcessorCount.quota(root: root) == nil)
      try write("max 100000\n", "sys/fs/cgroup/a/b/cpu.max")
      #expect(ProcessorCount.quota(root: root) == nil)
      try write("350000 100000\n", "sys/fs/cgroup/a/cpu.max")
      #expect(ProcessorCount.quota(root: root) == 4)
      // As seen in a container, whose own group is the top folder.
      try write("150000 100000\n", "sys/fs/cgroup/cpu.max")
      #expect(ProcessorCount.quota(root: root) == 2)
      try write("3:cpu,cpuacct:/docker/1\n0::/\n", "proc/self/cgroup")
      try write("-1\n", "sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us")
      try write("100000\n", "sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us")
      #expect(ProcessorCount.quota(root: root) == 2)
      try write("100000\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us")
      try write("100000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us")
      #expect(ProcessorCount.quota(root: root) == 1)
    }
  #endif
}
