// Diagonals of matrices, and products of vectors.
extension Tensor {
  /// The elements on a diagonal of two axes, as a new last axis; a view.
  ///
  /// - Parameters:
  ///   - offset: 0 for the main diagonal; positive ones lie above it, along the second axis.
  ///   - axis1: The axis of rows.
  ///   - axis2: The axis of columns.
  public func diagonal(offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Tensor {
    let (rows, columns) = (checkedAxis(axis1, "diagonal"), checkedAxis(axis2, "diagonal"))
    require(rows != columns, "diagonal: the axes \(axis1) and \(axis2) of \(summary) are the same")
    let x = movingAxis(rows, to: -1).movingAxis(columns < rows ? columns : columns - 1, to: -1)
    // Farther diagonals are as empty as the one beside the corner.
    let offset = Swift.min(Swift.max(offset, -x.size(-2)), x.size(-1))
    let (down, right) = (Swift.max(0, -offset), Swift.max(0, offset))
    let length = Swift.max(0, Swift.min(x.size(-2) - down, x.size(-1) - right))
    let square = x.slice(axis: -2, from: down, to: down + length)
      .slice(axis: -1, from: right, to: right + length)
    return square.diagonal(square.rank - 2, square.rank - 1)
  }

  /// A matrix with this vector on a diagonal and zeros elsewhere; of a matrix, its diagonal.
  ///
  /// - Parameter offset: 0 for the main diagonal; positive ones lie above it.
  public func diag(offset: Int = 0) -> Tensor {
    if rank == 2 { return diagonal(offset: offset) }
    require(rank == 1, "diag: needs a vector or a matrix, got \(summary)")
    let square = Tensor.where(Tensor.eye(count, dtype: .bool, device: device), self, 0)
    let (above, below) = (Swift.max(0, offset), Swift.max(0, -offset))
    return square.pad([above, below, below, above])
  }

  /// The products of each element with each of the other vector: [count, other.count].
  public func outer(_ other: Tensor) -> Tensor {
    require(
      rank == 1 && other.rank == 1, "outer: needs two vectors, got \(summary) and \(other.summary)")
    return unsqueeze(1) * other
  }

  /// The sum of the products of two vectors' elements.
  public func dot(_ other: Tensor) -> Tensor {
    require(
      rank == 1 && shape == other.shape,
      "dot: needs two vectors of one length, got \(summary) and \(other.summary)")
    return (self * other).sum()
  }
}

/// The sum of a matrix's main diagonal.
public func trace(_ matrix: Tensor) -> Tensor {
  require(matrix.rank == 2, "trace: needs a matrix, got \(matrix.summary)")
  return matrix.diagonal().sum()
}
