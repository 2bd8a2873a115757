// How a tensor reads in print(), in interpolation and in a debugger.
extension Tensor: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What `description(maxCount:edgeCount:digits:lineWidth:)` was given, and the part of it that is not the same
  /// for every tensor.
  private struct Layout {
    let edgeCount: Int
    let digits: Int?
    let lineWidth: Int
    /// Whether long axes are elided.
    let isElided: Bool

    func indices(_ size: Int) -> [Int] {
      if !isElided || size <= 2 * edgeCount { return Array(0..<size) }
      return Array(0..<edgeCount) + Array(size - edgeCount..<size)
    }
  }

  /// Shape, type and values in aligned columns, up to 1,000 of them; of larger tensors the ends of each axis.
  ///
  /// ```
  /// Tensor [2, 3] float32
  /// [[ 1.0,  2.5, -3.0],
  ///  [ 0.0,  0.5, 10.0]]
  /// ```
  public var description: String { description() }

  /// `description` with other limits, as NumPy's `set_printoptions`.
  ///
  /// - Parameters:
  ///   - maxCount: The most elements that are all shown.
  ///   - edgeCount: The entries shown at either end of an axis in a tensor with more elements.
  ///   - digits: The digits after the point; 4 for float32 and 6 for float64 if nil.
  ///   - lineWidth: The characters in a line, after which a row is continued in the next one.
  public func description(
    maxCount: Int = 1000, edgeCount: Int = 3, digits: Int? = nil, lineWidth: Int = 80
  ) -> String {
    require(
      edgeCount >= 1 && 0...15 ~= digits ?? 4,
      "description: needs an edge of at least 1 and 0 to 15 digits, got \(edgeCount) and \(digits ?? 4)"
    )
    let options = Layout(
      edgeCount: edgeCount, digits: digits, lineWidth: lineWidth, isElided: count > maxCount)
    let head = "Tensor \(shape) \(dtype)"
    if count == 0 { return head + " (no elements)" }
    // Halves are read as the floats that they stand for.
    let readable = Tensor(array.onHost.computable)
    let elements = readable.formatted(readable.shownIndices(options), options)
    if rank == 0 { return "\(head)\n\(elements[0])" }
    let width = elements.lazy.map(\.count).max() ?? 0
    var next = 0
    return head + "\n" + layout(axis: 0, width: width, elements, options, &next)
  }

  /// `description`.
  public var debugDescription: String { description }

  /// Shape, type and values instead of the internal parts.
  public var customMirror: Mirror {
    Mirror(self, children: ["shape": shape, "dtype": dtype, "values": description])
  }

  /// The memory offsets of the elements that are shown, in row-major order.
  private func shownIndices(_ options: Layout) -> [Int] {
    var offsets = [0]
    for axis in 0..<rank {
      let indices = options.indices(array.size(axis))
      let stride = array.stride(axis)
      offsets = offsets.flatMap { base in indices.map { base + $0 * stride } }
    }
    return offsets
  }

  private func formatted(_ offsets: [Int], _ options: Layout) -> [String] {
    func read<Scalar>(_ type: Scalar.Type) -> [Scalar] {
      array.elements(at: offsets)
    }
    switch dtype {
    case .float32:
      return NumberFormat.strings(read(Float.self).map(Double.init), digits: options.digits ?? 4)
    case .float64: return NumberFormat.strings(read(Double.self), digits: options.digits ?? 6)
    case .int32: return read(Int32.self).map(String.init)
    case .int64: return read(Int64.self).map(String.init)
    case .uint8: return read(UInt8.self).map(String.init)
    case .bool: return read(Bool.self).map(String.init)
    case .float16, .bfloat16: return []  // `description` has converted them
    }
  }

  private func layout(
    axis: Int, width: Int, _ elements: [String], _ options: Layout, _ next: inout Int
  ) -> String {
    let indices = options.indices(array.size(axis))
    let isElided = indices.count < array.size(axis)
    let isLast = axis == rank - 1
    var parts: [String] = []
    for (index, _) in indices.enumerated() {
      if isElided && index == options.edgeCount { parts.append("...") }
      if isLast {
        let text = elements[next]
        next += 1
        parts.append(text.padded(to: width))
      } else {
        parts.append(layout(axis: axis + 1, width: width, elements, options, &next))
      }
    }
    if isLast {
      let perLine = Swift.max(1, (options.lineWidth - 2 * rank + 1) / (width + 2))
      let lines = stride(from: 0, to: parts.count, by: perLine).map {
        parts[$0..<Swift.min($0 + perLine, parts.count)].joined(separator: ", ")
      }
      return "[" + lines.joined(separator: ",\n" + String(repeating: " ", count: rank)) + "]"
    }
    let gap =
      String(repeating: "\n", count: rank - 1 - axis) + String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: "," + gap) + "]"
  }
}

/// Numbers with a common format, chosen so that a column of them can be compared.
enum NumberFormat {
  /// Fixed notation where all magnitudes lie close together, else scientific.
  static func strings(_ values: [Double], digits: Int) -> [String] {
    let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
    let (largest, smallest) = (sizes.max() ?? 1, sizes.min() ?? 1)
    let areIntegers = values.allSatisfy {
      !$0.isFinite || ($0.rounded() == $0 && $0.magnitude < 1e8)
    }
    if areIntegers { return values.map { special($0) ?? "\(Int($0)).0" } }
    let isScientific =
      largest >= 1e6 || smallest < 1e-4 && largest / smallest > 1e4 || largest < 1e-3
    return values.map { value in
      special(value)
        ?? (isScientific ? scientific(value, digits) : fixedDecimal(value, fractionDigits: digits))
    }
  }

  private static func special(_ value: Double) -> String? {
    value.isFinite ? nil : fixedDecimal(value, fractionDigits: 0)
  }

  private static func scientific(_ value: Double, _ digits: Int) -> String {
    if value == 0 { return fixedDecimal(0, fractionDigits: digits) + "e+00" }
    var exponent = 0
    var mantissa = value.magnitude
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    if fixedDecimal(mantissa, fractionDigits: digits).hasPrefix("10") {
      mantissa /= 10
      exponent += 1
    }
    let size = String(exponent.magnitude).padded(to: 2, with: "0")
    return (value < 0 ? "-" : "") + fixedDecimal(mantissa, fractionDigits: digits) + "e"
      + (exponent < 0 ? "-" : "+")
      + size
  }
}
