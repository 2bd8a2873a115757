import Autograd
internal import Platform

/// x + P with P[t, 2i] = sin(t / base^(2i / size)) and P[t, 2i + 1] = cos of the same (Vaswani and
/// others 2017), then dropout: tells a transformer where in its sequence each element stands.
public final class PositionalEncoding: Layer {
  private let size: Int
  private let maxLength: Int
  private let dropout: Dropout
  /// [maxLength, size] in float64.
  private let table: Tensor

  /// An encoding of sequences.
  ///
  /// - Parameters:
  ///   - size: The size of the input's last axis.
  ///   - dropout: The probability with which elements of the sum are dropped while training.
  ///   - maxLength: The longest sequence.
  ///   - base: The longest wave has this length times 2 pi.
  public init(_ size: Int, dropout: Double = 0, maxLength: Int = 1000, base: Double = 10_000) {
    require(
      size >= 1 && maxLength >= 1 && base > 0 && base.isFinite,
      """
      PositionalEncoding: size \(size) and maxLength \(maxLength) must be at least 1, base \(base) \
      finite and above 0
      """)
    self.size = size
    self.maxLength = maxLength
    self.dropout = Dropout(dropout)
    let angles = angles(positions: 0..<maxLength, rates: (size + 1) / 2, size: size, base: base)
    table = stack([angles.sin(), angles.cos()], axis: -1).flatten(from: 1)
      .slice(axis: 1, to: size).contiguous()
  }

  /// `dropout`, which has no parameters.
  public var members: [Member] { [Member("dropout", dropout)] }

  /// The size and the longest sequence.
  public var details: String { "\(size), up to \(maxLength) steps" }

  /// - Parameter x: [..., steps, size]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let x = x
    require(
      x.rank >= 2 && x.size(-1) == size && x.size(-2) <= maxLength,
      "expected [..., steps, \(size)] with at most \(maxLength) steps, got \(x.shape)")
    return dropout(x + table.slice(axis: 0, to: x.size(-2)).asType(x.dtype))
  }
}

/// Rotary positions (Su and others 2021): pairs of features of a query or key are rotated by an angle
/// that grows with the position, so that their products depend on distances only.
///
/// The pair i at the position t turns by t / base^(2i / size).
public final class RotaryEmbedding: Layer, Parameterless {
  /// Which features form pairs.
  public enum Pairing: Sendable {
    /// Neighbors, 2i and 2i + 1, as in the paper.
    case neighbors
    /// i and i + size / 2, as in GPT-NeoX and Llama.
    case halves
  }

  private let size: Int
  private let base: Double
  private let pairing: Pairing

  /// A rotation of vectors.
  ///
  /// - Parameters:
  ///   - size: The size of the input's last axis, an even number.
  ///   - base: The slowest pair turns once in about this number of positions times 2 pi.
  ///   - pairing: Which features form pairs.
  public init(_ size: Int, base: Double = 10_000, pairing: Pairing = .halves) {
    require(
      size >= 2 && size % 2 == 0 && base > 0 && base.isFinite,
      "RotaryEmbedding: needs an even size and a finite base above 0, got \(size) and \(base)")
    self.size = size
    self.base = base
    self.pairing = pairing
  }

  /// The size, and the pairs unless they are halves.
  public var details: String { "\(size)" + (pairing == .halves ? "" : ", \(pairing)") }

  /// - Parameter x: [..., steps, size]
  /// - Returns: The same shape.
  public func forward(_ x: consuming Tensor) -> Tensor { rotated(x, from: 0) }

  /// - Parameters:
  ///   - x: [..., steps, size]
  ///   - offset: The position of the first step, when earlier ones have been seen already.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor, offset: Int) -> Tensor {
    running { rotated(x, from: offset) }
  }

  private func rotated(_ x: Tensor, from offset: Int) -> Tensor {
    require(x.rank >= 2 && x.size(-1) == size, "expected [..., steps, \(size)], got \(x.shape)")
    let angles = angles(
      positions: offset..<(offset + x.size(-2)), rates: size / 2, size: size, base: base)
    let (cosine, sine) = (angles.cos().asType(x.dtype), angles.sin().asType(x.dtype))
    let leading = Array(x.shape.dropLast())
    // The pairs' members along one axis: the last, or the one before.
    let axis = pairing == .halves ? -2 : -1
    let pairs = x.reshape(leading + (axis == -2 ? [2, size / 2] : [size / 2, 2]))
    let (a, b) = (pairs.select(axis: axis, at: 0), pairs.select(axis: axis, at: 1))
    return stack([a * cosine - b * sine, b * cosine + a * sine], axis: axis)
      .reshape(leading + [size])
  }
}

/// position / base^(2i / size) in float64: [positions, rates].
private func angles(positions: Range<Int>, rates: Int, size: Int, base: Double) -> Tensor {
  let values = positions.flatMap { position in
    (0..<rates).map { Double(position) * pow(base, -2 * Double($0) / Double(size)) }
  }
  return Tensor(values, shape: [positions.count, rates], dtype: .float64)
}
