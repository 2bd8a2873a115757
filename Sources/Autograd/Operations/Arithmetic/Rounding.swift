// Whole numbers near elements, and what divisions leave over. The former are steps: their gradient
// is zero, and they are not recorded.
extension Tensor {
  private func stepped(by operation: UnaryOp, _ name: StaticString = #function) -> Tensor {
    if !dtype.isFloatingPoint { return Tensor(array) }
    if dtype.isHalf { return asType(.float32).stepped(by: operation).asType(dtype) }
    return Tensor(array).mapped(by: operation, name)
  }

  /// The nearest whole number of each element, the even one of two; not recorded.
  public func round() -> Tensor { stoppingGradient().stepped(by: .round) }

  /// The largest whole number not above each element; not recorded.
  public func floor() -> Tensor { stoppingGradient().stepped(by: .floor) }

  /// The smallest whole number not below each element; not recorded.
  public func ceil() -> Tensor { stoppingGradient().stepped(by: .ceil) }

  /// Each element without its fraction; not recorded.
  public func trunc() -> Tensor { stoppingGradient().stepped(by: .trunc) }

  /// What the division rounded down leaves over, with the sign of the divisor, broadcast: Python's
  /// `%`, PyTorch's `remainder`.
  ///
  /// NaN where floating-point divisors are 0. Integers must not be divided by 0; only on the CPU is that checked,
  /// elsewhere the result is 0.
  public func remainder(_ divisor: Tensor) -> Tensor {
    leftOver(.remainder, divisor, "remainder")
  }

  /// What the division by a number rounded down leaves over, with the sign of the number.
  public func remainder(_ divisor: some Number) -> Tensor {
    remainder(.full([], divisor, dtype: dtype))
  }

  /// What the division rounded towards zero leaves over, with the sign of the dividend, broadcast:
  /// C's and PyTorch's `fmod`.
  ///
  /// NaN where floating-point divisors are 0. Integers must not be divided by 0; only on the CPU is that checked,
  /// elsewhere the result is 0.
  public func fmod(_ divisor: Tensor) -> Tensor { leftOver(.fmod, divisor, "fmod") }

  /// What the division by a number rounded towards zero leaves over, with the sign of the dividend.
  public func fmod(_ divisor: some Number) -> Tensor { fmod(.full([], divisor, dtype: dtype)) }

  private func leftOver(_ operation: BinaryOp, _ divisor: Tensor, _ name: StaticString) -> Tensor {
    require(
      dtype.isFloatingPoint || divisor.dtype.isFloatingPoint || divisor.device != .cpu
        || divisor.all().item() == 1,
      "\(name): integers cannot be divided by 0, got \(summary) and \(divisor.summary) with a 0")
    return differentiable(
      self, divisor, { $0.zipped(by: operation, with: $1) },
      first: { _, _, _ in { dy in dy } },
      second: { a, b, y in
        let quotient = ((a.stoppingGradient() - y.stoppingGradient()) / b.stoppingGradient())
          .round()
        return { dy in -(dy * quotient) }
      })
  }

  /// The quotient rounded down, broadcast, as PyTorch's `floor_divide`; not recorded.
  ///
  /// Exact also where the quotient itself would be rounded up to a whole number. Integers give
  /// integers, up to 2^53.
  public func floorDivide(_ divisor: Tensor) -> Tensor {
    quotient(
      divisor,
      rest: stoppingGradient().leftOver(
        .remainder, divisor.stoppingGradient(), "floorDivide"))
  }

  /// The quotient rounded towards zero, broadcast, as PyTorch's `div` with `rounding_mode="trunc"`;
  /// not recorded.
  ///
  /// Unlike `floorDivide`, it rounds the quotient of floating-point numbers twice: 0.25 / 0.001,
  /// which is a little below 250, gives 250.
  public func truncDivide(_ divisor: Tensor) -> Tensor {
    if dtype.isFloatingPoint || divisor.dtype.isFloatingPoint {
      return (stoppingGradient() / divisor.stoppingGradient()).trunc()
    }
    return quotient(
      divisor,
      rest: stoppingGradient().leftOver(
        .fmod, divisor.stoppingGradient(), "truncDivide"))
  }

  private func quotient(_ divisor: Tensor, rest: Tensor) -> Tensor {
    let (a, b) = (stoppingGradient(), divisor.stoppingGradient())
    if rest.dtype.isFloatingPoint {
      // Where the divisor is 0 or infinite, or the dividend is, the plain quotient says it.
      let plain = a / b
      return Tensor.where(plain.isFinite() .& rest.isFinite(), ((a - rest) / b).round(), plain)
    }
    return ((a - rest).asType(.float64) / b.asType(.float64)).round().asType(rest.dtype)
  }
}
