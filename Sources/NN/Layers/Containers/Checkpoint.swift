import Autograd

/// The result of a layer that keeps none of its intermediate values for the backward pass and computes
/// them again there: less memory for one more forward pass (Chen and others 2016).
///
/// Gradients are the same bit for bit, also with random layers inside, which draw the same numbers
/// again, and buffers, which come out as after the first pass: running statistics move once. The layer must give
/// the same result twice, so a module that counts its calls in a property of its own counts two.
///
/// - Parameters:
///   - layer: The layer.
///   - x: Its input.
public func checkpoint(_ layer: some Layer, _ x: Tensor) -> Tensor {
  let parameters = layer.parameters
  if !parameters.allSatisfy(\.isReady) { layer.materialize(for: x) }
  let used = parameters.filter(\.isReady)
  let inputs = [x] + used.map(\.value)
  // Nothing is recorded, so nothing is kept; and several threads may do this at once.
  guard inputs.contains(where: \.isTraced) else { return layer(x) }
  let again = Recomputation(layer, used, types: inputs.map(\.dtype))
  return differentiable(inputs) { inputs in
    [again.first(inputs)]
  } pullbacks: { inputs, _ in
    { cotangents, wanted in
      guard let dy = cotangents[0] else { return wanted.map { _ in nil } }
      let tape = Tape()
      let watched = zip(inputs, wanted).map { input, isWanted in
        isWanted ? tape.watch(input) : input
      }
      let y = again.again(watched)
      let variables = zip(watched, wanted).filter(\.1).map(\.0)
      var gradients = tape.gradientsIfAny(of: [(y, dy)], at: variables)[...]
      return wanted.map { $0 ? gradients.removeFirst() : nil }
    }
  }[0]
}

/// A layer around another one that runs it by `checkpoint`.
public final class Checkpoint: Layer {
  /// The layer that is computed twice.
  public let layer: any Layer

  /// A layer that keeps its input only.
  public init(_ layer: any Layer) { self.layer = layer }

  /// The layer, as `layer`.
  public var members: [Member] { [Member("layer", layer)] }

  /// - Parameter x: The layer's input.
  /// - Returns: The layer's result.
  public func forward(_ x: consuming Tensor) -> Tensor { checkpoint(layer, x) }
}

/// A layer's forward pass that can be run again as it was.
///
/// Unchecked because modules are not Sendable, while pullbacks are: a tape that is replayed by another
/// thread than the one that trains must not run beside it.
private final class Recomputation: @unchecked Sendable {
  private let layer: any Layer
  private let parameters: [Parameter]
  /// Those of the input and the parameters: halves arrive widened, and the layer is to round as it does
  /// by itself.
  private let types: [DType]
  /// Those of users' modules; the library's are substituted.
  private let modes: [(module: any ModeDependent, isTraining: Bool)]
  private let substitution: Substitution
  private let streams: [(module: any Randomized, random: RandomStream)]
  private let buffers: [(buffer: Buffer, stored: Tensor?)]

  init(_ layer: any Layer, _ parameters: [Parameter], types: [DType]) {
    self.layer = layer
    self.parameters = parameters
    self.types = types
    let modules = layer.namedModules.map(\.module)
    let modes = modules.compactMap { $0 as? any ModeDependent }.map { ($0, $0.isTraining) }
    self.modes = modes.filter { !($0.0 is any HasMode) }
    substitution = Substitution(
      modes: Dictionary(uniqueKeysWithValues: modes.map { (ObjectIdentifier($0), $1) }))
    streams = modules.compactMap { $0 as? any Randomized }.map { ($0, $0.random) }
    buffers = layer.namedBuffers.map { ($0.buffer, $0.buffer.storedValue) }
  }

  /// The result for an input and the parameters' values.
  func first(_ inputs: [Tensor]) -> Tensor {
    let inputs = zip(inputs, types).map { $0.asType($1) }
    for (parameter, value) in zip(parameters, inputs.dropFirst()) { parameter.beginUsing(value) }
    defer { for parameter in parameters { parameter.endWatching() } }
    return layer(inputs[0])
  }

  /// Recomputes with the saved modes, random streams and buffers, then restores the current ones.
  func again(_ inputs: [Tensor]) -> Tensor {
    let modesNow = modes.map(\.module.isTraining)
    let streamsNow = streams.map(\.module.random)
    let storedNow = buffers.map(\.buffer.storedValue)
    for (module, isTraining) in modes { module.isTraining = isTraining }
    for (module, random) in streams { module.random = random }
    for (buffer, stored) in buffers { buffer.storedValue = stored }
    defer {
      for ((module, _), isTraining) in zip(modes, modesNow) { module.isTraining = isTraining }
      for ((module, _), random) in zip(streams, streamsNow) { module.random = random }
      for ((buffer, _), stored) in zip(buffers, storedNow) { buffer.storedValue = stored }
    }
    return substitution.run { first(inputs) }
  }
}
