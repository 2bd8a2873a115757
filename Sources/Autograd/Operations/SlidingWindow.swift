/// Sizes along the spatial axes: one number for all of them, or a list with one each.
public protocol SpatialSizes: Sendable {
  /// The sizes for a number of axes; a list of another length is an error.
  func sizes(_ axes: Int, _ name: StaticString) -> [Int]
}

extension Int: SpatialSizes {
  /// The same size along every axis.
  public func sizes(_ axes: Int, _ name: StaticString) -> [Int] {
    Array(repeating: self, count: axes)
  }
}

extension Array: SpatialSizes where Element == Int {
  /// The list itself.
  public func sizes(_ axes: Int, _ name: StaticString) -> [Int] {
    require(count == axes, "\(name): needs \(axes) sizes, got \(self)")
    return self
  }
}

/// A window that slides over spatial axes: the arithmetic that convolutions and pools share.
package struct SlidingWindow: Sendable {
  package let operation: String
  package let kernel: [Int]
  package let stride: [Int]
  package let padding: [Int]
  package let dilation: [Int]
  /// Whether a last window that only begins inside counts.
  package let roundsUp: Bool

  package init(
    _ operation: String, kernel: [Int], stride: any SpatialSizes, padding: any SpatialSizes,
    dilation: any SpatialSizes, roundsUp: Bool = false
  ) {
    self.operation = operation
    self.kernel = kernel
    self.roundsUp = roundsUp
    self.stride = stride.sizes(kernel.count, "stride")
    self.padding = padding.sizes(kernel.count, "padding")
    self.dilation = dilation.sizes(kernel.count, "dilation")
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

  /// The window of a pool: its stride is the kernel size unless stated.
  package init(
    pooling operation: String, axes: Int, _ kernelSize: any SpatialSizes,
    stride: (any SpatialSizes)?, padding: any SpatialSizes, dilation: any SpatialSizes = 1,
    roundsUp: Bool
  ) {
    let kernel = kernelSize.sizes(axes, "kernelSize")
    self.init(
      operation, kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: dilation,
      roundsUp: roundsUp)
    require(
      zip(self.padding, kernel).allSatisfy { $0 * 2 <= $1 },
      "\(operation): the padding \(self.padding) must be at most half the kernel \(kernel)")
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
      let room = input[axis] + 2 * padding[axis] - span
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
