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

  /// Adds to a slot's gradient, in place where there is no other reference to it.
  @inline(__always)
  mutating func add(_ gradient: consuming Tensor, to slot: Int) {
    if let sum = gradients[slot].take() {
      gradients[slot] = sum + gradient
    } else {
      gradients[slot] = gradient
    }
  }

  /// Replays from the last entry to the first and returns the gradients at some slots.
  ///
  /// Entries are released on the way, so that activations die early.
  mutating func run(wanted: [Int], leafCount: Int) -> [Tensor?] {
    var isWanted = [Bool](repeating: false, count: entries.count)
    var unwantedLeaves = leafCount
    for slot in wanted where !isWanted[slot] {
      isWanted[slot] = true
      if case .leaf = entries[slot] { unwantedLeaves -= 1 }
    }
    // Every entry depends on some leaf.
    let isNeeded =
      unwantedLeaves == 0
      ? [Bool](repeating: true, count: entries.count) : slots(dependingOn: isWanted)
    for slot in entries.indices.reversed() {
      let entry = takeEntry(slot)
      guard isNeeded[slot] else {
        gradients[slot] = nil
        continue
      }
      switch entry {
      // The gradient stays: it is wanted, or waits for the entry of the list.
      case .leaf, .laterResult, .released: break
      case .unary(let input, let spec, let pullback):
        guard isNeeded[input], let dy = takeGradient(slot, isWanted) else { continue }
        let own = Tape.InlineSpec(dy.array)
        add(pullback(consume dy).unbroadcast(to: spec, or: own), to: input)
      case .binary(let a, let aSpec, let aPullback, let b, let bSpec, let bPullback):
        guard isNeeded[a] || isNeeded[b], let dy = takeGradient(slot, isWanted) else { continue }
        let own = Tape.InlineSpec(dy.array)
        if isNeeded[a] { add(aPullback(dy).unbroadcast(to: aSpec, or: own), to: a) }
        if isNeeded[b] { add(bPullback(consume dy).unbroadcast(to: bSpec, or: own), to: b) }
      case .list(let entry): replay(entry, at: slot, isWanted, isNeeded)
      }
    }
    return wanted.map { gradients[$0] }
  }

  private mutating func replay(
    _ entry: Tape.ListEntry, at slot: Int, _ isWanted: [Bool], _ isNeeded: [Bool]
  ) {
    let cotangents = (slot..<(slot + entry.resultCount)).map { takeGradient($0, isWanted) }
    guard cotangents.contains(where: { $0 != nil }) else { return }
    let wanted = entry.inputs.map { $0.map { isNeeded[$0.slot] } ?? false }
    guard wanted.contains(true) else { return }
    let sent = entry.pullbacks(cotangents, wanted)
    require(
      sent.count == entry.inputs.count,
      "Tape: pullbacks returned \(sent.count) gradients for \(entry.inputs.count) inputs")
    for index in sent.indices where wanted[index] {
      guard let input = entry.inputs[index], let gradient = sent[index] else { continue }
      add(gradient.unbroadcast(to: nil, or: input.spec), to: input.slot)
    }
  }

  /// The gradient at a slot, handed over unless it is wanted itself.
  @inline(__always)
  private mutating func takeGradient(_ slot: Int, _ isWanted: [Bool]) -> Tensor? {
    let dy = gradients[slot].take()
    if isWanted[slot] { gradients[slot] = dy }
    return dy
  }

  /// The entry, moved out of the tape unless that is kept.
  private mutating func takeEntry(_ slot: Int) -> Tape.Entry {
    if keepsEntries { return entries[slot] }
    var entry = Tape.Entry.released
    swap(&entry, &entries[slot])
    return entry
  }

  /// The wanted slots and those that depend on them: only these need gradients.
  private func slots(dependingOn isWanted: [Bool]) -> [Bool] {
    var isNeeded = isWanted
    for slot in entries.indices {
      for result in slot..<(slot + entries[slot].resultCount(ifAnyInputIn: isNeeded)) {
        isNeeded[result] = true
      }
    }
    return isNeeded
  }
}

extension Tape.Entry {
  /// The number of results, 0 unless an input is in a set.
  ///
  /// A method, so that the entry is looked at where it is, without counting references.
  @inline(never)
  fileprivate func resultCount(ifAnyInputIn slots: borrowing [Bool]) -> Int {
    switch self {
    case .leaf, .released, .laterResult: return 0
    case .unary(let input, _, _): return slots[input] ? 1 : 0
    case .binary(let a, _, _, let b, _, _): return slots[a] || slots[b] ? 1 : 0
    case .list(let entry):
      for input in entry.inputs {
        if let input, slots[input.slot] { return entry.resultCount }
      }
      return 0
    }
  }
}
