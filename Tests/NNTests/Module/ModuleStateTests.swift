import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct ModuleStateTests {
  private static func net() -> Sequential {
    Sequential(LazyLinear(2), BatchNorm1d(2), Dropout(0.5), LazyLinear(1, bias: false))
  }

  private static func trained() -> Sequential {
    let net = net()
    net.initialize(seed: 1)
    _ = net(inputs([4, 3]))
    return net
  }

  @Test func aStateIsACopyUnderPyTorchsNames() throws {
    let net = Self.trained()
    let state = net.state
    #expect(
      state.names == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
        "1.num_batches_tracked", "3.weight",
      ])
    let before = try #require(state["0.weight"]).floats
    SGD(net.parameters).step(net.valueAndGradients { net(inputs([4, 3])).sum() }.gradients)
    #expect(state["0.weight"]?.floats == before && net.state["0.weight"]?.floats != before)
    let other = Self.net()
    #expect(try other.restore(state) == StateMismatch())
    for (name, tensor) in other.state { #expect(tensor.doubles == state[name]?.doubles, "\(name)") }
  }

  @Test func unknownShapesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LazyLinear(2).state
    }
    expect(result, names: "state: weight [2, ?] has no shape yet")
  }

  /// Another head on a trained body, whose names had a prefix: missing and unexpected names are told, not thrown.
  @Test func anotherHeadOnABodyWithAPrefix() throws {
    let old = Self.trained()
    let file = StateDictionary(old.state.map { (name: "model." + $0, tensor: $1) })
    let net = Sequential(LazyLinear(2), BatchNorm1d(2), Dropout(0.5), LazyLinear(5))
    net.initialize(seed: 2)
    net.materialize(for: inputs([4, 3]))
    let head = net[3].values
    let strict = #expect(throws: FileError.self) { try net.restore(file) }
    #expect(strict?.reason.contains("missing: 0.weight") == true)
    #expect(strict?.reason.contains("unexpected: model.0.weight") == true)
    let mismatch = try net.restore(file, strict: false) { name in
      name.hasPrefix("model.3.") ? "old." + name : String(name.dropFirst("model.".count))
    }
    #expect(mismatch.missing == ["3.weight", "3.bias"])
    #expect(mismatch.unexpected == ["model.3.weight"])
    #expect(net[0].values == old[0].values && net[3].values == head)
    // Left out, a tensor is not unexpected; what is missing still is, unless it may be.
    let leftOut = try net.restore(file, strict: false) { name in
      name.hasPrefix("model.3.") ? nil : String(name.dropFirst("model.".count))
    }
    #expect(leftOut == StateMismatch(missing: ["3.weight", "3.bias"], unexpected: []))
  }

  /// A wrong shape is an error in any case, and changes nothing.
  @Test func aWrongShapeIsNeverTolerated() throws {
    let net = Self.trained()
    let before = net.values
    let error = #expect(throws: FileError.self) {
      try net.restore(["0.bias": Tensor([1, 2]), "3.weight": Tensor([1])], strict: false)
    }
    #expect(
      error?.reason
        == "does not fit Sequential: misshapen: 3.weight (float32 [1], expected [1, 2])")
    #expect(net.values == before)
  }

  @Test func twoNamesForOnePathAreRefused() {
    let error = #expect(throws: FileError.self) {
      try Self.trained().restore(["a": Tensor([1, 2]), "b": Tensor([3, 4])], strict: false) { _ in
        "0.bias"
      }
    }
    #expect(error?.reason == "a and b are both renamed to 0.bias")
  }

  // MARK: Files

  /// float8 weights beside what the model needs, as quantized models have them.
  @Test func typesThatAreNotOursMayStandBeside() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"scale":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"#
      + #""weight":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]}}"#
    let bytes =
      withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
    try folder.write(bytes + [1, 2, 0, 0, 0x80, 0x3f], to: "f")
    let layer = LazyLinear(1, bias: false)
    let error = #expect(throws: FileError.self) { try layer.load(from: folder("f")) }
    #expect(error?.reason == "does not fit Linear: unexpected: scale")
    #expect(
      try layer.load(from: folder("f"), strict: false) == StateMismatch(unexpected: ["scale"]))
    #expect(layer.weight.value.floats == [1])
    try layer.load(from: folder("f")) { $0 == "scale" ? nil : $0 }
    let wanted = #expect(throws: FileError.self) {
      try layer.load(from: folder("f"), strict: false) { $0 == "scale" ? "weight" : nil }
    }
    #expect(wanted?.reason == "does not fit Linear: misshapen: scale (F8_E4M3, expected [1, 1])")
    for end in ["9223372036854775807", "-9223372036854775808", "1", "7"] {
      let other = header.replacing("[0,2]", with: "[0,\(end)]")
      let length = withUnsafeBytes(of: UInt64(other.utf8.count).littleEndian, Array.init)
      try folder.write(length + Array(other.utf8) + [1, 2, 0, 0, 0x80, 0x3f], to: "g")
      #expect(throws: FileError.self) { try layer.load(from: folder("g"), strict: false) }
    }
    // Its size must still be one that the file has.
    try folder.write(bytes + [1], to: "f")
    #expect(throws: FileError.self) { try layer.load(from: folder("f"), strict: false) }
  }

  @Test func metadataIsWrittenAndRead() throws {
    let folder = try TemporaryFolder()
    let net = Self.trained()
    try net.save(to: folder("w"))
    #expect(try Safetensors.metadata(of: folder("w")) == ["format": "pt"])
    let texts = ["epoch": "3", "nöte": "a \"quote\"\n"]
    try Safetensors.write(["x": Tensor([1])], metadata: texts, to: folder("w"))
    #expect(try Safetensors.metadata(of: folder("w")) == texts)
    #expect(try Safetensors.read(folder("w")).names == ["x"])
  }

  @Test func aModelInSeveralFilesIsReadByItsIndex() throws {
    let folder = try TemporaryFolder()
    let net = Self.trained()
    let isFirst = { (name: String) in name.hasPrefix("0.") }
    try Safetensors.write(net.state.renamed { isFirst($0) ? $0 : nil }, to: folder("1.safetensors"))
    try Safetensors.write(net.state.renamed { isFirst($0) ? nil : $0 }, to: folder("2.safetensors"))
    func index(_ change: (inout [String: String]) -> Void = { _ in }) throws -> String {
      var files = Dictionary(
        uniqueKeysWithValues: net.state.names.map {
          ($0, isFirst($0) ? "1.safetensors" : "2.safetensors")
        })
      change(&files)
      let map = files.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
      try folder.write(
        Array("{\"metadata\":{\"total_size\":1},\"weight_map\":{\(map)}}".utf8),
        to: "model.safetensors.index.json")
      return folder("model.safetensors.index.json")
    }
    let other = Self.net()
    try other.load(from: index())
    #expect(other.values == net.values)
    func reason(_ change: (inout [String: String]) -> Void) -> String {
      (#expect(throws: FileError.self) { try other.load(from: index(change)) })?.description ?? ""
    }
    #expect(reason { $0["0.bias"] = "2.safetensors" }.contains("2.safetensors: has no 0.bias"))
    #expect(reason { $0["0.bias"] = nil }.contains("1.safetensors: has 0.bias, which"))
    #expect(reason { $0["0.bias"] = "3.safetensors" }.contains("3.safetensors: cannot be opened"))
    #expect(
      reason { $0["0.bias"] = "../1.safetensors" }.contains("0.bias must be in a file beside"))
    try folder.write(Array("{\"weight_map\":[]}".utf8), to: "model.safetensors.index.json")
    #expect(throws: FileError.self) { try other.load(from: folder("model.safetensors.index.json")) }
    #expect(other.values == net.values)
  }

  // MARK: Random streams

  @Test func dropoutGoesOnWhereItStopped() throws {
    let (net, other) = (Self.trained(), Self.net())
    let x = inputs([64, 3])
    for _ in 1...3 { _ = net(x) }
    let (state, streams) = (net.state, net.randomStreams)
    #expect(streams.names == ["2"] && streams[0].tensor.dtype == .int64)
    let expected = (1...3).map { _ in net(x).floats }
    try other.restore(state)
    let file = try TemporaryFolder()
    try Safetensors.write(streams, to: file("streams"))
    try other.restore(randomStreams: Safetensors.read(file("streams")))
    #expect((1...3).map { _ in other(x).floats } == expected)
    #expect(Set(expected).count == 3)
  }

  @Test(
    arguments: [
      (StateDictionary(), "2 is missing"),
      (["2": Tensor([1, 2, 3])], "2 is float32 [3], expected the int64 [3] of a random stream"),
      (["2": Tensor(scalars: [1, 2, -1])], "2 is int64 [3], expected the int64 [3] of a random"),
      (["2": Tensor(scalars: [1, 2, 3]), "4": Tensor(scalars: [1, 2, 3])], "unexpected: 4"),
    ] as [(StateDictionary, String)])
  func streamsThatDoNotFit(_ streams: StateDictionary, _ reason: String) {
    let net = Self.trained()
    let before = net.randomStreams[0].tensor.doubles
    let error = #expect(throws: FileError.self) { try net.restore(randomStreams: streams) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    #expect(net.randomStreams[0].tensor.doubles == before)
  }

  @Test func aStreamGoesOnAtAPosition() {
    var random = RandomStream(seed: .max, stream: 7)
    _ = (random.next(), random.normal([3]))
    var other = RandomStream(seed: random.seed, stream: random.stream, position: random.position)
    #expect(random.position == 6)
    #expect(
      random.next() == other.next() && random.uniform([5]).floats == other.uniform([5]).floats)
    #expect(random.position == other.position)
  }

  // MARK: State dictionaries

  @Test func aDictionaryKeepsItsOrder() {
    var state: StateDictionary = ["b": Tensor(1), "a": Tensor(2)]
    #expect(state.names == ["b", "a"] && state["a"]?.item() == 2 && state["c"] == nil)
    state["c"] = Tensor(3)
    state["b"] = Tensor(4)
    #expect(state.names == ["b", "a", "c"] && state[0].tensor.item() == 4)
    state["b"] = nil
    state["d"] = nil
    #expect(state.names == ["a", "c"] && state["a"]?.item() == 2 && state["c"]?.item() == 3)
    #expect(
      StateDictionary(["y": Tensor(1), "x": Tensor(2)] as [String: Tensor]).names == ["x", "y"])
    #expect((state + ["e": Tensor(1)]).names == ["a", "c", "e"])
  }
}
