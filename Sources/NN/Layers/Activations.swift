import Autograd

/// A function without parameters as a layer, the same for every input shape.
///
/// The activations below it differ in this function and its constants only.
public class Activation: Layer, Parameterless {
  /// The constants that distinguish it from others of its kind.
  public let details: String
  private let function: (consuming Tensor) -> Tensor
  /// The function as a part of fused operations; nil if they have none for it.
  let fused: FusedActivation?

  fileprivate init(
    _ details: String = "", fused: FusedActivation? = nil,
    _ function: @escaping (consuming Tensor) -> Tensor
  ) {
    self.details = details
    self.fused = fused
    self.function = function
  }

  /// - Parameter x: Any shape.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { function(x) }
}

// MARK: Smooth

/// 1 / (1 + exp(-x)).
public final class Sigmoid: Activation {
  /// A layer without options.
  public init() { super.init(fused: .sigmoid) { $0.sigmoid() } }
}

/// log(1 / (1 + exp(-x))).
public final class LogSigmoid: Activation {
  /// A layer without options.
  public init() { super.init { $0.logSigmoid() } }
}

/// The hyperbolic tangent.
public final class Tanh: Activation {
  /// A layer without options.
  public init() { super.init(fused: .tanh) { $0.tanh() } }
}

/// x / (1 + |x|).
public final class Softsign: Activation {
  /// A layer without options.
  public init() { super.init { $0.softsign() } }
}

/// log(1 + exp(beta x)) / beta, a smooth ReLU.
public final class Softplus: Activation {
  /// A layer that returns x itself where beta x is above the threshold.
  public init(beta: Double = 1, threshold: Double = 20) {
    require(
      beta != 0 && beta.isFinite && !threshold.isNaN,
      "Softplus: beta must be finite and not 0, the threshold a number, got \(beta) and \(threshold)"
    )
    super.init("beta \(beta), threshold \(threshold)") {
      $0.softplus(beta: beta, threshold: threshold)
    }
  }
}

/// x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016).
public final class GELU: Activation {
  /// A layer that computes Φ by the error function, or approximately.
  public init(approximate: GeluApproximation = .none) {
    let isExact = approximate == .none
    super.init(isExact ? "" : "approximate \(approximate)", fused: isExact ? .gelu : nil) {
      $0.gelu(approximate: approximate)
    }
  }
}

/// x sigmoid(x), also called swish.
public final class SiLU: Activation {
  /// A layer without options.
  public init() { super.init(fused: .silu) { $0.silu() } }
}

/// x tanh(log(1 + exp(x))) (Misra 2019).
public final class Mish: Activation {
  /// A layer without options.
  public init() { super.init { $0.mish() } }
}

// MARK: In pieces

/// max(x, 0).
public final class ReLU: Activation {
  /// A layer without options.
  public init() { super.init(fused: .relu) { $0.relu() } }
}

/// min(max(x, 0), 6).
public final class ReLU6: Activation {
  /// A layer without options.
  public init() { super.init { $0.relu6() } }
}

/// x where it is positive, else a small multiple of it.
public final class LeakyReLU: Activation {
  /// A layer with a slope for negative x.
  public init(negativeSlope: Double = 0.01) {
    checkFinite(negativeSlope, "LeakyReLU", "the slope")
    super.init("slope \(negativeSlope)", fused: .leakyRelu(slope: negativeSlope)) {
      $0.leakyRelu(negativeSlope: negativeSlope)
    }
  }
}

/// x where it is positive, else alpha (exp(x) - 1) (Clevert and others 2015).
public final class ELU: Activation {
  /// A layer that tends to -alpha.
  public init(alpha: Double = 1) {
    checkFinite(alpha, "ELU", "alpha")
    super.init("alpha \(alpha)") { $0.elu(alpha: alpha) }
  }
}

/// max(x, 0) + min(0, alpha (exp(x / alpha) - 1)) (Barron 2017).
public final class CELU: Activation {
  /// A layer that tends to -alpha.
  public init(alpha: Double = 1) {
    require(alpha > 0 && alpha.isFinite, "CELU: alpha must be finite and above 0, got \(alpha)")
    super.init("alpha \(alpha)") { $0.celu(alpha: alpha) }
  }
}

/// ELU with the constants that keep mean 0 and variance 1 (Klambauer and others 2017).
public final class SELU: Activation {
  /// A layer without options.
  public init() { super.init { $0.selu() } }
}

/// x cut off on both sides.
public final class Hardtanh: Activation {
  /// A layer that cuts off below `min` and above `max`.
  public init(min: Double = -1, max: Double = 1) {
    require(min < max, "Hardtanh: min \(min) must be below max \(max)")
    super.init("\(min) to \(max)") { $0.hardtanh(min: min, max: max) }
  }
}

/// min(max(x + 3, 0), 6) / 6.
public final class Hardsigmoid: Activation {
  /// A layer without options.
  public init() { super.init { $0.hardsigmoid() } }
}

/// x min(max(x + 3, 0), 6) / 6 (Howard and others 2019).
public final class Hardswish: Activation {
  /// A layer without options.
  public init() { super.init { $0.hardswish() } }
}

// MARK: Along an axis

/// exp(x) / sum(exp(x)) along an axis.
public final class Softmax: Activation {
  /// A softmax along an axis, the last one unless stated.
  public init(axis: Int = -1) { super.init("axis \(axis)") { $0.softmax(axis: axis) } }
}

/// The logarithm of the softmax along an axis.
public final class LogSoftmax: Activation {
  /// A logarithmic softmax along an axis, the last one unless stated.
  public init(axis: Int = -1) { super.init("axis \(axis)") { $0.logSoftmax(axis: axis) } }
}

// MARK: With a parameter

/// x where it is positive, else a learned multiple of it (He and others 2015).
///
/// Parameter, as in PyTorch: `weight` [count], 0.25 unless initialized otherwise.
public final class PReLU: Layer {
  /// [count].
  public let weight: Parameter
  private let count: Int

  /// A layer with one slope for all, or one for each channel.
  ///
  /// - Parameters:
  ///   - count: 1, or the number of channels: the size of the input's axis 1.
  ///   - initial: The slope at the start.
  public init(_ count: Int = 1, initial: Double = 0.25) {
    require(count >= 1, "PReLU: needs at least 1 slope, got \(count)")
    checkFinite(initial, "PReLU", "the first slope")
    self.count = count
    weight = Parameter(shape: [count], initializer: .constant(initial))
  }

  /// `weight`.
  public var members: [Member] { [Member("weight", weight)] }

  /// The number of slopes.
  public var details: String { "\(count)" }

  /// - Parameter x: Any shape; [batch, count, ...] with more than one slope.
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let x = x
    var slopes = weight.value(shape: [count])
    if count > 1 {
      checkChannels(of: x, count)
      slopes = slopes.reshape([count] + Array(repeating: 1, count: x.rank - 2))
    } else {
      slopes = slopes.reshape([])
    }
    return Tensor.where(x .> 0, x, x * slopes)
  }
}
