import Autograd

/// Looks along a direction for a length at which the loss fell enough and its slope flattened enough:
/// the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6), with the safeguards
/// and constants of PyTorch.
struct WolfeSearch {
  /// What is known at a length.
  struct Point {
    var length: Double
    var loss: Double
    var gradient: Tensor
    /// The loss's derivative along the direction.
    var slope: Double
  }

  let direction: Tensor
  let changeTolerance: Double
  /// The most evaluations after the first.
  let limit: Int
  private var decrease: Double { 1e-4 }
  private var curvature: Double { 0.9 }

  /// - Parameters:
  ///   - origin: The point at length 0.
  ///   - first: The length to try first.
  ///   - evaluate: Loss and gradient at a length.
  /// - Returns: The best point found, and the number of evaluations.
  func run(
    from origin: Point, first: Double,
    _ evaluate: (Double) throws -> (loss: Double, gradient: Tensor)
  ) rethrows -> (Point, evaluations: Int) {
    var evaluations = 0
    func point(at length: Double) throws -> Point {
      evaluations += 1
      let (loss, gradient) = try evaluate(length)
      return Point(
        length: length, loss: loss, gradient: gradient, slope: gradient.scalarProduct(direction))
    }
    func isTooHigh(_ point: Point) -> Bool {
      point.loss > origin.loss + decrease * point.length * origin.slope
    }
    func isFlat(_ point: Point) -> Bool { abs(point.slope) <= -curvature * origin.slope }

    // Lengthens steps until a minimum lies between the last two.
    var previous = origin
    var current = try point(at: first)
    var rounds = 0
    var bracket = [origin, current]
    while rounds < limit {
      let hasRisen = isTooHigh(current) || rounds > 1 && current.loss >= previous.loss
      if !hasRisen && isFlat(current) { return (current, evaluations) }
      if hasRisen || current.slope >= 0 {
        bracket = [previous, current]
        break
      }
      let next = Self.minimum(
        between: previous, current,
        in: current.length + 0.01 * (current.length - previous.length), current.length * 10)
      previous = current
      current = try point(at: next)
      rounds += 1
      bracket = [origin, current]
    }

    // Narrows the bracket, whose lower end is the best point so far.
    var low = bracket[0].loss <= bracket[1].loss ? 0 : 1
    var wasTooClose = false
    while rounds < limit {
      let lengths = bracket.map(\.length)
      let (shortest, longest) = (min(lengths[0], lengths[1]), max(lengths[0], lengths[1]))
      if (longest - shortest) * direction.largestSize < changeTolerance { break }
      var length = Self.minimum(between: bracket[0], bracket[1], in: shortest, longest)
      let margin = 0.1 * (longest - shortest)
      let isTooClose = min(longest - length, length - shortest) < margin
      if isTooClose && (wasTooClose || length >= longest || length <= shortest) {
        length =
          abs(length - longest) < abs(length - shortest) ? longest - margin : shortest + margin
        wasTooClose = false
      } else {
        wasTooClose = isTooClose
      }
      let new = try point(at: length)
      rounds += 1
      let high = 1 - low
      if isTooHigh(new) || new.loss >= bracket[low].loss {
        bracket[high] = new
        low = bracket[0].loss <= bracket[1].loss ? 0 : 1
        continue
      }
      if isFlat(new) { return (new, evaluations) }
      if new.slope * (lengths[high] - lengths[low]) >= 0 { bracket[high] = bracket[low] }
      bracket[low] = new
    }
    return (bracket[low], evaluations)
  }

  /// Where the cubic through two points with their slopes is lowest, within bounds.
  static func minimum(
    between a: Point, _ b: Point, in lowest: Double, _ highest: Double
  ) -> Double {
    let (left, right) = a.length <= b.length ? (a, b) : (b, a)
    let chord =
      left.slope + right.slope - 3 * (left.loss - right.loss) / (left.length - right.length)
    let square = chord * chord - left.slope * right.slope
    guard square >= 0 else { return (lowest + highest) / 2 }
    let root = square.squareRoot()
    let length =
      right.length - (right.length - left.length)
      * ((right.slope + root - chord) / (right.slope - left.slope + 2 * root))
    return min(max(length, lowest), highest)
  }
}
