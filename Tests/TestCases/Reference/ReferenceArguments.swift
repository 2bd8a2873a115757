import Autograd
import NN

/// The arguments of one call, read by PyTorch's names.
///
/// Attributes that nobody reads make the case fail: they would have changed the result.
final class ReferenceArguments {
  /// The differentiable arguments in PyTorch's order.
  var inputs: [Tensor]
  private let inputNames: [String]
  private let integers: [(name: String, tensor: Tensor)]
  private let attributes: [JSON.Member]
  private var readAttributes: Set<String> = []
  private var readIntegers: Set<String> = []

  /// Attributes that change no result where they are false.
  private static let harmless: Set<String> = [
    "inplace", "sparse", "sparse_grad", "out", "return_indices", "antialias",
    "recompute_scale_factor",
  ]

  init(
    inputs: [(name: String, tensor: Tensor)], integers: [(name: String, tensor: Tensor)] = [],
    attributes: [JSON.Member] = []
  ) {
    self.inputs = inputs.map(\.tensor)
    inputNames = inputs.map(\.name)
    self.integers = integers
    self.attributes = attributes
  }

  /// Fails if an attribute or integer argument was given that the call did not ask for.
  func checkAllRead() throws {
    for attribute in attributes where !readAttributes.contains(attribute.name) {
      switch attribute.value {
      case .null: continue
      case .bool(false) where Self.harmless.contains(attribute.name): continue
      default: throw ReferenceFailure("the attribute \(attribute.name) is not known")
      }
    }
    for integer in integers where !readIntegers.contains(integer.name) {
      throw ReferenceFailure("the integer argument \(integer.name) is not known")
    }
  }

  // MARK: Tensors

  /// The first input.
  func input() throws -> Tensor { try input(0) }

  /// An input by its place.
  func input(_ place: Int) throws -> Tensor {
    guard place < inputs.count else { throw ReferenceFailure("input \(place) is missing") }
    return inputs[place]
  }

  /// An input by its name, nil if it is not given.
  func input(_ name: String) -> Tensor? {
    inputNames.firstIndex(of: name).map { inputs[$0] }
  }

  /// An integer argument by its name; without such a name, the only one.
  func integer(_ name: String) throws -> Tensor {
    guard let tensor = optionalInteger(name) else {
      throw ReferenceFailure("the integer argument \(name) is missing")
    }
    return tensor
  }

  /// An integer argument by its name.
  func integer(named name: String) -> Tensor? {
    integers.contains { $0.name == name } ? optionalInteger(name) : nil
  }

  func optionalInteger(_ name: String) -> Tensor? {
    let found = integers.first { $0.name == name } ?? (integers.count == 1 ? integers[0] : nil)
    if let found { readIntegers.insert(found.name) }
    return found?.tensor
  }

  /// The first input in the type that `dtype` names, if it is there.
  func converted() throws -> Tensor {
    guard let name = try text("dtype") else { return try input() }
    let found = DType.allCases.first { "torch.\($0)" == name || "\($0)" == name }
    guard let dtype = found else {
      throw ReferenceFailure("the dtype \(name) is not known")
    }
    return try input().asType(dtype)
  }

  // MARK: Attributes

  /// The value of an attribute under the first of its names that is there; nil if absent or None.
  func value(_ names: String...) -> JSON? { value(names) }

  private func value(_ names: [String]) -> JSON? {
    for attribute in attributes where names.contains(attribute.name) {
      readAttributes.insert(attribute.name)
      if case .null = attribute.value { continue }
      return attribute.value
    }
    return nil
  }

  func int(_ names: String...) throws -> Int? {
    guard let value = value(names) else { return nil }
    return try Self.int(value, names[0])
  }

  /// One or several integers.
  func ints(_ names: String...) throws -> [Int]? {
    guard let value = value(names) else { return nil }
    if case .array(let values) = value { return try values.map { try Self.int($0, names[0]) } }
    return [try Self.int(value, names[0])]
  }

  func double(_ names: String...) throws -> Double? {
    let value = value(names)
    if let number = value?.number { return number }
    switch value {
    case nil: return nil
    case .string(let text)?:
      if let number = Double(text) { return number }  // "inf" and its like
      throw ReferenceFailure("\(names[0]) must be a number, got \"\(text)\"")
    case let other?: throw ReferenceFailure("\(names[0]) must be a number, got \(other)")
    }
  }

  func bool(_ names: String...) throws -> Bool? {
    switch value(names) {
    case nil: return nil
    case .bool(let bool)?: return bool
    case .integer(0)?: return false
    case .integer(1)?: return true
    case let other?: throw ReferenceFailure("\(names[0]) must be true or false, got \(other)")
    }
  }

  func text(_ names: String...) throws -> String? {
    switch value(names) {
    case nil: return nil
    case .string(let text)?: return text
    case let other?: throw ReferenceFailure("\(names[0]) must be a text, got \(other)")
    }
  }

  /// An attribute that must be there.
  func required<Value>(_ name: String, _ value: Value?) throws -> Value {
    guard let value else { throw ReferenceFailure("the attribute \(name) is missing") }
    return value
  }

  private static func int(_ value: JSON, _ name: String) throws -> Int {
    switch value {
    case .integer(let integer): return integer
    case .number(let number):
      if number >= 0x1p63 { return .max }  // Python's largest index, rounded
      if let int = Int(exactly: number) { return int }
      throw ReferenceFailure("\(name) must be an integer, got \(number)")
    case .bool(let bool): return bool ? 1 : 0
    default: throw ReferenceFailure("\(name) must be an integer, got \(value)")
    }
  }
}
