internal import CKernels
internal import GPUKernels

// Element-wise primitives on a GPU: Sources/GPUKernels/texts/elementwise.inc.h.
extension CUDADevice {
  /// - Returns: Whether it ran, nil for primitives of other families.
  func runElementwise(_ primitive: Primitive, _ x: [NDArray], _ y: NDArray) -> Bool? {
    let dtype = x.first?.dtype ?? y.dtype
    switch primitive {
    case .map(let f):
      guard f.hasCUDAKernel(dtype) else { return false }
      return launch(.map, dtype, UInt32(f.kernel.rawValue), moving: x, over: y, x + [y])
    case .zip(let f):
      guard f.hasCUDAKernel(dtype) else { return false }
      return launch(.zip, dtype, UInt32(f.kernel.rawValue), moving: x, over: y, x + [y])
    case .zipScalar(let f, let scalar, let isReversed):
      guard f.hasCUDAKernel(dtype), dtype.canHold(scalar) else { return false }
      return launch(
        .zip, dtype, UInt32(f.kernel.rawValue), moving: [x[0], x[0]], over: y, [x[0], x[0], y],
        scalarOperand: isReversed ? 1 : 2, factors: (scalar, 0, 0, 0))
    case .addRow:
      guard !dtype.isHalf else { return false }
      if x[0].count == 0 { return true }
      let rows = y.view(
        shape: [y.count / x[0].count, x[0].count], strides: [x[0].count, 1])
      return launch(
        .zip, dtype, UInt32(CKZip.add.rawValue), moving: [rows, x[0]], over: rows, [y, x[0], y])
    case .compare(let f):
      guard !dtype.isHalf else { return false }
      return launch(.compare, dtype, UInt32(f.kernel.rawValue), moving: x, over: y, x + [y])
    case .select:
      guard !y.dtype.isHalf else { return false }
      return launch(.select, y.dtype, 0, moving: x, over: y, x + [y])
    case .update(let f, let factors):
      guard dtype == .float32 || dtype == .float64 else { return false }
      return launch(
        .update, dtype, UInt32(f.kernel.rawValue), moving: [], over: y, x + [y],
        factors: (factors.keep, factors.scale, factors.root, factors.epsilon))
    case .copy:
      guard !(dtype.isHalf || y.dtype.isHalf) || dtype.isCopied(to: y.dtype) else { return false }
      return launch(
        .copy, dtype, UInt32(y.dtype.kernelType.rawValue), moving: x + [y], over: y, x + [y])
    case .fill(let value):
      guard !dtype.isHalf, dtype.canHold(value) else { return false }
      let number = dtype == .bool && value != 0 ? 1 : value
      return launch(.fill, dtype, 0, moving: [], over: y, [y], factors: (number, 0, 0, 0))
    default: return nil
    }
  }

  /// Launches a kernel with a thread for each element of y.
  ///
  /// - Parameters:
  ///   - operands: The arrays whose strides it needs.
  ///   - arrays: The kernel's buffers.
  /// - Returns: Whether there are few enough axes.
  private func launch(
    _ kernel: CUDAKernel, _ dtype: DType, _ operation: UInt32, moving operands: [NDArray],
    over y: NDArray, _ arrays: [NDArray], scalarOperand: UInt32 = 0,
    factors: (Double, Double, Double, Double) = (0, 0, 0, 0)
  ) -> Bool {
    var numbers = GPUElementwise()
    numbers.operation = operation
    numbers.count = UInt32(y.count)
    numbers.scalarOperand = scalarOperand
    numbers.factors = factors
    if operands.allSatisfy({ $0.isDense && $0.count == y.count }) {
      numbers.setAxes([y.count], operands.map { _ in [1] })
    } else {
      let shape = y.shape
      let axes = mergedAxes(shape, operands.map { $0.strides(broadcastTo: shape) })
      if axes.sizes.count > GPUAxes { return false }
      numbers.setAxes(axes.sizes, axes.strides)
    }
    launch(kernel, dtype, blocks: Self.blocks(for: y.count), arrays, numbers)
    return true
  }
}

extension GPUElementwise {
  fileprivate mutating func setAxes(_ axes: [Int], _ operands: [[Int]]) {
    rank = UInt32(max(1, axes.count))
    sizes.0 = 1
    withUnsafeMutableBytes(of: &sizes) { $0.set(axes, as: UInt32.self) }
    withUnsafeMutableBytes(of: &strides) { strides in
      for (operand, own) in operands.enumerated() {
        strides.set(own, as: Int32.self, from: operand * Int(GPUAxes))
      }
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Stores numbers into an array of C.
  func set<Integer: FixedWidthInteger>(
    _ numbers: [Int], as type: Integer.Type, from first: Int = 0
  ) {
    let start = assumingMemoryBound(to: type)
    for (index, number) in numbers.enumerated() { start[first + index] = Integer(number) }
  }
}

// MARK: What has kernels

extension DType {
  /// Whether a number is an element of this type, in integers exactly.
  fileprivate func canHold(_ number: Double) -> Bool {
    switch self {
    case .int32: Int32(exactly: number) != nil
    case .int64: Int64(exactly: number) != nil
    case .uint8: UInt8(exactly: number) != nil
    default: true
    }
  }

  /// Whether a copy where either is a half has a kernel.
  fileprivate func isCopied(to other: DType) -> Bool {
    self == other || self == .float32 || other == .float32 && isHalf
  }
}

extension UnaryOp {
  fileprivate func hasCUDAKernel(_ dtype: DType) -> Bool {
    switch (self, dtype) {
    case (_, .float32): true
    case (_, .float16), (_, .bfloat16): false
    case (.negate, _), (.abs, _), (.sign, _), (.relu, _), (.square, _): true
    case (.reciprocal, .float64), (.sqrt, .float64), (.hardswish, .float64), (.round, .float64),
      (.floor, .float64), (.ceil, .float64), (.trunc, .float64):
      true
    default: false
    }
  }
}

extension BinaryOp {
  fileprivate func hasCUDAKernel(_ dtype: DType) -> Bool {
    switch (self, dtype) {
    case (_, .float32): true
    case (_, .float16), (_, .bfloat16): false
    case (.add, _), (.subtract, _), (.multiply, _), (.maximum, _), (.minimum, _): true
    case (.divide, .float64), (.reluGradient, .float64), (.sigmoidGradient, .float64),
      (.tanhGradient, .float64), (.hardswishGradient, .float64), (.leakyRelu, .float64),
      (.leakyReluSlope, .float64):
      true
    case (.remainder, _), (.fmod, _): dtype != .float64
    default: false
    }
  }
}
