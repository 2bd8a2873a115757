import Autograd
import TestSupport
import Testing

@testable import NN

@Suite struct FrozenTests {
  private static func net() -> Sequential {
    let net = Sequential(
      LazyConv2d(4, kernelSize: 3), LazyBatchNorm2d(), ReLU(), Flatten(), Dropout(0.5),
      LazyLinear(3))
    net.initialize(seed: 1)
    return net
  }

  @Test func theSnapshotStaysAsItWas() throws {
    let net = Self.net()
    let x = inputs([5, 2, 6, 6])
    let frozen = net.frozen(for: .zeros([1, 2, 6, 6]))
    #expect(net[4] is Dropout && (net[4] as? Dropout)?.isTraining == true, "the mode is as before")
    let expected = net.evaluating { net(x) }.floats
    #expect(try frozen(x).floats == expected)
    #expect(try frozen(x[..<2]).shape == [2, 3], "the batch is free")

    let optimizer = SGD(net.parameters, learningRate: 0.5)
    optimizer.step(net.valueAndGradients { net(x).square().mean() }.gradients)
    #expect(net.evaluating { net(x) }.floats != expected)
    #expect(try frozen(x).floats == expected)
    net.initialize(seed: 9)
    #expect(try frozen(x).floats == expected)
    #expect(try net.frozen(for: x)(x).floats == net.evaluating { net(x) }.floats)
  }

  /// Also where gradients are being taken: they do not see the snapshot.
  @Test func resultsAreConstants() throws {
    let net = Self.net()
    let x = inputs([2, 2, 6, 6])
    let frozen = net.frozen(for: x)
    let (value, gradients) = try net.valueAndGradients {
      let y = try frozen(x)
      #expect(!y.isTraced)
      return net(x).sum() + y.sum()
    }
    #expect(value.count == 1 && gradients.entries.count == net.parameters.count)
    let dx = try gradient(at: x) { try (frozen($0) + $0.sum()).sum() }
    #expect(dx.floats.allSatisfy { $0 == 6 })
  }

  private func reason(_ frozen: FrozenModel, _ inputs: Tensor) -> String {
    do {
      _ = try frozen(inputs)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func otherInputsThrow() throws {
    let frozen = Self.net().frozen(for: .zeros([8, 2, 6, 6]))
    for (input, got) in [
      (Tensor.zeros([8, 2, 6, 5]), "float32 [8, 2, 6, 5]"),
      (.zeros([8, 3, 6, 6]), "float32 [8, 3, 6, 6]"), (.zeros([2, 6, 6]), "float32 [2, 6, 6]"),
      (.zeros([8, 2, 6, 6], dtype: .float64), "float64 [8, 2, 6, 6]"), (Tensor(1), "float32 []"),
      (.zeros([8, 2, 6, 6], dtype: .int64), "int64 [8, 2, 6, 6]"),
    ] {
      #expect(
        reason(frozen, input) == "expected the input to be float32 [batch, 2, 6, 6], got \(got)")
    }
    let scalar = Lambda("twice") { $0 * 2 }.frozen(for: Tensor(1))
    #expect(reason(scalar, Tensor([1])) == "expected the input to be float32 [], got float32 [1]")
    #expect(try scalar(Tensor(4)).item() == 8)
  }

  @Test(arguments: [DType.int64, .int32, .uint8])
  func tokensAreChecked(_ dtype: DType) throws {
    let model = Sequential(Embedding(10, 4), Flatten(), LazyLinear(2))
    let frozen = model.frozen(for: Tensor.zeros([1, 3], dtype: dtype))
    let tokens = { (values: [Int]) in Tensor(scalars: values, shape: [2, 3]).asType(dtype) }
    #expect(try frozen(tokens([0, 1, 2, 7, 8, 9])).shape == [2, 2])
    #expect(
      reason(frozen, tokens([0, 1, 2, 10, 8, 9]))
        == "expected the input to hold integers from 0 to 9, got 10 at index 3 of \(dtype) [2, 3]")
    if dtype != .uint8 {
      #expect(
        reason(frozen, tokens([0, 1, -1, 7, 8, 9]))
          == "expected the input to hold integers from 0 to 9, got -1 at index 2 of \(dtype) [2, 3]"
      )
    }
  }

  private final class Tables: Layer {
    let words = Embedding(10, 4)
    let segments = Embedding(2, 4)
    let call: (Tables, Tensor) -> Tensor

    init(_ call: @escaping (Tables, Tensor) -> Tensor) { self.call = call }
    func forward(_ x: Tensor) -> Tensor { call(self, x) }

    static func frozen(_ call: @escaping (Tables, Tensor) -> Tensor) -> FrozenModel {
      Tables(call).frozen(for: Tensor.zeros([1, 3], dtype: .int64))
    }
  }

  /// In another order or shape they are the input's still; of parts nothing is known.
  @Test func whichIntegersAreChecked() throws {
    let x = Tensor(scalars: [4, 11, 0], shape: [1, 3])
    let transposed = Tables.frozen { $0.words($1.transpose()) }
    #expect(reason(transposed, x).contains("from 0 to 9, got 11"))
    #expect(reason(Tables.frozen { $0.words($1.flatten()) }, x).contains("from 0 to 9, got 11"))
    let least = Tables.frozen { $0.words($1) + $0.segments($1) }
    #expect(reason(least, x).contains("from 0 to 1, got 4"))
    // Words beside a segment.
    let parts = Tables.frozen {
      $0.words($1[.all, ..<2]).sum() + $0.segments($1[.all, 2...]).sum()
    }
    #expect(try parts(Tensor(scalars: [4, 9, 0], shape: [1, 3])).count == 1)
    #expect(try Tables.frozen { $1 * 2 }(x).scalars(as: Int.self) == [8, 22, 0])
  }

  @Test func severalInputs() throws {
    let layer = Bilinear(2, 3, 4)
    let frozen = layer.frozen(for: [.zeros([1, 2]), .zeros([1, 3])]) { $0($1[0], $1[1]) }
    let (a, b) = (inputs([5, 2]), inputs([5, 3], seed: 2))
    #expect(try frozen(a, b).floats == layer(a, b).floats)
    #expect(throws: InputError(description: "expected 2 inputs, got 1")) { try frozen(a) }
    #expect(
      throws: InputError(
        description: "expected input 1 to be float32 [batch, 3], got float32 [5, 2]")
    ) { try frozen(a, a) }
  }

  @Test func aReplacedLayerStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let net = Sequential(Linear(2, 2))
      let frozen = net.frozen(for: .zeros([1, 2]))
      net[0] = Linear(2, 2)
      _ = try frozen(.zeros([1, 2]))
    }
    expect(result, names: "frozen", "shape [2, 2]")
  }
}
