import Autograd
import Foundation
import TestSupport
import Testing

@testable import NN

/// A module made like one of PyTorch's in a fixture, and how it is called.
struct LayerCase: Sendable, CustomTestStringConvertible {
  typealias Call = ([Tensor]) -> [Tensor]

  let name: String
  let make: @Sendable () -> (module: any Module, call: Call)

  var testDescription: String { name }

  /// A layer of one input and result.
  init(_ name: String, _ layer: @autoclosure @escaping @Sendable () -> any Layer) {
    self.init(name, layer()) { layer, inputs in [layer(inputs[0])] }
  }

  /// A module with a call of its own.
  init<Kind>(
    _ name: String, _ module: @autoclosure @escaping @Sendable () -> Kind,
    call: @escaping @Sendable (Kind, [Tensor]) -> [Tensor]
  ) {
    self.name = name
    make = {
      let module = module()
      guard let whole = module as? any Module else { fatalError("\(Kind.self) is no module") }
      return (whole, { call(module, $0) })
    }
  }
}

/// What PyTorch made of the layers of one family: `Tests/Reference/layers.py` wrote the file.
struct LayerFixture {
  let tensors: StateDictionary

  init(_ family: String) throws {
    let folder = try #require(Bundle.module.resourcePath)
    tensors = try Safetensors.read("\(folder)/Fixtures/layers-\(family).safetensors")
  }

  /// The names of all cases.
  var names: Set<String> { Set(tensors.names.map { String($0.prefix { $0 != "/" }) }) }

  /// Tensors of a case under a prefix, in order, by the rest of their names.
  private func list(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    tensors.filter { $0.name.hasPrefix(prefix + "/") }.sorted { $0.name < $1.name }
      .map { (String($0.name.dropFirst(prefix.count + 1)), $0.tensor) }
  }

  /// Expects PyTorch's names, shapes, results and gradients.
  func check(_ one: LayerCase, tolerance: Double = 1e-11) throws {
    let (module, call) = one.make()
    let state = list("\(one.name)/state").map { (name: $0.name.dropFirst(3), $0.tensor) }
    #expect(module.namedParameters.map(\.path) == state.map { String($0.name) })
    guard module.parameters.count == state.count else { return }
    for (parameter, (_, value)) in zip(module.parameters, state) {
      #expect(zip(parameter.shape, value.shape).allSatisfy { $0 == $1 || $0 == nil })
      parameter.value = value
    }
    let hasDropout = module.namedModules.contains {
      ($0.module as? Dropout)?.probability ?? 0 > 0
    }
    for isTraining in hasDropout ? [false] : [false, true] {
      if isTraining { module.train() } else { module.evaluate() }
      for (name, error) in try errors(one.name, module, call) {
        #expect(error <= tolerance, "\(name), training: \(isTraining)")
      }
    }
    for parameter in module.parameters { parameter.value *= 1.001 }
    if !state.isEmpty {
      let spoiled = try errors(one.name, module, call).filter { $0.key.hasPrefix("output") }
      #expect(spoiled.values.contains { $0 > 1e-5 }, "a small difference would be seen")
    }
  }

  /// The relative errors of results and gradients, by name.
  private func errors(
    _ name: String, _ module: any Module, _ call: LayerCase.Call
  ) throws -> [String: Double] {
    let inputs = list("\(name)/input").map(\.tensor)
    let variables = inputs.map { $0.dtype.isFloatingPoint ? Parameter($0) : nil }
    let cotangents = list("\(name)/cotangent").map(\.tensor)
    var outputs: [Tensor] = []
    let (_, gradients) = valueAndGradients(
      at: module.parameters + variables.compactMap(\.self)
    ) {
      outputs = call(zip(inputs, variables).map { $1?.value ?? $0 })
      return zip(outputs, cotangents).reduce(Tensor(0, dtype: .float64)) {
        $0 + ($1.0 * $1.1).sum()
      }
    }
    let expected = list("\(name)/output")
    #expect(outputs.count == expected.count && !expected.isEmpty)
    var errors: [String: Double] = [:]
    for (output, (number, tensor)) in zip(outputs, expected) {
      errors["output \(number)"] = error(output.stoppingGradient(), tensor)
    }
    for (path, parameter) in module.namedParameters {
      errors["grad " + path] = error(
        gradients[parameter], tensors["\(name)/grad/state/\(path)"])
    }
    for (number, variable) in variables.enumerated() {
      guard let variable else { continue }
      errors["grad input \(number)"] = error(
        gradients[variable], tensors["\(name)/grad/input/\(number)"])
    }
    return errors
  }

  private func error(_ found: Tensor?, _ expected: Tensor?) -> Double {
    guard let found, let expected else {
      return (found == nil) == (expected == nil) ? 0 : .infinity
    }
    guard found.shape == expected.shape else { return .infinity }
    let size = expected.abs().max().item()
    let difference = (found - expected).abs().max().item()
    return size > 0 ? difference / size : difference
  }
}
