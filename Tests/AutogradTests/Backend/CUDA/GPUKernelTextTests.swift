import Foundation
import GPUKernels
import Testing

@testable import Autograd

/// The PTX in the repository is that of the kernels' texts.
@Suite struct GPUKernelTextTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../..").standardized

  /// The checksum of `cksum`: CRC-32 of the bytes and then of their number, lowest byte first.
  private static func checksum(_ bytes: Data) -> UInt32 {
    var crc: UInt32 = 0
    func add(_ byte: UInt8) {
      crc ^= UInt32(byte) << 24
      for _ in 0..<8 { crc = crc << 1 ^ (crc >> 31 != 0 ? 0x04C1_1DB7 : 0) }
    }
    bytes.forEach(add)
    var length = bytes.count
    while length > 0 {
      add(UInt8(truncatingIfNeeded: length))
      length >>= 8
    }
    return ~crc
  }

  @Test func checksumIsThatOfTheCommand() {
    #expect(Self.checksum(Data("123456789".utf8)) == 930_766_865)
  }

  @Test func theTextsWereCompiled() throws {
    let sources = Self.root.appending(path: "Sources")
    func files(_ folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: sources.appending(path: folder).path)
        .filter { $0.hasSuffix(".h") }.sorted().map { "\(folder)/\($0)" }
    }
    let templates = ["common.h", "halves.inc.h", "math.inc.h", "types.inc.h"]
    let paths =
      ["CKernels/include/CKOperations.h"] + templates.map { "CKernels/templates/\($0)" }
      + ["GPUKernels/include/GPUKernels.h"] + (try files("GPUKernels/texts/freestanding"))
      + (try files("GPUKernels/texts"))
    let all = try paths.reduce(Data()) { try $0 + Data(contentsOf: sources.appending(path: $1)) }
    let firstLine = String(cString: GPUKernelsPTX()).prefix { $0 != "\n" }
    #expect(
      firstLine == "// checksum \(Self.checksum(all)) of the kernels' texts, see Scripts/make-ptx",
      "run Scripts/make-ptx")
  }

  @Test func everyKernelIsThere() {
    let text = String(cString: GPUKernelsPTX())
    #expect(text.contains(".version 7.0\n.target sm_75\n"))
    for kernel in CUDAKernel.allCases {
      let name = [kernel.name(nil), kernel.name(.float32)].first { text.contains(".entry \($0)(") }
      #expect(name != nil, "\(kernel)")
    }
  }
}
