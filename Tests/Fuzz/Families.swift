import Autograd
import Datasets
import NN

/// A kind of input, with what reads it.
struct Family: Sendable {
  let name: String
  /// Whether a file is a length, a header of that length, and data.
  var isFramed = false
  /// Reads an input of the file `name`; what is wrong with the result stops the program, what is wrong
  /// with the input is a reason to refuse it, and returned.
  let read: @Sendable (_ bytes: [UInt8], _ name: String) -> String?

  static let all = [
    Family(name: "json", read: readJSON),
    Family(name: "safetensors", isFramed: true, read: readSafetensors),
    Family(name: "model", isFramed: true, read: readModel),
    Family(name: "state", isFramed: true, read: readState),
    Family(name: "idx", read: readIDX),
    Family(name: "gzip", read: readGzip),
    Family(name: "contentRange", read: readContentRange),
  ]
}

/// The reason for which a closure threw.
private func refusal(_ body: () throws(FileError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    require(
      error.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f },
      "a message with control characters")
    return error.reason
  }
}

@Sendable private func readJSON(_ bytes: [UInt8], _: String) -> String? {
  do {
    let text = written(try JSON(parsing: bytes))
    let again = try written(JSON(parsing: Array(text.utf8)))
    require(again == text, "JSON reads \(text) as \(again)")
    return nil
  } catch { return "\(error)" }
}

private func written(_ json: JSON) -> String {
  switch json {
  case .null: "null"
  case .bool(let value): "\(value)"
  case .integer(let value): "\(value)"
  case .number(let value): "\(value)"
  case .string(let text): JSON.quoted(text)
  case .array(let list): "[" + list.map(written).joined(separator: ",") + "]"
  case .object(let members):
    "{" + members.map { JSON.quoted($0.name) + ":" + written($0.value) }.joined(separator: ",")
      + "}"
  }
}

@Sendable private func readSafetensors(_ bytes: [UInt8], _: String) -> String? {
  refusal { () throws(FileError) in
    let tensors = try Safetensors.tensors(in: bytes, from: "f")
    let size = tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
    require(
      size <= bytes.count && Set(tensors.map { Array($0.name.utf8) }).count == tensors.count,
      "safetensors: \(size) bytes of \(bytes.count), or equal names")
    _ = tensors.map { ($0.tensor.description, $0.tensor.scalars(as: Int.self)) }
  }
}

/// A model with buffers, and a step with what was loaded.
@Sendable private func readModel(_ bytes: [UInt8], _: String) -> String? {
  let model = Sequential(Linear(3, 2), BatchNorm1d(2, momentum: nil), LazyLinear(1))
  model.initialize(seed: 1)
  return refusal { () throws(FileError) in
    try model.restore(Safetensors.tensors(in: bytes, from: "f"), from: "f")
    _ = model.valueAndGradients { model(Tensor.ones([4, 3])).sum() }
  }
}

@Sendable private func readIDX(_ bytes: [UInt8], _: String) -> String? {
  let labels = refusal { () throws(FileError) in
    let labels = try IDX.labels(bytes, name: "f", classCount: 10)
    require(labels.allSatisfy { $0 < 10 }, "IDX: a label above 9")
  }
  if labels == nil { return nil }
  return refusal { () throws(FileError) in
    let images = try IDX.images(bytes, name: "f")
    require(
      images.pixels.count == images.count * images.height * images.width, "IDX: another size")
  }
}

@Sendable private func readGzip(_ bytes: [UInt8], _: String) -> String? {
  refusal { () throws(FileError) in
    let count = try Gzip.inflate(bytes, name: "f", maximum: 10_000).count
    require(count <= 10_000, "gzip: more than allowed")
  }
}

@Sendable private func readContentRange(_ bytes: [UInt8], _: String) -> String? {
  ContentRange(String(decoding: bytes, as: UTF8.self)) == nil ? "no range" : nil
}
