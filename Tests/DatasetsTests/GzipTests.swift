import NN
import Testing

@testable import Datasets

@Suite struct GzipTests {
  let content = DataFixture.noise(1000) + [UInt8](repeating: 7, count: 300_000)

  @Test func inflatesWhatWasPacked() throws {
    #expect(
      try Gzip.inflate(DataFixture.gzip(content), name: "a.gz", maximum: content.count) == content)
    #expect(try Gzip.inflate(DataFixture.gzip([]), name: "a.gz", maximum: 0) == [])
  }

  @Test func joinsMembers() throws {
    let two = DataFixture.gzip(content) + DataFixture.gzip([1, 2, 3])
    #expect(try Gzip.inflate(two, name: "a.gz", maximum: 1 << 20) == content + [1, 2, 3])
  }

  /// Cut everywhere: in the header, in the data, in the CRC, in the length.
  @Test func refusesTruncatedData() {
    let packed = DataFixture.gzip(DataFixture.noise(500))
    for count in 2..<packed.count {
      let error = dataFailure { () throws(FileError) in
        _ = try Gzip.inflate(Array(packed.prefix(count)), name: "a.gz", maximum: 1000)
      }
      #expect(
        error == FileError("a.gz", "is truncated: its gzip data continues after its \(count) bytes")
      )
    }
  }

  @Test func refusesAFlippedByteAnywhere() {
    let content = DataFixture.noise(300)
    let packed = DataFixture.gzip(content)
    // Bytes 4 to 9 are a date and hints, which mean nothing.
    for index in Array(0..<4) + Array(10..<packed.count) {
      var broken = packed
      broken[index] ^= 0x41
      let error = dataFailure { () throws(FileError) in
        _ = try Gzip.inflate(broken, name: "a.gz", maximum: 1000)
      }
      #expect(error.path == "a.gz", "byte \(index)")
    }
  }

  @Test func namesAWrongChecksumAndLength() {
    var packed = DataFixture.gzip(content)
    packed[packed.count - 5] ^= 1
    let crc = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate(packed, name: "a.gz", maximum: 1 << 20)
    }
    #expect(crc.reason.hasPrefix("is corrupt: incorrect data check at byte"))
    packed[packed.count - 5] ^= 1
    packed[packed.count - 1] ^= 1
    let length = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate(packed, name: "a.gz", maximum: 1 << 20)
    }
    #expect(length.reason.hasPrefix("is corrupt: incorrect length check at byte"))
  }

  @Test func refusesABomb() {
    let bomb = DataFixture.gzip([UInt8](repeating: 0, count: 5_000_000))
    let error = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate(bomb, name: "a.gz", maximum: 4_999_999)
    }
    #expect(error.reason == "inflates to more than the 4999999 bytes expected at most")
  }

  @Test func refusesGarbage() {
    let trailing = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate(DataFixture.gzip([1]) + [0, 0, 0], name: "a.gz", maximum: 100)
    }
    #expect(trailing.reason == "has 3 bytes after the end of its gzip data, expected none")
    let page = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate(Array("<html>".utf8), name: "a.gz", maximum: 100)
    }
    #expect(page.description == "a.gz: is not a gzip file: it starts with 3c 68, expected 1f 8b")
    let empty = dataFailure { () throws(FileError) in
      _ = try Gzip.inflate([], name: "a.gz", maximum: 100)
    }
    #expect(empty.reason == "is not a gzip file: it starts with nothing, expected 1f 8b")
  }
}
