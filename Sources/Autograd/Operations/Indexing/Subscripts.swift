/// One item of a tensor's subscript.
public enum SubscriptItem: Sendable {
  /// One position along an axis, which goes; negative ones count from the end.
  case at(Int)
  /// Positions along an axis, as in `slice`; with a negative step from the end to the start.
  case range(from: Int?, to: Int?, step: Int)
  /// A new axis of size 1.
  case new
  /// All axes that the other items do not cover.
  case rest
  /// The positions that integers name, or the elements that a bool mask picks.
  case picked(Tensor)
}

/// What can stand in a tensor's subscript: integers, ranges, `.all`, `.newAxis`, `.ellipsis`,
/// `.slice(from:to:step:)`, arrays of integers, integer tensors and bool masks.
public protocol TensorIndex: Sendable {
  /// What it says.
  var subscriptItem: SubscriptItem { get }
}

extension SubscriptItem: TensorIndex {
  /// Itself.
  public var subscriptItem: SubscriptItem { self }
}

extension TensorIndex where Self == SubscriptItem {
  /// The whole of an axis.
  public static var all: SubscriptItem { .range(from: nil, to: nil, step: 1) }
  /// A new axis of size 1.
  public static var newAxis: SubscriptItem { .new }
  /// All axes that the other items do not cover.
  public static var ellipsis: SubscriptItem { .rest }

  /// The positions from `from` up to but without `to`, every `step`-th, as Python's
  /// `from:to:step`; indices beyond the ends are clipped.
  ///
  /// With a negative step they run backwards: `.slice(step: -1)` reverses an axis.
  public static func slice(from: Int? = nil, to: Int? = nil, step: Int = 1) -> SubscriptItem {
    .range(from: from, to: to, step: step)
  }
}

extension Int: TensorIndex {
  /// One position.
  public var subscriptItem: SubscriptItem { .at(self) }
}
extension Range: TensorIndex where Bound == Int {
  /// The positions of the range; negative bounds count from the end.
  public var subscriptItem: SubscriptItem { .range(from: lowerBound, to: upperBound, step: 1) }
}
extension ClosedRange: TensorIndex where Bound == Int {
  /// The positions of the range; negative bounds count from the end.
  public var subscriptItem: SubscriptItem {
    .range(from: lowerBound, to: upperBound.following, step: 1)
  }
}
extension PartialRangeFrom: TensorIndex where Bound == Int {
  /// The positions from a bound on; a negative one counts from the end.
  public var subscriptItem: SubscriptItem { .range(from: lowerBound, to: nil, step: 1) }
}
extension PartialRangeUpTo: TensorIndex where Bound == Int {
  /// The positions up to but without a bound; a negative one counts from the end.
  public var subscriptItem: SubscriptItem { .range(from: nil, to: upperBound, step: 1) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  /// The positions through a bound; a negative one counts from the end.
  public var subscriptItem: SubscriptItem { .range(from: nil, to: upperBound.following, step: 1) }
}
extension Array: TensorIndex where Element == Int {
  /// The positions that the integers name.
  public var subscriptItem: SubscriptItem { .picked(Tensor(scalars: self)) }
}
extension Tensor: TensorIndex {
  /// The positions that integers name, or the elements that a bool mask picks.
  public var subscriptItem: SubscriptItem { .picked(self) }
}

extension Int {
  /// The end of a range through this position: nil where it is the last one.
  fileprivate var following: Int? { self == -1 || self == .max ? nil : self + 1 }
}

extension Tensor {
  /// A part of the tensor, as in NumPy and PyTorch; gradients flow to it and from it.
  ///
  /// ```swift
  /// x[0]                                   // the first row
  /// x[..., -1]                             // the last element along the last axis
  /// x[1..<3, .slice(step: 2), .newAxis]    // ranges, steps, a new axis
  /// x[[2, 0, 2]]                           // rows by number
  /// x[x .> 0] = 0                          // where a mask holds
  /// x[.all, 0..<2] += y                    // written to: x alone changes, no other tensor
  /// ```
  ///
  /// Integers, ranges and new axes give views. Integer tensors are broadcast against each other; their
  /// axes stand where the first one was, or the front if others stand between them. A mask
  /// stands for as many axes as it has. What is assigned is broadcast and converted; of several
  /// elements for one index the last one stays.
  public subscript(_ indices: any TensorIndex...) -> Tensor {
    get { self[items: indices] }
    set { self[items: indices] = newValue }
  }

  subscript(items indices: [any TensorIndex]) -> Tensor {
    get {
      let selection = Selection(indices.map(\.subscriptItem), of: self)
      return selection.picks.isEmpty
        ? slice(selection.region) : slice(selection.region).picked(selection.picks)
    }
    set {
      let selection = Selection(indices.map(\.subscriptItem), of: self)
      var value = newValue.asType(dtype)
      if let mask = selection.mask, value.count == 1 {
        value = Tensor.where(mask, value.reshape([]), slice(selection.region))
      } else if !selection.picks.isEmpty {
        value = slice(selection.region).replacingPicked(selection.picks, with: value)
      }
      value = value.fitted(to: selection.region.shape, self)
      if isTraced || value.isTraced {
        self = replacing(selection.region, with: value)
      } else {
        trace = .none
        write(value, into: selection.region)
      }
    }
  }

  /// This tensor in a shape of as many axes that it can be broadcast to, without axes of size 1 in
  /// front that are too many.
  private func fitted(to shape: [Int], _ target: Tensor) -> Tensor {
    let extra = Swift.max(0, rank - shape.count)
    let sizes = Array(self.shape.dropFirst(extra))
    require(
      self.shape.prefix(extra).allSatisfy { $0 == 1 } && broadcastShape(sizes, shape) == shape,
      "subscript: \(summary) cannot be assigned to a part \(shape) of \(target.summary)")
    return reshape(sizes)
  }

  /// What index tensors pick.
  private func picked(_ picks: [Selection.Pick]) -> Tensor {
    let plan = PickPlan(picks, of: self)
    let rows = rows(of: plan).rows(at: plan.rows, skipping: nil)
    return rows.reshape(plan.indexShape + plan.restShape).permute(plan.resultOrder)
  }

  /// This tensor with other elements where index tensors pick.
  private func replacingPicked(_ picks: [Selection.Pick], with value: Tensor) -> Tensor {
    let plan = PickPlan(picks, of: self)
    let front = plan.indexShape + plan.restShape
    let target = plan.resultOrder.map { front[$0] }
    let slices = value.fitted(to: target, self).expand(target)
      .permute(plan.resultOrder.indices.map { plan.resultOrder.firstIndex(of: $0) ?? $0 })
      .reshape([plan.rows.count] + plan.restShape)
    let rows = rows(of: plan).replacingRows(at: plan.rows, with: slices)
    return rows.reshape(plan.order.map { size($0) })
      .permute(plan.order.indices.map { plan.order.firstIndex(of: $0) ?? $0 })
  }

  /// The picked axes joined to one in front of the others.
  private func rows(of plan: PickPlan) -> Tensor {
    permute(plan.order).reshape([plan.rowCount] + plan.restShape)
  }
}

/// A subscript's items, resolved for one tensor.
private struct Selection {
  /// Axes of the region, as many as a mask has, else one, and what is picked along them.
  typealias Pick = (axes: Range<Int>, positions: Tensor)

  var region: Region
  var picks: [Pick] = []

  /// The mask where nothing else picks, in a shape that fits the region.
  var mask: Tensor? {
    guard picks.count == 1, picks[0].positions.dtype == .bool else { return nil }
    let (axes, mask) = picks[0]
    let trailing = Array(repeating: 1, count: region.axes.count - axes.upperBound)
    return mask.reshape(mask.shape + trailing)
  }

  init(_ items: [SubscriptItem], of tensor: Tensor) {
    region = Region(of: tensor.shape)
    var open = tensor.rank
    var hasRest = false
    for item in items {
      switch item {
      case .at, .range: open -= 1
      case .new: break
      case .rest:
        require(!hasRest, "subscript: .ellipsis may appear only once")
        hasRest = true
      case .picked(let positions): open -= positions.dtype == .bool ? positions.rank : 1
      }
    }
    require(
      open >= 0, "subscript: \(tensor.rank - open) items are too many for \(tensor.summary)")
    var axis = 0
    for item in hasRest ? items : items + [.rest] {
      switch item {
      case .at(let index):
        let size = tensor.size(axis)
        region.starts[axis] = wrappedIndex(
          index, below: size, "subscript: index",
          "size \(size) (axis \(axis) of \(tensor.summary))")
        axis += 1
      case .range(let from, let to, let step):
        require(step != 0, "subscript: the step must not be 0")
        region.addRange(axis, from: from, to: to, step: step)
        axis += 1
      case .new: region.axes.append(Region.Axis(source: nil, step: 1, count: 1))
      case .rest:
        for _ in 0..<open {
          region.addRange(axis)
          axis += 1
        }
      case .picked(let positions): axis = addPicks(positions, axis, tensor)
      }
    }
  }

  /// Adds what integers or a mask pick from an axis on; returns the next axis.
  private mutating func addPicks(_ positions: Tensor, _ axis: Int, _ tensor: Tensor) -> Int {
    let (isMask, start) = (positions.dtype == .bool, region.axes.count)
    require(
      !positions.dtype.isFloatingPoint,
      "subscript: needs integers or a bool mask, got \(positions.summary)")
    let count = isMask ? positions.rank : 1
    let sizes = Array(tensor.shape[axis..<axis + count])
    require(
      !isMask || positions.rank > 0 && positions.shape == sizes,
      "subscript: the mask \(positions.summary) does not fit \(tensor.summary) from axis \(axis) on"
    )
    for column in 0..<count { region.addRange(axis + column) }
    picks.append((start..<start + count, positions))
    return axis + count
  }
}

/// How index tensors pick from a tensor: rows of the picked axes joined, and where their own axes go.
private struct PickPlan {
  /// The tensor's axes, the picked ones first.
  let order: [Int]
  /// The product of the picked axes' sizes.
  let rowCount: Int
  let restShape: [Int]
  let indexShape: [Int]
  /// The indices of the rows picked, int64 [count].
  let rows: Tensor
  /// The axes of the result among the indices' axes followed by the rest.
  let resultOrder: [Int]

  init(_ picks: [Selection.Pick], of tensor: Tensor) {
    let axes = picks.flatMap(\.axes)
    let rest = (0..<tensor.rank).filter { !axes.contains($0) }
    order = axes + rest
    restShape = rest.map { tensor.size($0) }
    rowCount = axes.reduce(1) { $0 * tensor.size($1) }
    var shape: [Int] = []
    // Where a mask holds is known by one number for all its axes.
    let found = picks.map { axes, positions in
      let size = axes.reduce(1) { $0 * tensor.size($1) }
      if positions.dtype != .bool { return (size, positions) }
      return (size, Tensor(scalars: positions.indicesOfNonzero()))
    }
    for (_, positions) in found {
      guard let both = broadcastShape(shape, positions.shape) else {
        fail("subscript: indices \(found.map(\.1.shape)) cannot be broadcast together")
      }
      shape = both
    }
    indexShape = shape
    var rows = [Int](repeating: 0, count: shape.reduce(1, *))
    for (size, positions) in found {
      positions.expand(shape).withScalars(as: Int.self) { positions in
        for (element, index) in positions.enumerated() {
          let row = wrappedIndex(index, below: size, "subscript: index", "size \(size)")
          rows[element] = rows[element] * size + row
        }
      }
    }
    self.rows = Tensor(scalars: rows, device: tensor.device)
    // Picked axes that are neighbors are replaced where they are.
    let areNeighbors = axes.last! - axes[0] == axes.count - 1
    let before = areNeighbors ? rest.count { $0 < axes[0] } : 0
    let (own, others) = (Array(0..<shape.count), Array(shape.count..<shape.count + rest.count))
    resultOrder = Array(others[..<before] + own + others[before...])
  }
}
