/// How elements between elements are found.
public enum InterpolationMode: Sendable {
  /// The element before.
  case nearest
  /// A line between the two neighbors along each axis: bilinear for images, trilinear for volumes.
  case linear

  /// `linear`, as it is called for images.
  public static let bilinear = linear
}

/// Sequences, images or volumes brought to a size, as PyTorch's `interpolate`.
///
/// - Parameters:
///   - x: [batch, channels, ...] with one, two or three more axes.
///   - size: The size of these axes after it.
///   - mode: How elements between elements are found.
///   - alignCorners: Whether the first and last elements stay in place, in linear mode; else elements
///     are areas, and the outer edges of the first and the last one stay.
/// - Returns: [batch, channels, size...]
public func interpolate(
  _ x: Tensor, size: Sizes, mode: InterpolationMode = .nearest,
  alignCorners: Bool = false
) -> Tensor {
  let sizes = size.sizes(checkedAxes(x), "size")
  require(
    sizes.allSatisfy { $0 >= 1 && $0 < 1 << 31 },
    "interpolate: the size \(sizes) must be at least 1 and below 2^31")
  let own = Array(x.shape[2...])
  return resized(
    x, sizes, zip(own, sizes).map { Double($0) / Double($1) }, mode, alignCorners
  ) { axis, index in
    // In integers, as a product with a rounded quotient may fall short of one.
    index * own[axis] / sizes[axis]
  }
}

/// Sequences, images or volumes enlarged by a factor, as PyTorch's `interpolate`.
///
/// - Parameters:
///   - x: [batch, channels, ...] with one, two or three more axes.
///   - scaleFactor: By what the size of these axes is multiplied; the result is rounded down.
///   - mode: How elements between elements are found.
///   - alignCorners: As for a stated size.
/// - Returns: [batch, channels, ...]
public func interpolate(
  _ x: Tensor, scaleFactor: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false
) -> Tensor {
  interpolate(
    x, scaleFactor: Array(repeating: scaleFactor, count: max(1, x.rank - 2)), mode: mode,
    alignCorners: alignCorners)
}

/// Sequences, images or volumes enlarged by a factor for each axis, as PyTorch's `interpolate`.
///
/// - Parameters:
///   - x: [batch, channels, ...] with one, two or three more axes.
///   - scaleFactor: By what the size of each of these axes is multiplied; results are rounded down.
///   - mode: How elements between elements are found.
///   - alignCorners: As for a stated size.
/// - Returns: [batch, channels, ...]
public func interpolate(
  _ x: Tensor, scaleFactor: [Double], mode: InterpolationMode = .nearest, alignCorners: Bool = false
) -> Tensor {
  let axes = checkedAxes(x)
  require(
    scaleFactor.count == axes && scaleFactor.allSatisfy { $0 > 0 && $0.isFinite },
    """
    interpolate: needs a finite scale factor above 0 for each of \(axes) axes, got \(scaleFactor)
    """)
  let lengths = zip(x.shape[2...], scaleFactor).map { Double($0) * $1 }
  require(
    lengths.allSatisfy { $0 < 0x1p31 },
    "interpolate: factors of \(scaleFactor) make too much of \(x.summary)")
  let sizes = lengths.map { Int($0) }
  require(
    sizes.allSatisfy { $0 >= 1 },
    "interpolate: factors of \(scaleFactor) leave nothing of \(x.summary)")
  return resized(x, sizes, scaleFactor.map { 1 / $0 }, mode, alignCorners) { axis, index in
    Int(Double(index) / scaleFactor[axis])
  }
}

extension Tensor {
  /// Channels spread out into the pixels of a larger image, as PyTorch's `pixel_shuffle`.
  ///
  /// The receiver is [..., channels * factor * factor, height, width].
  ///
  /// - Parameter factor: By what height and width grow.
  /// - Returns: [..., channels, height * factor, width * factor]
  public func pixelShuffle(_ factor: Int) -> Tensor {
    require(
      factor >= 1 && rank >= 3 && size(-3) % (factor * factor) == 0,
      "pixelShuffle: a factor of \(factor) needs [..., channels * \(factor * factor), height, width], got \(summary)"
    )
    let (leading, channels) = (Array(shape.dropLast(3)), size(-3) / (factor * factor))
    let (height, width, first) = (size(-2), size(-1), rank - 3)
    return reshape(leading + [channels, factor, factor, height, width])
      .permute(Array(0...first) + [first + 3, first + 1, first + 4, first + 2])
      .reshape(leading + [channels, height * factor, width * factor])
  }

  /// The pixels of squares as channels of a smaller image, as PyTorch's `pixel_unshuffle`.
  ///
  /// The receiver is [..., channels, height * factor, width * factor].
  ///
  /// - Parameter factor: By what height and width shrink.
  /// - Returns: [..., channels * factor * factor, height, width]
  public func pixelUnshuffle(_ factor: Int) -> Tensor {
    require(
      factor >= 1 && rank >= 3 && size(-2) % factor == 0 && size(-1) % factor == 0,
      "pixelUnshuffle: a factor of \(factor) does not divide height and width of \(summary)")
    let (leading, channels) = (Array(shape.dropLast(3)), size(-3))
    let (height, width, first) = (size(-2) / factor, size(-1) / factor, rank - 3)
    return reshape(leading + [channels, height, factor, width, factor])
      .permute(Array(0...first) + [first + 2, first + 4, first + 1, first + 3])
      .reshape(leading + [channels * factor * factor, height, width])
  }
}

/// The number of axes beside batch and channels.
private func checkedAxes(_ x: Tensor) -> Int {
  require(
    (3...5).contains(x.rank) && x.dtype.isFloatingPoint && !x.shape[2...].contains(0),
    """
    interpolate: needs floating-point elements [batch, channels, ...] with one, two or three axes that are not empty, \
    got \(x.summary)
    """)
  return x.rank - 2
}

/// Brings one axis after the other to its size; `steps` are distances between results in elements, `elementBefore` gives
/// the element before a result.
private func resized(
  _ x: Tensor, _ sizes: [Int], _ steps: [Double], _ mode: InterpolationMode, _ alignCorners: Bool,
  elementBefore: (_ axis: Int, _ index: Int) -> Int
) -> Tensor {
  require(
    mode == .linear || !alignCorners, "interpolate: alignCorners needs the linear mode, got \(mode)"
  )
  var y = x
  // The last axis first: what the others do goes along whole rows of the result.
  for (index, (count, step)) in zip(sizes, steps).enumerated().reversed() {
    let (axis, last) = (index + 2, x.size(index + 2) - 1)
    switch mode {
    case .nearest:
      let nearest = (0..<count).map { min(elementBefore(index, $0), last) }
      y = y.indexSelect(axis: axis, Tensor(scalars: nearest, device: x.device))
    case .linear:
      let positions = (0..<count).map { index in
        alignCorners
          ? (count > 1 ? Double(index) * Double(last) / Double(count - 1) : 0)
          : max(0, (Double(index) + 0.5) * step - 0.5)
      }
      let between = positions.map { position in
        let before = min(Int(position), last)
        return InterpolationPoint(
          before: before, after: min(before + 1, last), weight: min(position - Double(before), 1))
      }
      y = y.interpolated(between, axis, isAdjoint: false)
    }
  }
  return y
}

extension Tensor {
  /// Elements on lines between two along an axis; or the adjoint, to which the elements' number before
  /// is given.
  fileprivate func interpolated(
    _ points: [InterpolationPoint], _ axis: Int, isAdjoint: Bool, size: Int = 0
  ) -> Tensor {
    let own = self.size(axis)
    return differentiable(self) { x in
      var shape = x.shape
      shape[axis] = isAdjoint ? size : points.count
      let inner = shape[(axis + 1)...].reduce(1, *)
      return .result(
        of: .interpolate(
          points, size: isAdjoint ? size : own, inner: inner, isAdjoint: isAdjoint), [x],
        shape: shape)
    } pullback: { _, _ in
      { dy in dy.interpolated(points, axis, isAdjoint: !isAdjoint, size: own) }
    }
  }
}
