/// One backward pass over a tape's entries.
struct Replay {
  private var entries: ContiguousArray<Tape.Entry>
  private let keepsEntries: Bool
  /// The gradient collected so far, by slot.
  private var gradients: [Tensor?]

  init(entries: consuming ContiguousArray<Tape.Entry>, keepsEntries: Bool) {
    self.keepsEntries = keepsEntries
    gradients = Array(repeating: nil, count: entries.count)
    self.entries = entries
  }

  /// Adds to a slot's gradient, in place where nobody else sees it.
  mutating func add(_ gradient: consuming Tensor, to slot: Int) {
    if let sum = gradients[slot].take() {
      gradients[slot] = sum + gradient
    } else {
      gradients[slot] = gradient
    }
  }

  /// Replays from the last entry to the first and returns the wanted slots' gradients.
  ///
  /// Entries are released on the way, so that activations die early.
  mutating func run(wanted: [Int], leafCount: Int) -> [Tensor?] {
    let wantsResults = wanted.contains { if case .leaf = entries[$0] { false } else { true } }
    let isAscending = zip(wanted, wanted.dropFirst()).allSatisfy { $0 < $1 }
    let isEveryLeafWanted =
      !wantsResults && (isAscending ? wanted.count : Set(wanted).count) == leafCount
    let wantedResults = wantsResults ? Set(wanted) : []
    let leadsToWanted = isEveryLeafWanted ? nil : slotsLeading(to: wanted)
    var foundResults: [Int: Tensor] = [:]
    let first = isEveryLeafWanted ? 0 : (wanted.min() ?? entries.count)
    var slot = entries.count - 1
    while slot >= first {
      defer { slot -= 1 }
      if let leadsToWanted, !leadsToWanted[slot] {
        gradients[slot] = nil
        release(slot)
        continue
      }
      if wantsResults, wantedResults.contains(slot), let dy = gradients[slot] {
        foundResults[slot] = dy
      }
      if case .list(let entry) = entries[slot] {
        release(slot)
        replay(entry, at: slot, leadsToWanted)
        continue
      }
      if case .laterResult = entries[slot] { continue }  // its gradient waits for the first result
      if case .leaf = entries[slot] { continue }  // its gradient stays where it is
      let entry = takeEntry(slot)
      guard let dy = gradients[slot].take() else { continue }
      switch entry {
      case .unary(let input, let likeness, let pullback):
        if isNeeded(input, leadsToWanted) {
          let extent = Tape.Extent(dy.array)
          add(pullback(consume dy).brought(to: likeness, or: extent), to: input)
        }
      case .binary(let a, let aLikeness, let aPullback, let b, let bLikeness, let bPullback):
        let extent = Tape.Extent(dy.array)
        if isNeeded(a, leadsToWanted) {
          add(aPullback(dy).brought(to: aLikeness, or: extent), to: a)
        }
        if isNeeded(b, leadsToWanted) {
          add(bPullback(consume dy).brought(to: bLikeness, or: extent), to: b)
        }
      case .leaf, .list, .laterResult, .released: break
      }
    }
    return wanted.map { foundResults[$0] ?? gradients[$0] }
  }

  private mutating func replay(_ entry: Tape.ListEntry, at slot: Int, _ leadsToWanted: [Bool]?) {
    let cotangents = (slot..<(slot + entry.resultCount)).map { gradients[$0].take() }
    guard cotangents.contains(where: { $0 != nil }) else { return }
    let wanted = entry.inputs.indices.map { index in
      entry.inputs[index].map { isNeeded($0.slot, leadsToWanted) } ?? false
    }
    guard wanted.contains(true) else { return }
    let sent = entry.pullbacks(cotangents, wanted)
    require(
      sent.count == entry.inputs.count,
      "Tape: pullbacks returned \(sent.count) gradients for \(entry.inputs.count) inputs")
    for index in sent.indices where wanted[index] {
      guard let input = entry.inputs[index], let gradient = sent[index] else { continue }
      add(gradient.brought(to: nil, or: input.extent), to: input.slot)
    }
  }

  /// The entry, moved out of the tape unless that is kept.
  private mutating func takeEntry(_ slot: Int) -> Tape.Entry {
    if keepsEntries { return entries[slot] }
    var entry = Tape.Entry.released
    swap(&entry, &entries[slot])
    return entry
  }

  private mutating func release(_ slot: Int) {
    if !keepsEntries { entries[slot] = .released }
  }

  private func isNeeded(_ slot: Int, _ leadsToWanted: [Bool]?) -> Bool {
    leadsToWanted?[slot] ?? true
  }

  /// Which slots depend on a wanted one: only they need gradients.
  private func slotsLeading(to wanted: [Int]) -> [Bool] {
    var leads = Array(repeating: false, count: entries.count)
    for slot in wanted { leads[slot] = true }
    for (slot, entry) in entries.enumerated() {
      switch entry {
      case .leaf, .released, .laterResult: break
      case .unary(let input, _, _): if leads[input] { leads[slot] = true }
      case .binary(let a, _, _, let b, _, _): if leads[a] || leads[b] { leads[slot] = true }
      case .list(let entry):
        if entry.inputs.contains(where: { $0.map { leads[$0.slot] } ?? false }) {
          for result in slot..<(slot + entry.resultCount) { leads[result] = true }
        }
      }
    }
    return leads
  }
}

extension Tensor {
  /// This gradient as its input is: like that, or as the result was.
  @inline(__always)
  fileprivate consuming func brought(to likeness: Tape.Likeness?, or extent: Tape.Extent) -> Tensor
  {
    if let likeness { return brought(to: likeness) }
    return extent.fits(array) ? self : brought(to: extent.likeness)
  }

  /// This gradient summed over broadcast axes and converted, so that it fits the input it belongs to.
  fileprivate consuming func brought(to likeness: Tape.Likeness) -> Tensor {
    if array.dtype == likeness.dtype && array.hasShape(likeness.shape) { return self }
    return reduced(to: likeness.shape).asType(likeness.dtype)
  }

  /// The sum over the axes along which `target` was broadcast to this shape.
  private func reduced(to target: [Int]) -> Tensor {
    let shape = shape
    if shape == target { return self }
    let extra = shape.count - target.count
    require(
      extra >= 0, "Tape: a pullback returned a gradient \(summary) for an input of shape \(target)")
    var axes = Array(0..<extra)
    for axis in target.indices where shape[extra + axis] != target[axis] {
      require(
        target[axis] == 1,
        "Tape: a pullback returned a gradient \(summary) for an input of shape \(target)")
      axes.append(extra + axis)
    }
    return sum(axes: axes, keepDims: true).reshape(target)
  }
}
