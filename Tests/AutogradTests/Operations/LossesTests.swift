import TestSupport
import Testing

@testable import Autograd

/// Losses that run in one pass, beside the operations that they are made of.
@Suite struct LossesTests {
  /// The loss and its derivative by the error.
  private static func huber(
    _ error: Tensor, width: Double, slope: Double
  ) -> (loss: Tensor, derivative: Tensor) {
    let derivative = (width == 1 ? error : error / width).clamp(min: -slope, max: slope)
    return (derivative * (error - derivative * (0.5 * width)), derivative)
  }

  @Test(arguments: [DType.float32, .float64], [1, 7, 70_000])
  func huber(_ dtype: DType, _ count: Int) {
    var random = RandomStream(seed: 41)
    let values = [0, 0.5, -0.5, 1.3, -2, 1e30, -.infinity, .nan]
    for (width, slope) in [(1, 1), (1, 1.3), (0.7, 1)] {
      var x = random.normal([count, 2], dtype: dtype)
      for (index, value) in values.enumerated() {
        x[index % count, 0] = Tensor(value, dtype: dtype)
      }
      let target = random.normal([2, count], dtype: dtype).transpose()
      let weight = random.normal([count, 2], dtype: dtype)
      func loss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
        width == 1
          ? huberLoss(x, target, delta: slope, reduction: reduction)
          : smoothL1Loss(x, target, beta: width, reduction: reduction)
      }
      let expected = Self.huber(x - target, width: width, slope: slope)
      let isSame = bits(loss(x, target, .none)) == bits(expected.loss)
      #expect(isSame, "width \(width), slope \(slope)")
      for (reduction, cotangent) in [(Reduction.none, weight), (.mean, Tensor(0.3, dtype: dtype))] {
        let tape = Tape()
        let (x, target) = (tape.watch(x), tape.watch(target))
        let found = tape.pullback(
          of: loss(x, target, reduction), cotangent: cotangent, at: [x, target])
        let dy = reduction == .none ? cotangent : cotangent / Double(2 * count)
        let dx = dy * expected.derivative
        let areSame = bits(found[0]) == bits(dx) && bits(found[1]) == bits(-dx)
        #expect(areSame, "\(reduction), width \(width), slope \(slope)")
      }
    }
  }

  @Test func huberOfTwoTypes() {
    let (x, target) = (Tensor([0.5, 3]), Tensor([0.25, 1], dtype: .float64))
    let loss = huberLoss(x, target, reduction: .none)
    #expect(loss.dtype == .float64)
    expect(loss, equals: [0.03125, 1.5])
    expect(gradient(at: x) { huberLoss($0, target, reduction: .sum) }, equals: [0.25, 1])
  }

  /// All NaN count as one.
  private func bits(_ x: Tensor) -> [UInt64] {
    x.scalars(as: Double.self).map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
  }
}
