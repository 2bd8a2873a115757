import TestSupport
import Testing

@testable import Autograd

/// Tensors of 16-bit numbers, stored so and computed in float32, against PyTorch 2.13's values.
@Suite struct HalfTests {
  static let types: [DType] = [.float16, .bfloat16]

  @Test func roundingAndRange() {
    let x = Tensor([1.0 / 3, 65_504, 65_520, 1e-8, -6e-8, 2049, 2051, .infinity, .nan])
    expect(
      x.asType(.float16),
      equals: [
        0.333251953125, 65504, .infinity, 0, -5.9604644775390625e-08, 2048, 2052, .infinity, .nan,
      ])
    expect(
      x.asType(.bfloat16),
      equals: [
        0.333984375, 65536, 65536, 1.0011717677116394e-08, -6.0070306062698364e-08, 2048, 2048,
        .infinity, .nan,
      ])
    #expect(Tensor(1.0 / 3, dtype: .float16).item() == 0.333251953125)
    expect(Tensor(scalars: [3, 70_000]).asType(.float16), equals: [3, .infinity])
    expect(Tensor([1.5, -0.5, 0], dtype: .float16).asType(.bool), equals: [1, 1, 0])
    expect(Tensor([1.5, -2.5], dtype: .bfloat16).asType(.int32), equals: [1, -2])
  }

  @Test(arguments: types)
  func resultsKeepTheType(_ type: DType) {
    let x = Tensor([[1, 2, 3], [4, 5, 6]], dtype: type)
    let results: [Tensor] = [
      x + x, x * 2, 1 - x, x / 3, x.exp(), x.relu(), x.sum(), x.mean(axis: 1), x.variance(),
      x.max(), x.softmax(), x.matmul(x.transpose()), x.transpose().contiguous(), x[.all, 1],
      x.flip(0), concatenate([x, x]), stack([x, x]), Tensor.where(x .> 2, x, 0), maximum(x, 2),
      x.cumsum(axis: 0), x.sort(descending: true).values, x.round(), x.sign(), x.pad([1, 1]),
      x.indexSelect(axis: 0, Tensor(scalars: [1])), x.standardDeviation(), x.norm(),
      x.gather(axis: 1, Tensor(scalars: [1, 1], shape: [2, 1])), x.remainder(2),
      x + Tensor(scalars: [1, 2, 3]), layerNorm(x, normalizedShape: [3]),
    ]
    for (index, result) in results.enumerated() { #expect(result.dtype == type, "\(index)") }
    #expect((x + Tensor([1, 2, 3])).dtype == .float32)
    #expect((x * Tensor(1, dtype: .float64)).dtype == .float64)
    #expect((x .> 2).dtype == .bool && x.argmax().item() == 5 && x.argmin().item() == 0)
    expect(x .== x.asType(.float32), equals: [1, 1, 1, 1, 1, 1], shape: [2, 3])
    #expect((x + Tensor([1], dtype: type == .float16 ? .bfloat16 : .float16)).dtype == .float32)
    var y = x
    y[0] = Tensor([1.0 / 3])
    #expect(y.dtype == type && y[0, 0].item() == Tensor(1.0 / 3, dtype: type).item())
  }

  /// PyTorch 2.13.
  @Test func arithmeticIsRoundedOnce() {
    let numbers: ([Double], [Double]) = ([0.1, 1.7, -2.3, 300], [3, 0.7, 1.1, 2])
    var (x, y) = (Tensor(numbers.0, dtype: .float16), Tensor(numbers.1, dtype: .float16))
    expect(x * y, equals: [0.2998046875, 1.1904296875, -2.529296875, 600])
    expect(x / y, equals: [0.0333251953125, 2.427734375, -2.091796875, 150])
    expect(x.exp(), equals: [1.10546875, 5.4765625, 0.10015869140625, .infinity])
    expect((x * 300).sum(), equals: [.infinity], shape: [])
    expect((x * 218).mean(), equals: [16328], shape: [])
    (x, y) = (Tensor(numbers.0, dtype: .bfloat16), Tensor(numbers.1, dtype: .bfloat16))
    expect(x * y, equals: [0.30078125, 1.1875, -2.53125, 600])
    expect(x.sigmoid(), equals: [0.5234375, 0.84765625, 0.09130859375, 1])
  }

  @Test(arguments: types)
  func gradientsFlow(_ type: DType) {
    let x = Tensor([0.5, -1.5, 2], dtype: type)
    let dx = gradient(at: x) { (($0 * $0).exp().sum() + $0.asType(.float32).sum()) }
    #expect(dx.dtype == type)
    let expected = [0.5, -1.5, 2].map { 2 * $0 * Tensor($0 * $0).exp().item() + 1 }
    expect(dx.asType(.float32), equals: expected, tolerance: type == .float16 ? 2e-3 : 2e-2)
    let second = gradient(at: x) { x in gradient(at: x) { ($0 * $0 * $0).sum() }.sum() }
    #expect(second.dtype == type)
    expect(second, equals: [3, -9, 12])
    // Views pass a gradient on as it is.
    let viewed = gradient(at: x) { ($0[1...] * 3).reshape([2, 1]).transpose().sum() }
    #expect(viewed.dtype == type)
    expect(viewed, equals: [0, 3, 3])
  }

  @Test(arguments: types)
  func updates(_ type: DType) {
    var weight = Tensor([1, 2], dtype: type)
    weight.update(keeping: 0.5, adding: Tensor([1, -1], dtype: type), times: 2)
    #expect(weight.dtype == type)
    expect(weight, equals: [2.5, -1])
  }

  @Test(arguments: types)
  func networks(_ type: DType) {
    let x = Reference.random([2, 3, 4, 4]).asType(type)
    let weight = Reference.random([2, 3, 3, 3]).asType(type)
    let dx = gradient(at: x) { x in
      let y = conv2d(x, weight, padding: 1)
      #expect(y.dtype == type)
      let pooled = maxPool2d(y, kernelSize: 2)
      #expect(pooled.dtype == type)
      let normalized = batchNorm(pooled)
      #expect(normalized.dtype == type)
      return crossEntropy(normalized.flatten(from: 1), Tensor(scalars: [0, 5]))
    }
    #expect(dx.dtype == type && dx.isFinite().all().item() == 1)
    #expect(dx.asType(.float32).abs().max().item() > 0)
  }

  @Test func viewsAreNotCopied() async {
    await #expect(processExitsWith: .success) {  // nothing else allocates in a process of its own
      let x = Tensor((0..<600).map(Double.init), shape: [20, 30], dtype: .float16)
      let before = allocationCount.load(ordering: .relaxed)
      let view = x.transpose()[1..<3].reshape([2, 20]).unsqueeze(0)
      let count = allocationCount.load(ordering: .relaxed) - before
      #expect(view.dtype == .float16 && count == 0)
    }
  }

  @Test func printed() {
    let x = Tensor([1, 0.1], dtype: .float16)
    #expect(x.description == "Tensor [2] float16\n[1.0000, 0.1000]")
    let y = Tensor([[1], [-2]], dtype: .bfloat16).transpose()
    #expect(y.description.hasSuffix("[[ 1.0, -2.0]]"))
  }

  @Test func randomNumbersKeepTheirRange() {
    var random = RandomStream(seed: 3)
    for type in Self.types {
      let x = random.uniform([20_000], low: -1, high: 3, dtype: type)
      #expect(x.dtype == type && x.max().item() < 3 && x.min().item() >= -1)
      #expect(random.normal([4], dtype: type).dtype == type)
    }
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func swiftsOwnType() {
      let x = Tensor(scalars: [Float16(0.1), 2])
      #expect(x.dtype == .float16 && x.scalars(as: Float16.self) == [0.1, 2])
      #expect((x * 2).scalars(as: Float16.self) == [0.2, 4])
    }
  #endif
}
