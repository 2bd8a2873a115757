import Autograd
import Foundation
import Testing

@testable import NN

@Suite struct PositionsTests {
  @Test func sinesAndCosinesAlternate() {
    let y = PositionalEncoding(4)(.zeros([1, 3, 4])).floats
    for t in 0..<3 {
      for (i, expected) in [
        sin(Double(t)), cos(Double(t)), sin(Double(t) / 100), cos(Double(t) / 100),
      ]
      .enumerated() {
        #expect(abs(Double(y[4 * t + i]) - expected) < 1e-7)
      }
    }
    #expect(PositionalEncoding(4).parameterCount == 0)
    #expect(PositionalEncoding(4, maxLength: 9).details == "4, up to 9 steps")
  }

  @Test func dropoutFollowsTheMode() {
    let layer = PositionalEncoding(8, dropout: 0.5)
    let x = Tensor.ones([4, 50, 8])
    let share = Double(layer(x).floats.count { $0 == 0 }) / 1_600
    #expect(abs(share - 0.5) < 0.1)
    #expect(layer.evaluating { layer(x) }.floats.count { $0 == 0 } < 30)
  }

  @Test(arguments: [RotaryEmbedding.Pairing.neighbors, .halves])
  func productsDependOnDistancesOnly(_ pairing: RotaryEmbedding.Pairing) {
    let rotation = RotaryEmbedding(8, base: 50, pairing: pairing)
    let (q, k) = (inputs([1, 8], dtype: .float64), inputs([1, 8], seed: 2, dtype: .float64))
    func product(_ a: Int, _ b: Int) -> Double {
      (rotation(q, offset: a) * rotation(k, offset: b)).sum().item()
    }
    #expect(abs(product(3, 1) - product(12, 10)) < 1e-12)
    #expect(abs(product(3, 1) - product(3, 2)) > 1e-3)
    #expect(rotation(q, offset: 0).doubles == q.doubles)
    let whole = rotation(inputs([5, 8]))
    let rest = rotation(inputs([5, 8]).slice(axis: 0, from: 3), offset: 3)
    #expect(whole.slice(axis: 0, from: 3).floats == rest.floats)
  }

  @Test func details() {
    #expect(RotaryEmbedding(8).details == "8")
    #expect(RotaryEmbedding(8, pairing: .neighbors).details == "8, neighbors")
  }
}
