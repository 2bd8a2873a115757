import Autograd
import NN

/// Why a case does not pass.
package struct ReferenceFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// One operation with its arguments and PyTorch's result and gradients.
package struct ReferenceCase {
  package let name: String
  let op: String
  let dtype: DType
  /// The differentiable arguments, in PyTorch's order.
  let inputs: [(name: String, tensor: Tensor)]
  let integers: [(name: String, tensor: Tensor)]
  let attributes: [JSON.Member]
  /// What PyTorch makes of it; nil where it refuses the arguments.
  let output: Tensor?
  let cotangent: Tensor?
  let gradients: [(name: String, tensor: Tensor)]
  let rtol: Double
  let atol: Double
  /// Whether NaN passes where NaN is expected.
  let acceptsNaN: Bool

  package init(_ json: JSON, _ tensors: StateDictionary) throws {
    func text(_ key: String) throws -> String {
      guard let text = json[key]?.string else { throw ReferenceFailure("the case has no \(key)") }
      return text
    }
    func tensor(_ name: String) throws -> Tensor {
      guard let tensor = tensors[name] else { throw ReferenceFailure("no tensor \(name)") }
      return tensor
    }
    func named(_ key: String) throws -> [(name: String, tensor: Tensor)] {
      try (json[key]?.members ?? []).map { member in
        guard let name = member.value.string else {
          throw ReferenceFailure("\(key).\(member.name) is not the name of a tensor")
        }
        return (member.name, try tensor(name))
      }
    }
    name = try text("name")
    op = try text("op")
    switch try text("dtype") {
    case "float32": dtype = .float32
    case "float64": dtype = .float64
    default: throw ReferenceFailure("the dtype \(try text("dtype")) is not known")
    }
    inputs = try named("inputs")
    integers = try named("integers")
    gradients = try named("gradients")
    attributes = json["attributes"]?.members ?? []
    if case .bool(true)? = json["equal_nan"] { acceptsNaN = true } else { acceptsNaN = false }
    if json["error"] != nil {
      (output, cotangent, rtol, atol) = (nil, nil, 0, 0)
      return
    }
    output = try tensor(try text("output"))
    cotangent = try json["cotangent"]?.string.map(tensor)
    guard let rtol = json["rtol"]?.number, let atol = json["atol"]?.number else {
      throw ReferenceFailure("the case has no tolerances")
    }
    (self.rtol, self.atol) = (rtol, atol)
  }
}

/// A directory of cases, see `Tests/Reference/README.md`.
package struct ReferenceDirectory {
  /// What the file says about each case; reading one may fail without harm to the others.
  package let cases: [JSON]
  package let tensors: StateDictionary

  package init(_ path: String) throws {
    let bytes = try OpenFile.contents(of: "\(path)/cases.json", maximum: .max)
    let json = try JSON(parsing: bytes)
    guard json["format"]?.number == 1, case .array(let cases)? = json["cases"] else {
      throw ReferenceFailure("\(path)/cases.json is not of format 1")
    }
    self.cases = cases
    tensors = try Safetensors.read("\(path)/tensors.safetensors")
  }

  /// Runs the cases from one on, and writes each one's name before it begins and its outcome after it.
  ///
  /// - Parameters:
  ///   - start: The index of the first case.
  ///   - body: Runs a case; throws why it fails.
  ///   - write: Gets "name", a tabulator, then "passed" or the reason, and a line feed.
  package func run(
    from start: Int, write: (String) throws -> Void, _ body: (ReferenceCase) throws -> Void
  ) rethrows {
    for json in cases.dropFirst(start) {
      try write("\(json["name"]?.string ?? "a case without name")\t")
      var outcome = "passed"
      do {
        try body(ReferenceCase(json, tensors))
      } catch {
        outcome = "\(error)".split(separator: "\n").joined(separator: " ")
      }
      try write("\(outcome)\n")
    }
  }
}
