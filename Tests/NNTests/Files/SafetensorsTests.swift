import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

@Suite struct SafetensorsTests {
  /// A file with a header and data.
  private static func file(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian, Array.init)
      + Array(header.utf8) + data
  }

  private static func read(_ bytes: [UInt8]) throws -> StateDictionary {
    let folder = try TemporaryFolder()
    try folder.write(bytes, to: "f")
    return try Safetensors.read(folder("f"))
  }

  @Test func everyTypeAndShapeComesBack() throws {
    let folder = try TemporaryFolder()
    let matrix = inputs([3, 4])
    let tensors: StateDictionary = [
      "f32": Tensor([1.5, -0.0, .infinity, 1e-45]),
      "f64": Tensor([0.1, -.greatestFiniteMagnitude], dtype: .float64),
      "i32": Tensor(scalars: [Int32.min, 0, .max]),
      "i64": Tensor(scalars: [Int64.min, 0, .max]),
      "f16": Tensor([1.5, -0.0, .infinity, 1e-7], dtype: .float16),
      "bf16": Tensor([[1.5, 3e38], [0.1, -1]], dtype: .bfloat16).transpose(),
      "u8": Tensor(scalars: [UInt8(0), 128, 255]),
      "bool": Tensor(scalars: [true, false, true], shape: [3, 1]),
      "scalar": Tensor(7),
      "empty": Tensor.zeros([2, 0, 3], dtype: .int32),
      "transposed": matrix.transpose(),
      "sliced": matrix.slice(axis: 1, from: 1, step: 2),
      "expanded": Tensor([[1], [2]]).expand([2, 3]),
      "näme \"quoted\"/1": Tensor([1]),
    ]
    try Safetensors.write(tensors, to: folder("f"))
    let found = try Safetensors.read(folder("f"))
    #expect(Set(found.map(\.name)) == Set(tensors.map(\.name)) && found.count == tensors.count)
    for (name, tensor) in tensors {
      let other = try #require(found.first { $0.name == name }).tensor
      #expect(other.shape == tensor.shape && other.dtype == tensor.dtype, "\(name)")
      let bytes = tensor.withBytes { Array($0) }
      #expect(other.withBytes { Array($0) } == bytes, "\(name)")
    }
    func nonEmpty(_ list: StateDictionary) -> [String] {
      list.compactMap { $0.tensor.count > 0 ? $0.name : nil }
    }
    #expect(nonEmpty(found) == nonEmpty(tensors), "in the order in which the data lies")
  }

  /// What torch.save_file writes for [0.1, -2, 65504] and [0.1, -2, 3e38].
  @Test func halvesOfPyTorch() throws {
    let header =
      #"{"h":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"#
      + #""b":{"dtype":"BF16","shape":[3],"data_offsets":[6,12]}}"#
    let data: [UInt8] = [
      0x66, 0x2e, 0x00, 0xc0, 0xff, 0x7b, 0xcd, 0x3d, 0x00, 0xc0, 0x62, 0x7f,
    ]
    let found = try Self.read(Self.file(header, data: data))
    #expect(found.map(\.tensor.dtype) == [.float16, .bfloat16])
    #expect(found[0].tensor.scalars(as: Double.self) == [0.0999755859375, -2, 65504])
    #expect(found[1].tensor.scalars() == [0.10009765625, -2, 3.00405527e38])
  }

  @Test func writtenBytesFollowTheFormat() throws {
    let folder = try TemporaryFolder()
    try Safetensors.write(
      ["b": Tensor([1, -2], shape: [2, 1]), "a": Tensor(scalars: [UInt8(7)], shape: [])],
      metadata: [:], to: folder("f"))
    let header =
      #"{"a":{"data_offsets":[8,9],"dtype":"U8","shape":[]},"#
      + #""b":{"data_offsets":[0,8],"dtype":"F32","shape":[2,1]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(
      try folder.read("f")
        == Self.file(header + padding, data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 7]))
  }

  /// é in one scalar and as e with an accent: equal as Swift strings, two names in the format.
  @Test func canonicallyEquivalentNamesAreTwo() throws {
    let folder = try TemporaryFolder()
    let names = ["e\u{301}", "\u{e9}"]
    try Safetensors.write([names[1]: Tensor([1]), names[0]: Tensor([2])], to: folder("f"))
    let found = try Safetensors.read(folder("f"))
    #expect(found.map { Array($0.name.utf8) } == [names[1], names[0]].map { Array($0.utf8) })
    #expect(found.map(\.tensor.floats) == [[1], [2]])

    let layer = ModuleDict([names[0]: Linear(1, 1, bias: false)])
    try Safetensors.write(
      [names[1] + ".weight": Tensor([[1]]), names[0] + ".weight": Tensor([[2]])],
      to: folder("f"))
    let error = #expect(throws: FileError.self) { try layer.load(from: folder("f")) }
    #expect(error?.reason.hasSuffix("unexpected: \(names[1]).weight") == true)
  }

  @Test func layersOfCanonicallyEquivalentNamesAreTwo() throws {
    let folder = try TemporaryFolder()
    func model() -> Sequential {
      Sequential(["\u{e9}": Linear(1, 1, bias: false), "e\u{301}": Linear(1, 1, bias: false)])
    }
    let (model, other) = (model(), model())
    model.initialize(seed: 3)
    try model.save(to: folder("f"))
    try other.load(from: folder("f"))
    #expect(other.values == model.values && Set(other.values).count == 2)
  }

  #if os(Linux)
    /// In a process that may take half as much memory as the file has bytes.
    @Test func writingNeedsNoSecondCopy() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        let tensor = Tensor.ones([1 << 20])
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
          separator: " ")
        let used = UInt(pages[0]).map { $0 * 4096 } ?? 0
        var limit = rlimit(rlim_cur: used + 32 << 20, rlim_max: used + 32 << 20)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
        try Safetensors.write(
          StateDictionary((0..<16).map { (name: "\($0)", tensor: tensor) }), to: folder("f"))
        #expect(try OpenFile.reading(folder("f")).size() > 16 * tensor.count * 4)
      }
    }
  #endif

  @Test func dataIsAligned() throws {
    let folder = try TemporaryFolder()
    for length in 1...9 {
      try Safetensors.write([String(repeating: "n", count: length): Tensor([1])], to: folder("f"))
      #expect(try folder.read("f")[0] % 8 == 0)
      #expect(try folder.read("f").count == 8 + Int(try folder.read("f")[0]) + 4)
    }
  }

  @Test func emptyFilesAndMetadata() throws {
    #expect(try Self.read(Self.file("{}")).isEmpty)
    let found = try Self.read(
      Self.file(
        #"{"__metadata__":{"format":"pt"},"x":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}  "#,
        data: [1]))
    #expect(found.map(\.name) == ["x"] && found[0].tensor.scalars(as: Bool.self) == [true])
    let folder = try TemporaryFolder()
    try Safetensors.write([:], to: folder("f"))
    #expect(try Safetensors.read(folder("f")).isEmpty)
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let reason: String
    var testDescription: String { reason }

    init(_ bytes: [UInt8], _ reason: String) {
      self.bytes = bytes
      self.reason = reason
    }

    /// A file with entries of the form `[name, dtype, shape, offsets]`, and data.
    init(_ entries: [(String, String, String, String)], data count: Int, _ reason: String) {
      let texts = entries.map {
        #""\#($0.0)":{"dtype":"\#($0.1)","shape":\#($0.2),"data_offsets":\#($0.3)}"#
      }
      self.init(
        SafetensorsTests.file(
          "{" + texts.joined(separator: ",") + "}", data: [UInt8](repeating: 0, count: count)),
        reason)
    }
  }

  private static let noHeader = "its header is not that of a safetensors file"

  static let broken = [
    Broken([], "has 0 bytes; a safetensors file has 8 or more"),
    Broken([1, 2, 3], "has 3 bytes; a safetensors file has 8 or more"),
    Broken(
      file("{}", length: 3),
      "is not a safetensors file, or truncated: its header would have 3 bytes"),
    Broken(file("{}", length: .max), "its header would have 18446744073709551615 bytes"),
    Broken(file("{}", length: 1 << 63), "its header would have 9223372036854775808 bytes"),
    Broken(file("{}", length: 100_000_001), "its header would have 100000001 bytes"),
    Broken(file(""), noHeader),
    Broken(file("{"), noHeader),
    Broken(file("[]"), noHeader + " (it is not a JSON object)"),
    Broken(file("{\"x\" 1}"), noHeader + " (expected a colon at byte 5)"),
    Broken(file("\u{feff}{}"), noHeader + " (unexpected byte-order mark at byte 0)"),
    Broken(file("{\"x\":[],}"), noHeader + " (expected a string at byte 8)"),
    Broken([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0], noHeader + " (expected a string at byte 1)"),
    Broken(
      [("\\u001b[2J\u{7f}", "F8", "[1]", "[0,1]")], data: 1,
      "\\u{1b}[2J\\u{7f} has the type F8; this library"),
    Broken(file("{},"), noHeader + " (unexpected text after the value at byte 2)"),
    Broken(
      [("x", "F32", "[1]", "[0,4]"), ("x", "F32", "[1]", "[4,8]")], data: 8,
      noHeader + " (duplicate name \"x\" at byte 54)"),
    Broken(file("{\"x\":1}"), noHeader),
    Broken(file("{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}"), noHeader),
    Broken(
      [("x", "F32", "[1.5]", "[0,4]")], data: 4,
      noHeader + " (x needs a dtype and integers as shape and data_offsets)"),
    Broken([("x", "F32", "[1e0]", "[0,4]")], data: 4, noHeader),
    Broken([("x", "F32", "[99999999999999999999]", "[0,4]")], data: 4, noHeader),
    Broken(Self.file("\u{FF}{}"), noHeader),
    Broken(
      [("x", "F8_E4M3", "[2]", "[0,2]")], data: 2,
      "x has the type F8_E4M3; this library reads F32, F64, I32, I64, U8, BOOL, F16, BF16"),
    Broken([("x", "F32", "[2]", "[0,8]")], data: 7, "is truncated: x ends at byte"),
    Broken([("x", "F32", "[2]", "[0,8]")], data: 9, "has 1 bytes after the last tensor"),
    Broken(
      [("x", "F32", "[2]", "[0,4]")], data: 4, "the data of x lies at [0, 4]; expected [0, 8]"),
    Broken(
      [("x", "F32", "[1]", "[4,8]")], data: 8, "the data of x lies at [4, 8]; expected [0, 4]"),
    Broken(
      [("x", "F32", "[1]", "[0,4]"), ("y", "F32", "[1]", "[8,12]")], data: 12,
      "the data of y lies at [8, 12]; expected [4, 8]"),
    Broken(
      [("x", "F32", "[1]", "[0,4]"), ("y", "F32", "[1]", "[0,4]")], data: 4,
      "the data of y lies at [0, 4]; expected [4, 8]"),
    Broken(
      [("x", "F32", "[1]", "[0,4]"), ("y", "F32", "[1]", "[4,-9223372036854775808]")], data: 8,
      "the data of y lies at [4, -9223372036854775808]; expected [4, 8]"),
    Broken([("x", "F32", "[1]", "[0]")], data: 4, "x must have two data_offsets"),
    Broken([("x", "F32", "[-1]", "[0,4]")], data: 4, "x has the impossible shape [-1]"),
    Broken([("x", "F32", "[0,-1]", "[0,0]")], data: 0, "x has the impossible shape [0, -1]"),
    Broken(
      [("x", "F32", "[4611686018427387904,4]", "[0,0]")], data: 0, "x has the impossible shape"),
    Broken(
      [("x", "F32", "[0,4611686018427387904,4611686018427387904]", "[0,0]")], data: 0,
      "x has the impossible shape"),
  ]

  @Test(arguments: broken) func brokenFilesAreRefusedWithAReason(_ item: Broken) throws {
    let folder = try TemporaryFolder()
    try folder.write(item.bytes, to: "f")
    let error = #expect(throws: FileError.self) { try Safetensors.read(folder("f")) }
    #expect(error?.path == folder("f"))
    #expect(error?.reason.contains(item.reason) == true, "\(error?.reason ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func aBoolIsZeroOrOne() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"mask":{"dtype":"BOOL","shape":[2,4],"data_offsets":[4,12]},"#
      + #""a.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let data: [UInt8] = [0, 0, 0, 255, 1, 0, 0, 1, 1, 2, 255, 1]
    try folder.write(Self.file(header, data: data), to: "f")
    #expect(
      throws: FileError(folder("f"), "element 5 of mask is the byte 2; a BOOL is 0 or 1")
    ) { try Safetensors.read(folder("f")) }
    let layer = Linear(1, 1)
    let before = layer.values
    #expect(throws: FileError.self) { try layer.load(from: folder("f")) }
    #expect(layer.values == before)
    try folder.write(Self.file(header, data: data.map { min($0, 1) }), to: "f")
    let mask = try Safetensors.read(folder("f"))[1].tensor
    #expect(mask.scalars(as: Bool.self).filter { $0 }.count == 6)
  }

  @Test func filesThatCannotBeReadOrWritten() throws {
    let folder = try TemporaryFolder()
    #expect(
      throws: FileError(folder("f"), "cannot be opened: No such file or directory")
    ) { try Safetensors.read(folder("f")) }
    #expect(throws: FileError(folder.path, "cannot be read: Is a directory")) {
      try Safetensors.read(folder.path)
    }
    #expect(
      throws: FileError(folder("a/b"), "cannot write: No such file or directory")
    ) { try Safetensors.write([:], to: folder("a/b")) }
  }

  @Test func aNameGivenTwiceStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      try Safetensors.write(["x": Tensor(1), "x": Tensor(1)], to: "/nowhere/file")
    }
    expect(result, names: "the name x comes twice")
  }

  @Test func theNameOfTheMetadataStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { try Safetensors.write(["__metadata__": Tensor(1)], to: "/nowhere/file") }
    expect(result, names: "safetensors", "name __metadata__")
  }
}
