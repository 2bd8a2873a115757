import Autograd

/// A model as it was when `frozen(for:)` was called, for any number of threads at once.
///
/// It runs in evaluation mode with its own copies of the parameters and buffers, so that it does not change while the
/// model is trained further. Results are constants.
public struct FrozenModel: Sendable {
  /// What an input must be.
  fileprivate struct Input: Sendable {
    let shape: [Int]
    let dtype: DType
    let device: Device
    /// What integers must be below, nil if the model does not say.
    let bound: Int?
  }

  private let inputs: [Input]
  private let run: @Sendable ([Tensor]) -> Tensor

  fileprivate init<Model: Module>(
    _ model: Model, _ examples: [Tensor], _ body: @escaping (Model, [Tensor]) -> Tensor
  ) {
    let examples = examples.map { $0.stoppingGradient() }
    let bounds = IndexBounds.find(examples) { examples in
      _ = model.evaluating { body(model, examples) }
    }
    inputs = zip(examples, bounds).map {
      Input(shape: $0.shape, dtype: $0.dtype, device: $0.device, bound: $1)
    }
    var values: [ObjectIdentifier: Tensor] = [:]
    for (_, parameter) in model.namedParameters where parameter.isSized {
      values[ObjectIdentifier(parameter)] = parameter.value.stoppingGradient()
    }
    for (_, buffer) in model.namedBuffers where buffer.isSized {
      values[ObjectIdentifier(buffer)] = buffer.value
    }
    let modules = model.modeDependentModules
    let substitution = Substitution(evaluating: modules, values: values)
    // Unsafe only where the model itself is: its parameters, buffers and modes are substituted, and its structure must
    // not change.
    nonisolated(unsafe) let (model, body) = (model, body)
    nonisolated(unsafe) let shared = modules.filter { !($0 is any HasMode) }
    run = { inputs in
      SharedModes.evaluating(shared) { substitution.run { body(model, inputs) } }
    }
  }

  /// The model's result for inputs like the examples.
  ///
  /// - Parameter inputs: As many as there were examples, each of the example's dtype, device and sizes; only the first
  ///   size (the batch) is free. Integers that the model uses as indices, as they are or all of them in another shape
  ///   or order, must be in range.
  /// - Throws: An `InputError` if an input is anything else. Whatever else stops the model, stops the program.
  public func callAsFunction(_ inputs: Tensor...) throws(InputError) -> Tensor {
    if inputs.count != self.inputs.count {
      throw InputError(description: "expected \(self.inputs.count) inputs, got \(inputs.count)")
    }
    for (index, (expected, input)) in zip(self.inputs, inputs).enumerated() {
      try expected.check(input, inputs.count == 1 ? "the input" : "input \(index)")
    }
    return run(inputs.map { $0.stoppingGradient() })
  }
}

extension FrozenModel.Input {
  /// Throws unless a tensor is of this kind; `name` is what the message calls it.
  fileprivate func check(_ input: Tensor, _ name: String) throws(InputError) {
    guard
      input.dtype == dtype, input.device == device, input.rank == shape.count,
      input.shape.dropFirst() == shape.dropFirst()
    else {
      let sizes = (shape.isEmpty ? [] : ["batch"]) + shape.dropFirst().map(String.init)
      let on = input.device == device ? ("", "") : (" on \(device)", " on \(input.device)")
      throw InputError(
        description: """
          expected \(name) to be \(dtype) [\(sizes.joined(separator: ", "))]\(on.0), got \(input.summary)\(on.1)
          """)
    }
    guard let bound else { return }
    let ids = input.scalars(as: Int.self)
    if let index = ids.firstIndex(where: { $0 < 0 || $0 >= bound }) {
      throw InputError(
        description: """
          expected \(name) to hold integers from 0 to \(bound - 1), got \(ids[index]) at index \(index) of \(input.summary)
          """)
    }
  }
}

/// An input is not what a frozen model was made for.
public struct InputError: Error, CustomStringConvertible, Sendable, Equatable {
  /// What was expected and what came instead, in one line.
  public let description: String
}

extension Layer {
  /// The model as it is now, for any number of threads at once, whatever this one does afterwards.
  ///
  /// Runs the example once in evaluation mode, which gives a lazy model its shapes. The snapshot shares the model's
  /// structure: do not replace layers of the model, or change what it keeps besides parameters, buffers and modes.
  ///
  /// ```swift
  /// let frozen = model.frozen(for: .zeros([1, 1, 28, 28]))
  /// let logits = try frozen(images)   // any batch of images, in any thread
  /// ```
  ///
  /// - Parameter example: An input with the dtype and the sizes that all inputs will have, but for the first one; its
  ///   values do not matter.
  public func frozen(for example: Tensor) -> FrozenModel {
    FrozenModel(self, [example]) { model, inputs in model(inputs[0]) }
  }
}

extension Module {
  /// The model as it is now, as `frozen(for:)` of a layer, for modules that take several inputs or are called in
  /// another way.
  ///
  /// ```swift
  /// let frozen = transformer.frozen(for: [source, target]) { model, inputs in model(inputs[0], inputs[1]) }
  /// ```
  ///
  /// - Parameters:
  ///   - examples: An input of each kind.
  ///   - body: The result for the model and such inputs.
  public func frozen(
    for examples: [Tensor], _ body: @escaping @Sendable (Self, [Tensor]) -> Tensor
  ) -> FrozenModel {
    FrozenModel(self, examples, body)
  }
}
