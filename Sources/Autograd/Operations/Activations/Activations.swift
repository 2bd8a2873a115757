/// How `gelu` computes the normal distribution.
public enum GeluApproximation: Sendable {
  /// By the error function.
  case none
  /// By 0.5 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), as the first transformers did.
  case tanh
}

// Activation functions; see also Softmax.swift. The rules are written so that no branch that is not taken can bring an
// infinity or NaN into a gradient.
extension Tensor {
  /// The hyperbolic tangent of each element; float32 within 2 ulp.
  public consuming func tanh() -> Tensor {
    differentiable(
      self, { $0.mapped(by: .tanh) },
      pullback: { y in { dy in slope(dy, y, .tanhGradient) { $0 * -2 } } })
  }

  /// 1 / (1 + exp(-x)) of each element; float32 within 2 ulp.
  public consuming func sigmoid() -> Tensor {
    differentiable(
      self, { $0.mapped(by: .sigmoid) },
      pullback: { y in { dy in slope(dy, y, .sigmoidGradient) { 1 - $0 * 2 } } })
  }

  /// max(x, 0) of each element; the gradient at 0 is 0, as in PyTorch.
  public consuming func relu() -> Tensor {
    differentiable(
      self, { $0.mappedAny(by: .relu) },
      pullback: { y in { dy in slope(dy, y, .reluGradient, second: nil) } })
  }

  /// log(1 + exp(beta x)) / beta of each element, a smooth relu; x itself where beta x is above the
  /// threshold.
  public func softplus(beta: Double = 1, threshold: Double = 20) -> Tensor {
    require(beta != 0, "softplus: beta must not be 0")
    return differentiable(self) { x in
      let z = x * beta
      let smooth = (maximum(z, 0) + (-z.abs()).exp().log1p()) / beta
      return Tensor.where(z .> threshold, x, smooth)
    } pullback: { x, _ in
      { dy in
        let z = x * beta
        return dy * Tensor.where(z .> threshold, 1, z.sigmoid())
      }
    }
  }

  /// x * sigmoid(x) of each element, also called swish.
  public func silu() -> Tensor {
    differentiable(self) { x in
      x.mapped(by: .silu)
    } pullback: { x, _ in
      { dy in
        slope(dy, x, .siluGradient) { x in
          let s = x.sigmoid()
          return s * (1 - s) * (x * (1 - s * 2) + 2)
        }
      }
    }
  }

  /// x * tanh(softplus(x)) of each element.
  public func mish() -> Tensor {
    differentiable(self) { x in
      x * x.softplus().tanh()
    } pullback: { x, _ in
      { dy in
        let t = x.softplus().tanh()
        return dy * (t + x * (1 - t.square()) * x.sigmoid())
      }
    }
  }

  /// x times the probability that a standard normal variable is below x.
  ///
  /// - Parameter approximate: `.none` for the exact distribution; float32 is then off by at most
  ///   2 ulp of x.
  public func gelu(approximate: GeluApproximation = .none) -> Tensor {
    switch approximate {
    case .none:
      return differentiable(
        self, { $0.mapped(by: .gelu) },
        pullback: { x, _ in
          { dy in
            slope(dy, x, .geluGradient) { x in
              let density = (x.square() * -0.5).exp() * 0.398942280401432677940  // 1 / sqrt(2 pi)
              return density * (2 - x.square())
            }
          }
        })
    case .tanh:
      let x = clamp(min: -16, max: 16)  // the tanh is 1 there, and large cubes would overflow
      let inner = (x + x * x.square() * 0.044715) * 0.797884560802865355880  // sqrt(2 / pi)
      return self * 0.5 * (inner.tanh() + 1)
    }
  }

  /// log(sigmoid(x)) of each element, without overflow.
  public func logSigmoid() -> Tensor {
    differentiable(self) { x in
      minimum(x, 0) - (-x.abs()).exp().log1p()
    } pullback: { x, _ in
      { dy in dy * (-x).sigmoid() }
    }
  }

  /// x * clamp(x + 3, 0, 6) / 6 of each element: `silu` of straight pieces.
  ///
  /// The gradient is 0 at -3 and 1 at 3.
  public func hardswish() -> Tensor {
    differentiable(self) { x in
      x.mapped(by: .hardswish)
    } pullback: { x, _ in
      { dy in
        slope(dy, x, .hardswishGradient) { x in Tensor.where(x.abs() .< 3, x.onesLike() / 3, 0) }
      }
    }
  }

  /// x / (1 + |x|) of each element.
  public func softsign() -> Tensor {
    differentiable(self) { x in
      x / (x.abs() + 1)
    } pullback: { x, _ in
      { dy in dy / (x.abs() + 1).square() }
    }
  }

  /// x where x is positive, else `negativeSlope` * x; the gradient at 0 is `negativeSlope`.
  public func leakyRelu(negativeSlope: Double = 0.01) -> Tensor {
    differentiable(self) { x in
      x.zipped(by: .leakyRelu, withScalar: negativeSlope)
    } pullback: { x, _ in
      { dy in dy * x.stoppingGradient().zipped(by: .leakyReluSlope, withScalar: negativeSlope) }
    }
  }

  /// x where x is positive, else alpha * (exp(x) - 1); the gradient at 0 is alpha.
  public func elu(alpha: Double = 1) -> Tensor {
    differentiable(self) { x in
      Tensor.where(x .> 0, x, x.expm1() * alpha)
    } pullback: { x, _ in
      { dy in
        let isPositive = x .> 0
        return dy * Tensor.where(isPositive, 1, Tensor.where(isPositive, 0, x).exp() * alpha)
      }
    }
  }

  /// Each element cut off below `min` and above `max`.
  ///
  /// The gradient is 1 between them and 0 at the ends and outside; `clamp` differs at the ends.
  public func hardtanh(min low: Double = -1, max high: Double = 1) -> Tensor {
    require(low < high, "hardtanh: min \(low) must be below max \(high)")
    return differentiable(self) { x in
      x.clamp(min: low, max: high)
    } pullback: { x, _ in
      // NaN passes the gradient on, as in PyTorch's code for single elements (its vector code gives 0).
      { dy in Tensor.where(x .<= low, 0, Tensor.where(x .>= high, 0, dy)) }
    }
  }

  /// min(max(x, 0), 6) of each element; the gradient is 0 at 0 and at 6.
  public func relu6() -> Tensor { hardtanh(min: 0, max: 6) }

  /// min(max(x + 3, 0), 6) / 6 of each element: `sigmoid` of straight pieces.
  ///
  /// The gradient is 0 at -3, at 3 and at NaN.
  public func hardsigmoid() -> Tensor {
    differentiable(self) { x in
      (x + 3).clamp(min: 0, max: 6) / 6
    } pullback: { x, _ in
      { dy in Tensor.where((x .> -3) .& (x .< 3), dy / 6, 0) }
    }
  }

  /// `elu`, scaled so that mean 0 and variance 1 reproduce themselves (Klambauer and others 2017).
  public func selu() -> Tensor {
    elu(alpha: 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946
  }

  /// max(x, 0) + min(0, alpha (exp(x / alpha) - 1)) of each element, smooth for every alpha above 0.
  public func celu(alpha: Double = 1) -> Tensor {
    require(alpha > 0, "celu: alpha must be above 0, got \(alpha)")
    return (self / alpha).elu() * alpha
  }
}

/// dy times the derivative of an activation, a function of its operand or its result x, in one pass instead of
/// three; an operation of its own so that second derivatives work.
///
/// - Parameter second: The derivative of that derivative; nil for 0.
func slope(
  _ dy: consuming Tensor, _ x: Tensor, _ operation: BinaryOp,
  second: (@Sendable (Tensor) -> Tensor)?
) -> Tensor {
  if !dy.isTraced && !x.isTraced { return dy.zipped(by: operation, with: x) }
  return differentiable(
    dy, x, { $0.zipped(by: operation, with: $1) },
    first: { _, x, _ in { d in slope(d, x, operation, second: second) } },
    second: { dy, x, _ in { d in second.map { d * dy * $0(x) } ?? d * 0 } })
}
