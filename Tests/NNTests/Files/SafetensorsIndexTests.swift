import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct SafetensorsIndexTests {
  private let folder: TemporaryFolder
  private var index: String { folder("model.safetensors.index.json") }
  /// Four bytes an element: 40, 400, 40, 40 and 0 bytes.
  private let state: StateDictionary = [
    "a": inputs([10]), "b": inputs([10, 10]), "c": inputs([10]) + 1, "d": inputs([2, 5]),
    "e": .zeros([0]),
  ]

  init() throws { folder = try TemporaryFolder() }

  private func sameAsState(_ other: StateDictionary) -> Bool {
    other.names == state.names
      && zip(other, state).allSatisfy {
        $0.tensor.shape == $1.tensor.shape && $0.tensor.floats == $1.tensor.floats
      }
  }

  @Test func filesHoldAsMuchAsTheyMay() throws {
    try Safetensors.write(state, toIndex: index, maximumBytes: 100)
    let files = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
    #expect(try Set(folder.names) == Set(files + ["model.safetensors.index.json"]))
    #expect(
      try files.map { try Safetensors.read(folder($0)).names } == [["a"], ["b"], ["c", "d", "e"]])
    #expect(try sameAsState(Safetensors.read(index)))
    let text = String(decoding: try folder.read("model.safetensors.index.json"), as: UTF8.self)
    #expect(text.contains("\"total_size\": 520") && text.contains("\"b\": \"\(files[1])\""))
  }

  @Test func oneFileWillDo() throws {
    try Safetensors.write(state, toIndex: index, maximumBytes: 520)
    #expect(try folder.names.count == 2)
    #expect(try sameAsState(Safetensors.read(index)))
    try Safetensors.write([:], toIndex: index, maximumBytes: 1)
    #expect(try folder.names == ["model.safetensors.index.json"])
    #expect(try Safetensors.read(index).names.isEmpty)
  }

  /// The files of the index before go when the new one is there; others stay.
  @Test func anIndexIsReplaced() throws {
    try folder.write([1], to: "model-notes.txt")
    try Safetensors.write(["x": inputs([10])], to: folder("other.safetensors"))
    for bytes in [1, 100, 1000] {
      try Safetensors.write(state, toIndex: index, maximumBytes: bytes)
    }
    #expect(try folder.names.count == 4 && sameAsState(Safetensors.read(index)))
  }

  /// Parts whose index is gone, and other files that the old index names.
  @Test func filesOfOthersStay() throws {
    let part = "model-00001-of-00003.safetensors"
    try folder.write([1], to: part)
    try Safetensors.write(state, toIndex: index, maximumBytes: 100)
    #expect(try folder.read(part) == [1] && folder.names.count == 5)
    try Safetensors.write(["a": inputs([2])], to: folder("model-mine.safetensors"))
    try folder.write(
      Array("{\"weight_map\":{\"a\":\"model-mine.safetensors\"}}".utf8),
      to: "model.safetensors.index.json")
    try Safetensors.write(state, toIndex: index, maximumBytes: 1000)
    #expect(try folder.names.contains("model-mine.safetensors"))
    #expect(try sameAsState(Safetensors.read(index)))
  }

  /// A folder where the index should be: the files before it are removed again.
  @Test func nothingIsLeftOfAWriterThatFails() throws {
    try makeFolder(index)
    #expect(throws: FileError.self) {
      try Safetensors.write(state, toIndex: index, maximumBytes: 1)
    }
    #expect(try folder.names == ["model.safetensors.index.json"])
  }

  @Test func aModelInSeveralFiles() throws {
    let (net, other) = (
      Sequential(Linear(3, 4), Linear(4, 2)), Sequential(Linear(3, 4), Linear(4, 2))
    )
    try net.save(toIndex: index, maximumBytes: 50)
    try other.load(from: index)
    #expect(other.values == net.values)
    #expect(try folder.names.count > 2)
  }

  @Test func anotherNameStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try Safetensors.write([:], toIndex: "model.json", maximumBytes: 1)
    }
    expect(
      result,
      names: "safetensors: the name of an index ends in .safetensors.index.json, got model.json")
  }
}
