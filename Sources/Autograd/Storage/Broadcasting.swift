// The arithmetic of shapes and strides.

/// The shape that two shapes are broadcast to, as in NumPy; nil if they do not fit.
func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
  let rank = max(a.count, b.count)
  var result = [Int](repeating: 1, count: rank)
  for axis in 0..<rank {
    let aSize = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
    let bSize = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
    guard aSize == bSize || aSize == 1 || bSize == 1 else { return nil }
    result[axis] = aSize == 1 ? bSize : aSize
  }
  return result
}

/// The strides of a dense array of a shape.
func denseStrides(_ shape: [Int]) -> [Int] {
  var strides = shape
  var stride = 1
  for axis in shape.indices.reversed() {
    strides[axis] = stride
    stride *= shape[axis]
  }
  return strides
}

/// A nest of loops over a shape reduced to the fewest: neighboring axes along which every operand moves evenly
/// become one, and axes of size 1 are left out.
///
/// - Parameter operands: Each operand's strides, 0 along broadcast axes.
func mergedAxes(_ shape: [Int], _ operands: [[Int]]) -> (sizes: [Int], strides: [[Int]]) {
  var sizes: [Int] = []
  var strides = Array(repeating: [Int](), count: operands.count)
  for axis in shape.indices where shape[axis] != 1 {
    if let last = sizes.last,
      operands.indices.allSatisfy({ strides[$0].last! == operands[$0][axis] * shape[axis] })
    {
      sizes[sizes.count - 1] = last * shape[axis]
      for operand in operands.indices {
        strides[operand][sizes.count - 1] = operands[operand][axis]
      }
    } else {
      sizes.append(shape[axis])
      for operand in operands.indices { strides[operand].append(operands[operand][axis]) }
    }
  }
  return (sizes, strides)
}

extension NDArray {
  /// The strides of this array broadcast to a shape: 0 along axes it lacks or has once.
  func strides(broadcastTo shape: [Int]) -> [Int] {
    let missing = shape.count - rank
    return shape.indices.map { axis in
      axis < missing || (size(axis - missing) == 1 && shape[axis] != 1) ? 0 : stride(axis - missing)
    }
  }
}
