import Autograd
import Testing

@testable import NN

@Suite struct DropoutTests {
  @Test(arguments: [0.1, 0.5, 0.8]) func dropsAShareAndScalesTheOthers(probability: Double) {
    let layer = Dropout(probability)
    layer.initialize(seed: 0)
    let count = 100_000
    let y = layer(.ones([count])).doubles
    let dropped = y.count { $0 == 0 }
    #expect(abs(Double(dropped) / Double(count) - probability) < 0.006)
    let scale = Double(Float(1 / (1 - probability)))
    #expect(y.allSatisfy { $0 == 0 || abs($0 - scale) < 1e-6 * scale })
    #expect(abs(y.reduce(0, +) / Double(count) - 1) < 0.03)
  }

  @Test func extremes() {
    let x = inputs([100])
    #expect(Dropout(0)(x).floats == x.floats)
    #expect(Dropout(1)(x).floats.allSatisfy { $0 == 0 })
    #expect(Dropout(0.5)(inputs([0, 3])).shape == [0, 3])
    #expect(Dropout(0.5)(inputs([2, 3], dtype: .float64)).dtype == .float64)
  }

  @Test func evaluationLetsEverythingPass() {
    let layer = Dropout(0.9)
    let x = inputs([50])
    layer.evaluate()
    #expect(layer(x).floats == x.floats)
    layer.train()
    #expect(layer(x).floats != x.floats)
  }

  @Test func masksDifferFromCallToCallAndFollowTheSeed() {
    let (a, b) = (Dropout(0.5), Dropout(0.5))
    a.initialize(seed: 1)
    b.initialize(seed: 1)
    let x = Tensor.ones([64])
    let first = a(x).floats
    let second = a(x).floats
    #expect(first != second)
    #expect(b(x).floats == first && b(x).floats == second)
    let model = Sequential(Dropout(0.5), Dropout(0.5))
    model.initialize(seed: 1)
    #expect(model[0](x).floats != model[1](x).floats)
  }

  @Test func gradientsFlowThroughWhatWasKept() {
    let layer = Dropout(0.5)
    let x = Tensor.ones([64])
    var y = x
    let dx = gradient(at: x) { x in
      y = layer(x)
      return y.sum()
    }
    #expect(dx.floats == y.floats)
    #expect(layer.details == "0.5" && layer.description == "Dropout 0.5")
  }

  @Test func wholeChannels() {
    let layer = Dropout2d(0.25)
    layer.initialize(seed: 1)
    let channels = layer(.ones([40, 50, 3, 2])).reshape([2_000, 6])
    var dropped = 0
    for channel in 0..<2_000 {
      let values = channels.select(axis: 0, at: channel).floats
      #expect(Set(values).isSubset(of: [0, 4.0 / 3]) && Set(values).count == 1)
      dropped += values[0] == 0 ? 1 : 0
    }
    #expect(abs(dropped - 500) < 80)
    let x = inputs([2, 3, 4, 4])
    #expect(layer.evaluating { layer(x) }.floats == x.floats)
    #expect(Dropout2d(0)(x).floats == x.floats && Dropout2d(0.1).description == "Dropout2d 0.1")
    #expect(Dropout2d(1)(x).floats.allSatisfy { $0 == 0 })
  }
}
