// Tensors that a rule gives.
extension Tensor {
  /// The integers from 0 up to but without `end`, int64 unless stated.
  public static func arange(
    _ end: Int, dtype: DType = .int64, device: Device = .cpu
  ) -> Tensor {
    require(end >= 0, "arange: the end must not be negative, got \(end)")
    return Tensor(scalars: Array(0..<end)).asType(dtype).to(device)
  }

  /// The integers from `start` up to but without `end` in steps, int64 unless stated.
  ///
  /// The step must not be 0; a negative one counts down.
  public static func arange(
    _ start: Int, _ end: Int, step: Int = 1, dtype: DType = .int64, device: Device = .cpu
  ) -> Tensor {
    require(
      step != 0 && (end == start || (end > start) == (step > 0)),
      "arange: \(end) cannot be reached from \(start) in steps of \(step)")
    return Tensor(scalars: Array(stride(from: start, to: end, by: step))).asType(dtype).to(device)
  }

  /// The numbers from `start` up to but without `end` in steps, float32 unless stated.
  public static func arange(
    _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32,
    device: Device = .cpu
  ) -> Tensor {
    require(
      step != 0 && (end == start || (end > start) == (step > 0)) && (start - end).isFinite,
      "arange: \(end) cannot be reached from \(start) in steps of \(step)")
    let count = ((end - start) / step).rounded(.up)
    require(
      count < 0x1p56, "arange: from \(start) to \(end) there are too many steps of \(step)")
    return Tensor((0..<Int(count)).map { start + Double($0) * step }, dtype: dtype, device: device)
  }

  /// `count` numbers at equal distances from `start` through `end`, float32 unless stated.
  public static func linspace(
    _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    require(count >= 0, "linspace: the count must not be negative, got \(count)")
    let step = (end - start) / Double(Swift.max(1, count - 1))
    // From both ends, so that both are met exactly.
    let values = (0..<count).map { index in
      index < (count + 1) / 2
        ? start + Double(index) * step : end - Double(count - 1 - index) * step
    }
    return Tensor(values, dtype: dtype, device: device)
  }

  /// A matrix with ones on the main diagonal and zeros elsewhere.
  ///
  /// - Parameters:
  ///   - rows: The number of rows.
  ///   - columns: The number of columns; nil for as many as rows.
  ///   - dtype: The type of the elements.
  ///   - device: Where to store them.
  public static func eye(
    _ rows: Int, _ columns: Int? = nil, dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    let columns = columns ?? rows
    require(rows >= 0 && columns >= 0, "eye: sizes must not be negative, got \([rows, columns])")
    return (arange(rows).unsqueeze(1) .== arange(columns)).asType(dtype).to(device)
  }

  /// For each index a vector with 1 at the index and 0 elsewhere.
  ///
  /// - Parameters:
  ///   - indices: Integers from 0 up to the number of classes, any shape.
  ///   - classCount: The number of classes.
  ///   - dtype: The type of the result, int64 unless stated, as in PyTorch.
  /// - Returns: [..., classCount], with the indices' shape in front.
  public static func oneHot(_ indices: Tensor, classCount: Int, dtype: DType = .int64) -> Tensor {
    require(classCount >= 0, "oneHot: there must be 0 classes or more, got \(classCount)")
    let checked = indices.checkedIndices(below: classCount, "oneHot")
    let classes = arange(classCount, device: indices.device)
    return (checked.unsqueeze(checked.rank) .== classes).asType(dtype)
  }

  /// The coordinates of the grid that vectors span: result i has vector i along axis i and repeats it
  /// along the others, as PyTorch's `meshgrid` with `indexing="ij"`.
  public static func meshgrid(_ vectors: [Tensor]) -> [Tensor] {
    for vector in vectors {
      require(vector.rank <= 1, "meshgrid: needs vectors, got \(vector.summary)")
    }
    let shape = vectors.map(\.count)
    return vectors.enumerated().map { axis, vector in
      var sizes = Array(repeating: 1, count: shape.count)
      sizes[axis] = shape[axis]
      return vector.reshape(sizes).expand(shape)
    }
  }
}
