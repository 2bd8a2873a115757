import Autograd

/// What a recurrent network does at one step: the part in which RNN, LSTM and GRU differ.
public protocol RecurrentStep: Sendable {
  /// What is handed from step to step: a tensor, or several of the same shape.
  associatedtype State: Sendable

  /// The name of the network, as in `LSTM`.
  static var name: String { get }

  /// How many vectors of the hidden size the weights compute for each step.
  static var gateCount: Int { get }

  /// The step with its usual options.
  init()

  /// What distinguishes the step from others of its kind; may be empty.
  var details: String { get }

  /// The state's tensors, the hidden one first: it is the output of the step.
  static func tensors(of state: State) -> [Tensor]

  /// The state that consists of tensors, in the same order.
  static func state(of tensors: [Tensor]) -> State

  /// The state after a step.
  ///
  /// - Parameters:
  ///   - inputs: W_ih x + b_ih, [batch, gateCount * hidden].
  ///   - products: W_hh h + b_hh with the hidden state h, in the same shape.
  ///   - state: The state before, each tensor [batch, hidden].
  func next(_ inputs: Tensor, _ products: Tensor, _ state: State) -> State
}

extension RecurrentStep {
  /// Nothing.
  public var details: String { "" }
}

extension RecurrentStep where State == Tensor {
  /// The state itself.
  public static func tensors(of state: Tensor) -> [Tensor] { [state] }

  /// The only tensor.
  public static func state(of tensors: [Tensor]) -> Tensor { tensors[0] }
}

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it (Elman 1990).
public struct ElmanStep: RecurrentStep {
  /// The functions that the sum may pass through.
  public enum Nonlinearity: Sendable {
    /// The hyperbolic tangent.
    case tanh
    /// max(x, 0).
    case relu
  }

  /// `RNN`.
  public static let name = "RNN"
  /// One: the state itself.
  public static let gateCount = 1
  private let nonlinearity: Nonlinearity

  /// A step with tanh.
  public init() { self.init(.tanh) }

  /// A step with a function.
  public init(_ nonlinearity: Nonlinearity) { self.nonlinearity = nonlinearity }

  /// The function, unless it is tanh.
  public var details: String { nonlinearity == .tanh ? "" : "relu" }

  /// The hidden state after the step.
  public func next(_ inputs: Tensor, _ products: Tensor, _ state: Tensor) -> Tensor {
    let sum = inputs + products
    return nonlinearity == .tanh ? sum.tanh() : sum.relu()
  }
}

/// c' = f c + i g and h' = o tanh(c'), with the gates i, f, o through sigmoid and g through tanh, in
/// PyTorch's order i, f, g, o (Hochreiter and Schmidhuber 1997).
public struct LSTMStep: RecurrentStep {
  /// What an LSTM hands on: `hidden` is its output, `cell` its memory.
  public typealias State = (hidden: Tensor, cell: Tensor)

  /// `LSTM`.
  public static let name = "LSTM"
  /// i, f, g, o.
  public static let gateCount = 4

  /// A step without options.
  public init() {}

  /// `hidden` and `cell`.
  public static func tensors(of state: State) -> [Tensor] { [state.hidden, state.cell] }

  /// `hidden` and `cell`.
  public static func state(of tensors: [Tensor]) -> State { (tensors[0], tensors[1]) }

  /// Both states after the step.
  public func next(_ inputs: Tensor, _ products: Tensor, _ state: State) -> State {
    let gates = parts(inputs + products, 4, axis: 1)
    let cell = gates[1].sigmoid() * state.cell + gates[0].sigmoid() * gates[2].tanh()
    return (gates[3].sigmoid() * cell.tanh(), cell)
  }
}

/// h' = (1 - z) n + z h with n = tanh(W_in x + b_in + r (W_hn h + b_hn)) and the gates r, z through
/// sigmoid, in PyTorch's order r, z, n (Cho and others 2014).
public struct GRUStep: RecurrentStep {
  /// `GRU`.
  public static let name = "GRU"
  /// r, z, n.
  public static let gateCount = 3

  /// A step without options.
  public init() {}

  /// The hidden state after the step.
  public func next(_ inputs: Tensor, _ products: Tensor, _ state: Tensor) -> Tensor {
    let (x, h) = (parts(inputs, 3, axis: 1), parts(products, 3, axis: 1))
    let new = (x[2] + (x[0] + h[0]).sigmoid() * h[2]).tanh()
    return new + (x[1] + h[1]).sigmoid() * (state - new)
  }
}

/// A step whose sequences the CPU runs as one operation.
protocol SequenceStep {
  var kind: RecurrentKind { get }
}

extension ElmanStep: SequenceStep {
  var kind: RecurrentKind { nonlinearity == .tanh ? .tanh : .relu }
}

extension LSTMStep: SequenceStep {
  var kind: RecurrentKind { .lstm }
}

extension GRUStep: SequenceStep {
  var kind: RecurrentKind { .gru }
}

/// Equal parts of a tensor along an axis, without copying; their gradients are joined in one pass.
///
/// - Parameter squeezing: Whether the axis is dropped, for parts of size 1.
func parts(_ x: Tensor, _ count: Int, axis: Int, squeezing: Bool = false) -> [Tensor] {
  let size = x.size(axis) / count
  return differentiable([x]) { inputs in
    (0..<count).map { gate in
      let part = inputs[0].slice(axis: axis, from: gate * size, to: (gate + 1) * size)
      return squeezing ? part.squeeze(axis) : part
    }
  } pullbacks: { _, results in
    let (shape, dtype, device) = (results[0].shape, results[0].dtype, results[0].device)
    return { cotangents, _ in
      let gradients = cotangents.map { $0 ?? .zeros(shape, dtype: dtype, device: device) }
      return [squeezing ? stack(gradients, axis: axis) : concatenate(gradients, axis: axis)]
    }
  }
}
