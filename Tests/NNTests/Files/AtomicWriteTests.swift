import Foundation
import Testing

@testable import NN

@Suite struct AtomicWriteTests {
  /// Runs the body with a new, empty folder.
  private static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private static func content(of folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func read(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test func writesArraysDataSlicesAndText() throws {
    try Self.withFolder { folder in
      let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
      try writeAtomically(bytes, to: folder + "/array")
      try writeAtomically(Data(bytes), to: folder + "/data")
      try writeAtomically(bytes[10..<20], to: folder + "/slice")
      try writeAtomically(bytes.lazy.map { $0 ^ 255 }, to: folder + "/lazy")
      try writeAtomically("é\n", to: folder + "/text")
      try writeAtomically("", to: folder + "/empty")
      #expect(try read(folder + "/array") == Data(bytes))
      #expect(try read(folder + "/data") == Data(bytes))
      #expect(try read(folder + "/slice") == Data(bytes[10..<20]))
      #expect(try read(folder + "/lazy") == Data(bytes.map { $0 ^ 255 }))
      #expect(try read(folder + "/text") == Data("é\n".utf8))
      #expect(try read(folder + "/empty").isEmpty)
      #expect(try Self.content(of: folder) == ["array", "data", "empty", "lazy", "slice", "text"])
    }
  }

  @Test func writesPiecesInOrder() throws {
    try Self.withFolder { folder in
      try writeAtomically(to: folder + "/pieces") { write in
        for piece in ["one ", "", "two"] { Array(piece.utf8).withUnsafeBytes(write) }
      }
      #expect(try read(folder + "/pieces") == Data("one two".utf8))
    }
  }

  @Test func replacesAFileAndKeepsItsPermissions() throws {
    try Self.withFolder { folder in
      let path = folder + "/file"
      try writeAtomically("a long old content", to: path)
      try #require(chmod(path, 0o640) == 0)
      try writeAtomically("new", to: path)
      #expect(try read(path) == Data("new".utf8))
      #expect(
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
    }
  }

  @Test func aSymbolicLinkStaysOne() throws {
    try Self.withFolder { folder in
      try writeAtomically("old", to: folder + "/target")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: "target")
      try writeAtomically("new", to: folder + "/link")
      #expect(try read(folder + "/target") == Data("new".utf8))
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "target")
    }
  }

  /// What no process writes any more goes, and nothing else.
  @Test func leftoversAreRemoved() throws {
    try Self.withFolder { folder in
      for name in [".writing-1y2p0ij32e8e7", ".writing-a", ".writing-A-b", ".writing", "writing-a"]
      {
        try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/.writing-b", withIntermediateDirectories: false)
      try #require(mkfifo(folder + "/.writing-c", 0o600) == 0)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/.writing-d", withDestinationPath: "writing-a")
      var during: [String] = []
      try writeAtomically(to: folder + "/file") { write in
        Array("text".utf8).withUnsafeBytes(write)
        // As another process would: a lock belongs to what was opened.
        removeLeftovers(in: folder)
        during = (try? Self.content(of: folder)) ?? []
      }
      let kept = [
        ".writing", ".writing-A-b", ".writing-b", ".writing-c", ".writing-d", "writing-a",
      ]
      #expect(during.count == kept.count + 1 && Set(kept).isSubset(of: during))
      #expect(try read(folder + "/file") == Data("text".utf8))
      #expect(try Self.content(of: folder) == kept.dropLast() + ["file", "writing-a"])
    }
    removeLeftovers(in: "/nowhere")
  }

  @Test func whatCannotBeWrittenIsKnownBefore() throws {
    try Self.withFolder { folder in
      try checkWritable(folder + "/new")
      #expect(throws: FileError(folder, "cannot write: it is a folder")) {
        try checkWritable(folder)
      }
      let missing = folder + "/missing/file"
      #expect(throws: FileError(missing, "cannot write: No such file or directory")) {
        try checkWritable(missing)
      }
      #expect(try Self.content(of: folder).isEmpty)
    }
  }

  @Test func aFIFOIsNotRead() throws {
    try Self.withFolder { folder in
      let path = folder + "/fifo"
      try #require(mkfifo(path, 0o600) == 0)
      #expect(throws: FileError(path, "cannot be opened: it is a FIFO")) {
        try OpenFile.contents(of: path, maximum: 10)
      }
    }
  }

  @Test func theLongestNameWorks() throws {
    try Self.withFolder { folder in
      let name = String(repeating: "n", count: 255)
      try writeAtomically("text", to: folder + "/" + name)
      #expect(try Self.content(of: folder) == [name])
    }
  }

  @Test func aMissingFolderIsNamed() throws {
    try Self.withFolder { folder in
      let path = folder + "/missing/file"
      let expected = FileError(path, "cannot write: No such file or directory")
      #expect(throws: expected) { try writeAtomically("text", to: path) }
      #expect(expected.description == "\(path): cannot write: No such file or directory")
      let names = try Self.content(of: folder)
      #expect(names.isEmpty)
    }
  }

  @Test func foldersAndDevicesAreNotReplaced() throws {
    try Self.withFolder { folder in
      #expect(throws: FileError(folder, "cannot write: it is a folder")) {
        try writeAtomically("text", to: folder)
      }
    }
    #expect(throws: FileError("/dev/null", "cannot write: it is not a regular file")) {
      try writeAtomically("text", to: "/dev/null")
    }
  }

  @Test(.enabled(if: geteuid() != 0, "a superuser may write everywhere"))
  func aFolderWithoutPermissionIsNamed() throws {
    try Self.withFolder { folder in
      try #require(chmod(folder, 0o500) == 0)
      #expect(throws: FileError(folder + "/file", "cannot write: Permission denied")) {
        try writeAtomically("text", to: folder + "/file")
      }
    }
  }

  #if os(Linux)
    /// A limit on the size of files stands for a full disk: some bytes can be written, the rest
    /// cannot.
    @Test func aFailureInTheMiddleLeavesTheOldFileAndNothingElse() async {
      await #expect(processExitsWith: .success) {
        try AtomicWriteTests.withFolder { folder in
          let path = folder + "/file"
          try writeAtomically("old", to: path)
          signal(SIGXFSZ, SIG_IGN)
          var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
          try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
          #expect(throws: FileError(path, "cannot write: File too large")) {
            try writeAtomically([UInt8](repeating: 1, count: 20_000), to: path)
          }
          #expect(try AtomicWriteTests.content(of: folder) == ["file"])
          #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
        }
      }
    }
  #endif
}
