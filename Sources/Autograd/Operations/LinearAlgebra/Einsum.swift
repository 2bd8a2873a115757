/// Products of tensors' elements summed over indices: Einstein's notation, as PyTorch's `einsum`.
///
/// ```swift
/// einsum("ij,jk->ik", a, b)       // the matrix product
/// einsum("bhqd,bhkd->bhqk", q, k) // scores of attention
/// einsum("ii", a)                 // the trace
/// ```
///
/// Pairs of operands become matrix products wherever something is summed.
///
/// - Parameters:
///   - equation: A letter for each axis of each operand, operands separated by commas; after `->`
///     the letters of the result, and what is missing there is summed. Without `->` the result has
///     the letters that occur once, in alphabetical order. `...` stands for further axes, which are
///     broadcast.
///   - operands: Floating-point tensors. Axes with the same letter have the same size, or size 1.
public func einsum(_ equation: String, _ operands: Tensor...) -> Tensor {
  einsum(equation, operands)
}

/// Products of a list of tensors' elements summed over indices.
public func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
  let plan = EinsumEquation(equation, operands)
  var terms = zip(operands, plan.inputs).map { EinsumTerm($0, $1) }
  for index in terms.indices { terms[index].takeDiagonals() }
  let sizes = plan.sizes(of: terms)
  for index in terms.indices { terms[index].dropBroadcastAxes(sizes) }
  var result = terms.removeFirst()
  while true {
    let needed = Set(plan.output).union(terms.flatMap(\.labels))
    result.sum(except: needed)
    guard var next = terms.first else { break }
    terms.removeFirst()
    let later = Set(plan.output).union(terms.flatMap(\.labels))
    next.sum(except: later.union(result.labels))
    result = result.multiplied(by: next, keeping: later)
  }
  return result.arranged(plan.output, sizes)
}

/// The parsed text: a label for each axis.
///
/// Letters are themselves, the axes of `...` are numbers.
private struct EinsumEquation {
  let text: String
  private(set) var inputs: [[Substring]] = []
  private(set) var output: [Substring] = []

  init(_ text: String, _ operands: [Tensor]) {
    self.text = text
    let sides = text.filter { $0 != " " }.replacingArrow().split(
      separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    require(
      terms.count == operands.count,
      "einsum: \"\(text)\" has \(terms.count) operands, got \(operands.count)")
    // How many axes `...` stands for, at most; fewer are aligned at the end.
    let hidden = zip(terms, operands).map { term, operand in
      term.contains(".") ? operand.rank - term.filter { $0 != "." }.count : 0
    }
    let most = hidden.max() ?? 0
    for (index, term) in terms.enumerated() {
      let labels = axes(term, hidden[index], of: most)
      require(
        hidden[index] >= 0 && labels.count == operands[index].rank,
        "einsum: \"\(term)\" in \"\(text)\" does not fit \(operands[index].summary)")
      inputs.append(labels)
    }
    let all = inputs.flatMap { $0 }
    if sides.count == 2 {
      output = axes(sides[1], most, of: most)
    } else {
      output =
        ellipsis(most, of: most)
        + Set(all.filter { $0.first?.isNumber == false }).sorted()
        .filter { letter in all.count { $0 == letter } == 1 }
    }
    require(
      Set(output).count == output.count && Set(output).isSubset(of: Set(all)),
      "einsum: the result of \"\(text)\" must have letters of the operands, each once")
  }

  private func ellipsis(_ count: Int, of most: Int) -> [Substring] {
    (0..<Swift.max(0, count)).map { "\(most - count + $0)" }
  }

  private func axes(_ term: Substring, _ hidden: Int, of most: Int) -> [Substring] {
    var labels: [Substring] = []
    var rest = term
    while let letter = rest.first {
      if rest.hasPrefix("...") && labels.allSatisfy({ $0.first?.isNumber == false }) {
        labels += ellipsis(hidden, of: most)
        rest = rest.dropFirst(3)
        continue
      }
      require(
        letter.isASCII && letter.isLetter,
        "einsum: \"\(text)\" must have letters, commas, ... and one ->, got \"\(letter)\"")
      labels.append(rest.prefix(1))
      rest = rest.dropFirst()
    }
    return labels
  }

  /// The size of each label: that of all axes that have it, or the one that is not 1.
  func sizes(of terms: [EinsumTerm]) -> [Substring: Int] {
    var sizes: [Substring: Int] = [:]
    for term in terms {
      for (label, size) in zip(term.labels, term.x.shape) {
        let known = sizes[label] ?? 1
        require(
          known == size || known == 1 || size == 1,
          "einsum: \"\(label)\" in \"\(text)\" has the sizes \(known) and \(size)")
        sizes[label] = known == 1 ? size : known
      }
    }
    return sizes
  }
}

extension String {
  /// `->` as one character, so that the sides can be split at it.
  fileprivate func replacingArrow() -> String {
    var result = ""
    for character in self {
      if character == ">" && result.last == "-" { result.removeLast() }
      result.append(character)
    }
    return result
  }
}

/// A tensor with a label for each axis.
private struct EinsumTerm {
  var x: Tensor
  var labels: [Substring]

  init(_ x: Tensor, _ labels: [Substring]) { (self.x, self.labels) = (x, labels) }

  /// Axes that share a label become one.
  mutating func takeDiagonals() {
    var axis = 0
    while axis < labels.count {
      guard let other = labels[(axis + 1)...].firstIndex(of: labels[axis]) else {
        axis += 1
        continue
      }
      require(
        x.size(axis) == x.size(other),
        "einsum: \"\(labels[axis])\" stands for two sizes of \(x.summary)")
      x = x.diagonal(axis, other)
      labels.remove(at: axis)
    }
  }

  /// Axes of size 1 that other operands have in full are left away.
  mutating func dropBroadcastAxes(_ sizes: [Substring: Int]) {
    for axis in labels.indices.reversed() where x.size(axis) == 1 && sizes[labels[axis]] != 1 {
      x = x.squeeze(axis)
      labels.remove(at: axis)
    }
  }

  mutating func sum(except needed: Set<Substring>) {
    let axes = labels.indices.filter { !needed.contains(labels[$0]) }
    if axes.isEmpty { return }
    x = x.sum(axes: axes)
    labels = labels.filter { needed.contains($0) }
  }

  /// The product, summed over the axes that both have and the result lacks.
  func multiplied(by other: EinsumTerm, keeping needed: Set<Substring>) -> EinsumTerm {
    let shared = labels.filter { other.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let summed = shared.filter { !needed.contains($0) }
    let rows = labels.filter { !shared.contains($0) }
    let columns = other.labels.filter { !shared.contains($0) }
    let all = batch + rows + columns
    if summed.isEmpty {
      let left = arranged(batch + rows).unsqueezed(after: columns.count)
      let right = other.arranged(batch + columns)
      let sizes = right.shape
      let shape = sizes[..<batch.count] + rows.map { _ in 1 } + sizes[batch.count...]
      return EinsumTerm(left * right.reshape(Array(shape)), all)
    }
    let left = arranged(batch + rows + summed)
    let right = other.arranged(batch + summed + columns)
    let batchSizes = Array(left.shape.prefix(batch.count))
    let rowSizes = Array(left.shape[batch.count..<(batch.count + rows.count)])
    let columnSizes = Array(right.shape.suffix(columns.count))
    let depth = left.shape.suffix(summed.count).reduce(1, *)
    let count = batch.isEmpty ? [] : [batchSizes.reduce(1, *)]
    let product = left.reshape(count + [rowSizes.reduce(1, *), depth])
      .matmul(right.reshape(count + [depth, columnSizes.reduce(1, *)]))
    return EinsumTerm(product.reshape(batchSizes + rowSizes + columnSizes), all)
  }

  /// The tensor with its axes in the order of labels, which it has all.
  private func arranged(_ order: [Substring]) -> Tensor {
    x.permute(order.compactMap { labels.firstIndex(of: $0) })
  }

  /// The tensor with its axes in an order; axes that it has lost by broadcasting come back.
  func arranged(_ order: [Substring], _ sizes: [Substring: Int]) -> Tensor {
    let present = order.filter { labels.contains($0) }
    let shape = order.map { labels.contains($0) ? sizes[$0] ?? 1 : 1 }
    return arranged(present).reshape(shape).expand(order.map { sizes[$0] ?? 1 })
  }
}

extension Tensor {
  fileprivate func unsqueezed(after count: Int) -> Tensor {
    count == 0 ? self : reshape(shape + Array(repeating: 1, count: count))
  }
}
