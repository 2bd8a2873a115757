// Element-wise functions of one tensor.
extension Tensor {
  /// The function of each element, in this tensor's memory if there is no other reference to it.
  consuming func mapped(by operation: UnaryOp, _ name: StaticString = #function) -> Tensor {
    require(dtype.isFloatingPoint, "\(name): needs floating-point elements, got \(summary)")
    return mappedAny(by: operation)
  }

  /// As `mapped` for functions that integers have too.
  consuming func mappedAny(by operation: UnaryOp) -> Tensor {
    require(dtype != .bool, "\(operation): needs numbers, got \(summary)")
    if Tensor.canReuse(&array) {
      Backend.map(operation, array, into: array)
      return Tensor(array)
    }
    let result = array.uninitializedLike(dtype: array.dtype)
    Backend.map(operation, array, into: result)
    return Tensor(result)
  }

  /// -x.
  public static prefix func - (x: consuming Tensor) -> Tensor {
    differentiable(x, { $0.mappedAny(by: .negate) }, pullback: { _ in { dy in -dy } })
  }

  /// e to the power of each element; float32 within 2 ulp.
  public consuming func exp() -> Tensor {
    differentiable(self, { $0.mapped(by: .exp) }, pullback: { y in { dy in dy * y } })
  }

  /// The natural logarithm of each element; float32 within 2 ulp.
  ///
  /// NaN below zero.
  public func log() -> Tensor {
    differentiable(self, { $0.mapped(by: .log) }, pullback: { x, _ in { dy in dy / x } })
  }

  /// The square root of each element, correctly rounded.
  ///
  /// NaN below zero; infinite gradient at zero.
  public consuming func sqrt() -> Tensor {
    differentiable(
      self, { $0.mapped(by: .sqrt) }, pullback: { y in { dy in dy / (y * 2) } })
  }

  /// 1 / sqrt(x) of each element; infinite at zero, NaN below.
  public func rsqrt() -> Tensor {
    differentiable(
      self, { x in x.sqrt().reciprocal() }, pullback: { _, y in { dy in dy * -0.5 * (y * y * y) } })
  }

  /// The sine of each element, in radians; float32 within 2 ulp.
  public func sin() -> Tensor {
    differentiable(self, { $0.mapped(by: .sin) }, pullback: { x, _ in { dy in dy * x.cos() } })
  }

  /// The cosine of each element, in radians; float32 within 2 ulp.
  public func cos() -> Tensor {
    differentiable(self, { $0.mapped(by: .cos) }, pullback: { x, _ in { dy in -(dy * x.sin()) } })
  }

  /// log(1 + x) of each element, exact also near zero; NaN below -1; float32 within 2 ulp.
  public func log1p() -> Tensor {
    differentiable(self, { $0.mapped(by: .log1p) }, pullback: { x, _ in { dy in dy / (x + 1) } })
  }

  /// exp(x) - 1 of each element, exact also near zero; float32 within 2 ulp.
  public consuming func expm1() -> Tensor {
    differentiable(self, { $0.mapped(by: .expm1) }, pullback: { y in { dy in dy * (y + 1) } })
  }

  /// The error function of each element; float32 within 2 ulp.
  public func erf() -> Tensor {
    differentiable(self) {
      $0.mapped(by: .erf)
    } pullback: { x, _ in
      { dy in dy * (-x.square()).exp() * 1.128379167095512573896 }  // 2 / sqrt(pi)
    }
  }

  /// The absolute value of each element; the gradient at 0 is 0.
  public func abs() -> Tensor {
    differentiable(
      self, { $0.mappedAny(by: .abs) },
      pullback: { x, _ in { dy in dy * x.sign() } })
  }

  /// -1, 0 or 1 by the sign of each element; its gradient is 0.
  public func sign() -> Tensor {
    dtype.isHalf ? asType(.float32).sign().asType(dtype) : Tensor(array).mappedAny(by: .sign)
  }

  /// The square of each element.
  public func square() -> Tensor {
    differentiable(
      self, { $0.mappedAny(by: .square) }, pullback: { x, _ in { dy in dy * (x * 2) } })
  }

  /// 1 / x of each element.
  public consuming func reciprocal() -> Tensor {
    differentiable(
      self, { $0.mapped(by: .reciprocal) }, pullback: { y in { dy in -(dy * (y * y)) } })
  }

  /// Each element brought into the range from `low` to `high`; nil leaves an end open.
  ///
  /// The gradient is 1 inside the range, ends included, and 0 outside. Where `low` is above `high`,
  /// every element becomes `high`.
  public func clamp(min low: Double? = nil, max high: Double? = nil) -> Tensor {
    require(low != nil || high != nil, "clamp: at least one of min and max must be given")
    return differentiable(self) { x in
      var y = x
      if let low { y = (consume y).zipped(by: .maximum, withScalar: low) }
      if let high { y = (consume y).zipped(by: .minimum, withScalar: high) }
      return y
    } pullback: { x, _ in
      { dy in
        var dx = dy
        if let low { dx = Tensor.where(x .>= low, dx, 0) }
        if let high { dx = Tensor.where(x .<= high, dx, 0) }
        return dx
      }
    }
  }

  /// Each element to a constant power; integers are converted to float32.
  ///
  /// The gradient is `exponent * x^(exponent - 1)`, and 0 for exponent 0, also where x is 0.
  public func pow(_ exponent: some Number) -> Tensor {
    let exponent = exponent.doubleValue
    if !dtype.isFloatingPoint { return asType(.float32).pow(exponent) }
    if exponent == 1 { return self }
    if exponent == 2 { return square() }
    return differentiable(self) { x in
      x.zipped(by: .power, withScalar: exponent)
    } pullback: { x, _ in
      { dy in exponent == 0 ? dy * 0 : dy * (x.pow(exponent - 1) * exponent) }
    }
  }
}
