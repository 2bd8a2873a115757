/// Sizes along the spatial axes: one for all of them, or a list with one for each.
///
/// Literals are written as they are, `3` or `[3, 5]`; variables as `.all(size)` or `.each(sizes)`.
public enum Sizes: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The same size along every axis.
  case all(Int)
  /// A size for each axis.
  case each([Int])

  /// The same size along every axis.
  public init(integerLiteral size: Int) { self = .all(size) }

  /// A size for each axis.
  public init(arrayLiteral sizes: Int...) { self = .each(sizes) }

  /// The sizes as they are stated: one, or one for each axis.
  package var stated: [Int] {
    switch self {
    case .all(let size): [size]
    case .each(let sizes): sizes
    }
  }

  /// The sizes for a number of axes; a list of another length is an error.
  package func sizes(_ axes: Int, _ name: StaticString) -> [Int] {
    switch self {
    case .all(let size): return Array(repeating: size, count: axes)
    case .each(let sizes):
      require(sizes.count == axes, "\(name): needs \(axes) sizes, got \(sizes)")
      return sizes
    }
  }
}

/// What a convolution adds on either side of the spatial axes.
///
/// Literals are written as they are, `2` or `[1, 2]`; variables as `.all(size)` or `.each(sizes)`.
public enum Padding: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// Stated sizes, on either side.
  case sizes(Sizes)
  /// As much as keeps the size, the odd one after the last element; requires a stride of 1.
  case same

  /// None.
  public static let valid: Padding = 0

  /// The same size on either side of every axis.
  public static func all(_ size: Int) -> Padding { .sizes(.all(size)) }

  /// A size for each axis, on either side.
  public static func each(_ sizes: [Int]) -> Padding { .sizes(.each(sizes)) }

  /// As much on either side of every axis.
  public init(integerLiteral size: Int) { self = .all(size) }

  /// A size for each axis, on either side.
  public init(arrayLiteral sizes: Int...) { self = .each(sizes) }
}

/// A window that slides over spatial axes: the arithmetic that convolutions and pools share.
package struct SlidingWindow: Sendable {
  package let operation: String
  package private(set) var kernel: [Int]
  package private(set) var stride: [Int]
  /// Before the first element of each axis and, but for `trailing`, after the last.
  package private(set) var padding: [Int]
  /// What `.same` adds after the last element beyond that: 0 or 1 for each axis.
  package private(set) var trailing: [Int]
  package private(set) var dilation: [Int]
  /// Whether a last window that only begins inside counts.
  package let roundsUp: Bool

  package init(
    _ operation: String, kernel: [Int], stride: Sizes = 1, padding: Padding = 0,
    dilation: Sizes = 1, roundsUp: Bool = false
  ) {
    self.operation = operation
    self.kernel = kernel
    self.roundsUp = roundsUp
    self.stride = stride.sizes(kernel.count, "stride")
    self.dilation = dilation.sizes(kernel.count, "dilation")
    switch padding {
    case .sizes(let sizes):
      self.padding = sizes.sizes(kernel.count, "padding")
      trailing = kernel.map { _ in 0 }
    case .same:
      let totals = zip(self.dilation, kernel).map { $0 * ($1 - 1) }
      self.padding = totals.map { $0 / 2 }
      trailing = totals.map { $0 % 2 }
    }
    require(
      padding != .same || self.stride.allSatisfy { $0 == 1 },
      "\(operation): the padding same requires a stride of 1, got \(self.stride)")
    require(
      kernel.allSatisfy { $0 >= 1 } && self.stride.allSatisfy { $0 >= 1 }
        && self.padding.allSatisfy { $0 >= 0 } && self.dilation.allSatisfy { $0 >= 1 },
      """
      \(operation): kernel \(kernel), stride \(self.stride) and dilation \(self.dilation) must be at least 1, padding \
      \(self.padding) at least 0
      """)
    require(
      [kernel, self.stride, self.padding, self.dilation].joined().allSatisfy { $0 < 1 << 31 },
      """
      \(operation): kernel \(kernel), stride \(self.stride), padding \(self.padding) and dilation \
      \(self.dilation) must be below 2^31
      """)
  }

  /// The window of a pool along some axes: its stride is the kernel size unless stated.
  package init(
    pooling operation: String, _ axes: Int, _ kernelSize: Sizes, _ stride: Sizes?,
    _ padding: Sizes, _ dilation: Sizes = 1, ceilMode: Bool
  ) {
    let kernel = kernelSize.sizes(axes, "kernelSize")
    self.init(
      operation, kernel: kernel, stride: stride ?? .each(kernel), padding: .sizes(padding),
      dilation: dilation, roundsUp: ceilMode)
    require(
      zip(self.padding, kernel).allSatisfy { $0 * 2 <= $1 },
      "\(operation): the padding \(self.padding) must be at most half the kernel \(kernel)")
  }

  /// The window along other axes: `change` maps the sizes along the old ones and the size along an axis where the
  /// window does nothing.
  func mapped(_ change: ([Int], Int) -> [Int]) -> SlidingWindow {
    var result = self
    result.kernel = change(kernel, 1)
    result.stride = change(stride, 1)
    result.padding = change(padding, 0)
    result.trailing = change(trailing, 0)
    result.dilation = change(dilation, 1)
    return result
  }

  /// The window for an input to which the trailing padding is added already.
  var withoutTrailing: SlidingWindow {
    var result = self
    result.trailing = kernel.map { _ in 0 }
    return result
  }

  /// The window on an input of two axes; the output's size follows from it unless given.
  func geometry(_ input: [Int], _ output: [Int]? = nil) -> WindowGeometry {
    WindowGeometry(
      inputSize: input, outputSize: output ?? outputSize(input), kernel: kernel, stride: stride,
      padding: padding, dilation: dilation)
  }

  /// Whether at least one window fits along each axis.
  package func fits(_ input: [Int]) -> Bool {
    input.indices.allSatisfy {
      input[$0] + 2 * padding[$0] >= dilation[$0] * (kernel[$0] - 1) + 1
    }
  }

  /// The number of windows along each axis.
  package func outputSize(_ input: [Int]) -> [Int] {
    input.indices.map { axis in
      let span = dilation[axis] * (kernel[axis] - 1) + 1
      let room = input[axis] + 2 * padding[axis] + trailing[axis] - span
      var count = room >= 0 ? room / stride[axis] + 1 : 0
      // A last window that begins inside; where it is the only one, it may be less than a stride too long.
      if roundsUp && room > -stride[axis] && room % stride[axis] != 0 {
        count += count * stride[axis] < input[axis] + padding[axis] ? 1 : 0
      }
      require(
        count >= 1,
        """
        \(operation): a window of \(kernel) (dilation \(dilation)) does not fit into \(input) with padding \(padding)
        """)
      return count
    }
  }
}

/// The names of a number of spatial axes, as messages give them.
func spatialNames(_ axes: Int) -> String {
  ["length", "height, width", "depth, height, width"][axes - 1]
}
