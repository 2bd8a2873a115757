import Foundation
import NN
import TestSupport
import Testing

@testable import Datasets

@Suite struct DownloadTests {
  /// Large enough to arrive in several pieces.
  let content = DataFixture.noise(300_000)
  var checksum: String { SHA256.hexadecimal(content) }

  @Test(.needsLoopback) func downloadsAFile() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { [content] _ in LocalServer.response(body: content) }
    var reports: [DownloadProgress] = []
    try Download.fetch(server.address(), to: folder("deep/er/file"), sha256: checksum) {
      reports.append($0)
    }
    #expect(try folder.read("deep/er/file") == content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder("deep/er")) == ["file"])
    #expect(reports.last == DownloadProgress(name: "file", received: 300_000, total: 300_000))
    let request = try #require(server.requests.first).lowercased()
    #expect(request.hasPrefix("get /file.gz http/1.1\r\n"))
    #expect(request.contains("\r\naccept-encoding: identity\r\n"))
    #expect(!request.contains("\r\nrange:"))
  }

  @Test(.needsLoopback) func followsARedirect() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { [content] request in
      guard request.hasPrefix("GET /old ") else { return LocalServer.response(body: content) }
      return LocalServer.response("302 Found", ["Location: /new"], body: Array("moved".utf8))
    }
    try Download.fetch(server.address("old"), to: folder("file"), sha256: checksum)
    #expect(try folder.read("file") == content)
    #expect(server.requests.count == 2)
  }

  @Test(.needsLoopback) func resumesWhatWasInterrupted() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { [content] request in
      guard let start = LocalServer.rangeStart(request) else {
        return LocalServer.response(body: Array(content.prefix(100_000)), length: content.count)
      }
      let range = "Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)"
      return LocalServer.response("206 Partial Content", [range], body: Array(content[start...]))
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    #expect(error.path == server.address())
    #expect(error.reason.hasPrefix("the transfer broke off after 100000 of 300000 bytes ("))
    #expect(!error.isUnavailable)
    #expect(try folder.names == ["file.part"])

    var reports: [DownloadProgress] = []
    try Download.fetch(server.address(), to: folder("file"), sha256: checksum) {
      reports.append($0)
    }
    #expect(LocalServer.rangeStart(server.requests[1]) == 100_000)
    #expect(try folder.read("file") == content)
    #expect(try folder.names == ["file"])
    #expect(reports.last == DownloadProgress(name: "file", received: 300_000, total: 300_000))
  }

  /// The servers that cannot continue: without ranges, with another range than asked for, with a
  /// shorter file.
  @Test(.needsLoopback, arguments: ["200 OK", "206 Partial Content", "416 Range Not Satisfiable"])
  func startsAnewIfTheServerCannotContinue(_ status: String) throws {
    let folder = try TemporaryFolder()
    try folder.write([UInt8](repeating: 9, count: 1000), to: "file.part")
    let server = try LocalServer { [content] request in
      guard LocalServer.rangeStart(request) != nil else {
        return LocalServer.response(body: content)
      }
      return LocalServer.response(status, ["Content-Range: bytes 5-9/10"], body: content)
    }
    try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    #expect(try folder.read("file") == content)
    #expect(try folder.names == ["file"])
    #expect(LocalServer.rangeStart(server.requests[0]) == 1000)
    #expect(server.requests.count == (status == "200 OK" ? 1 : 2))
  }

  /// A server may answer a range with less than was asked for: the transfer is whole, the file is
  /// not.
  @Test(.needsLoopback) func noticesAShorterRangeThanAskedFor() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(content.prefix(1000)), to: "file.part")
    let server = try LocalServer { [content] _ in
      LocalServer.response(
        "206 Partial Content", ["Content-Range: bytes 1000-1999/300000"],
        body: Array(content[1000..<2000]))
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    #expect(error.reason.hasPrefix("the transfer broke off after 2000 of 300000 bytes ("))
    #expect(try folder.read("file.part") == Array(content.prefix(2000)))
  }

  @Test(.needsLoopback) func takesACompletePartWithoutAskingAnybody() throws {
    let folder = try TemporaryFolder()
    try folder.write(content, to: "file.part")
    try Download.fetch(
      "http://127.0.0.1:\(LocalServer.unusedPort())/", to: folder("file"), sha256: checksum)
    #expect(try folder.read("file") == content)
    #expect(try folder.names == ["file"])
  }

  @Test(.needsLoopback) func refusesAWrongChecksum() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: "file")
    let server = try LocalServer { _ in LocalServer.response(body: Array("abd".utf8)) }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    let found = SHA256.hexadecimal(Array("abd".utf8))
    #expect(
      error.reason == "has the SHA-256 checksum \(found), expected \(checksum); it was not kept")
    #expect(!error.isUnavailable)
    #expect(try folder.names == ["file"])
    #expect(try folder.read("file") == [1])
  }

  @Test(.needsLoopback) func refusesMoreThanTheMaximum() throws {
    let folder = try TemporaryFolder()
    // Without a stated length.
    let server = try LocalServer { [content] _ in
      Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8) + content
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum, maximum: 299_999)
    }
    #expect(error == FileError(server.address(), "has more than the 299999 bytes expected at most"))
    #expect(try folder.names == [])
  }

  @Test(.needsLoopback, arguments: ["404 Not Found", "403 Forbidden", "500 Internal Server Error"])
  func refusesWhatTheServerRefuses(_ status: String) throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { _ in LocalServer.response(status, body: Array("a page".utf8)) }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    #expect(
      error
        == FileError(server.address(), "the server answered \(status.prefix(3)), expected 200 (OK)")
    )
    #expect(try folder.names == [])
  }

  @Test(.needsLoopback) func aRefusedConnectionIsUnavailable() throws {
    let folder = try TemporaryFolder()
    let address = "http://127.0.0.1:\(try LocalServer.unusedPort())/file"
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(address, to: folder("file"), sha256: checksum)
    }
    #expect(error.path == address)
    #expect(error.reason.hasPrefix("cannot be reached ("))
    #expect(error.isUnavailable)
    #expect(try folder.names == [])
  }

  @Test(.needsLoopback) func aSilentServerIsUnavailable() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { _ in nil }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum, patience: 0.3)
    }
    #expect(
      error == FileError(server.address(), "does not answer for 1 seconds", unavailable: true))
    #expect(try folder.names == [])
  }

  /// 2,500 bytes a second never end 300,000 of them in time; 16 KiB within the patience are asked for.
  @Test(.needsLoopback) func aServerThatDripsIsGivenUp() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer(drip: 50) { [content] _ in LocalServer.response(body: content) }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum, patience: 1)
    }
    #expect(error.path == server.address())
    #expect(error.reason.hasPrefix("the transfer broke off after "))
    #expect(error.reason.contains("of 300000 bytes (only "))
    #expect(error.reason.hasSuffix("bytes arrived for 1 seconds); try again to resume"))
    #expect(!error.isUnavailable)
    #expect(try folder.names == ["file.part"])
  }

  /// Headers that come byte by byte are no answer.
  @Test(.needsLoopback) func aServerThatDripsItsHeadersIsUnavailable() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer(drip: 1) { _ in LocalServer.response(body: [1]) }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum, patience: 0.3)
    }
    #expect(
      error == FileError(server.address(), "does not answer for 1 seconds", unavailable: true))
  }

  /// Not 2^63 - 1 bytes, which stop swift-corelibs-foundation's URLSession itself.
  @Test(.needsLoopback, arguments: [300_001, 1 << 62])
  func aLengthBeyondTheMaximumIsRefusedAtOnce(_ length: Int) throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { [content] _ in
      LocalServer.response(body: content, length: length)
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum, maximum: 300_000)
    }
    #expect(
      error
        == FileError(server.address(), "states \(length) bytes, expected at most 300000"))
    #expect(try folder.names == [])
  }

  /// A range that states another total than the file has.
  @Test(.needsLoopback, arguments: ["500", "400000", "99999999999"])
  func aLieAboutTheTotalEndsWithAMessage(_ total: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(content.prefix(1000)), to: "file.part")
    let server = try LocalServer { [content] _ in
      LocalServer.response(
        "206 Partial Content", ["Content-Range: bytes 1000-299999/\(total)"],
        body: Array(content[1000...]))
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    #expect(
      error.reason.hasPrefix("the transfer broke off after 300000 of \(total) bytes (")
        || error.reason == "states \(total) bytes, expected at most \(1 << 30)")
  }

  @Test(.needsLoopback) func aShorterLengthThanTheFileHasIsNoFile() throws {
    let folder = try TemporaryFolder()
    let server = try LocalServer { [content] _ in LocalServer.response(body: content, length: 1000)
    }
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
    }
    #expect(error.path == server.address() && !error.isUnavailable)
    #expect(try !folder.names.contains("file"))
  }

  @Test(arguments: ["ftp://127.0.0.1/file", "file:///etc/passwd", "file", "", "http://"])
  func refusesWhatIsNoAddress(_ address: String) throws {
    let folder = try TemporaryFolder()
    let error = dataFailure { () throws(FileError) in
      try Download.fetch(address, to: folder("file"), sha256: checksum)
    }
    #expect(error == FileError(address, "is not an http or https address"))
  }

  @Test func namesAFolderThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "plain")
    let error = dataFailure { () throws(FileError) in
      try Download.fetch("http://127.0.0.1:1/", to: folder("plain/file"), sha256: checksum)
    }
    #expect(error == FileError(folder("plain/file.part"), "cannot be written: Not a directory"))
  }

  @Test func refusesAPartThatAnotherProcessIsWriting() throws {
    let folder = try TemporaryFolder()
    let other = try OpenFile.updating(folder("file.part"))
    #expect(flock(other.descriptor, LOCK_EX) == 0)
    let error = dataFailure { () throws(FileError) in
      try Download.fetch("http://127.0.0.1:1/", to: folder("file"), sha256: checksum)
    }
    #expect(error == FileError(folder("file.part"), "is being downloaded by another process"))
  }

  #if os(Linux)
    @Test(.needsLoopback) func namesAFullDisk() throws {
      let folder = try TemporaryFolder()
      try FileManager.default.createSymbolicLink(
        atPath: folder("file.part"), withDestinationPath: "/dev/full")
      let server = try LocalServer { [content] _ in LocalServer.response(body: content) }
      let error = dataFailure { () throws(FileError) in
        try Download.fetch(server.address(), to: folder("file"), sha256: checksum)
      }
      #expect(
        error
          == FileError(server.address(), "the download cannot be saved: No space left on device"))
      #expect(try folder.names == [])
    }
  #endif
}
