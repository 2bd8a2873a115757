import TestCases
import TestSupport
import Testing

@testable import Autograd

/// The gradient table on a device whose memory the CPU cannot read, compared bit for bit with the CPU.
@Suite struct WalledDeviceTests {
  private static let (device, walled) = WalledDevice.make()

  @Test(arguments: GradientTableTests.cases)
  func valuesAndDerivativesAreTheCPUs(_ row: GradientCase) {
    for dtype in [DType.float32, .float64] {
      let expected = row.derivatives(dtype, on: .cpu)
      let found = row.derivatives(dtype, on: Self.device)
      #expect(found.count == expected.count)
      for (index, (found, expected)) in zip(found, expected).enumerated() {
        #expect(found.device == Self.device && expected.device == .cpu)
        #expect(found.shape == expected.shape && found.dtype == expected.dtype)
        #expect(found.bits == expected.bits, "\(dtype) result \(index)")
      }
    }
  }

  @Test func everyKindOfPrimitiveFallsBackAndIsCounted() {
    let (device, walled) = WalledDevice.make("another")
    let x = Tensor([1, -2, 3], device: device)
    let y = (x * x).relu().sum()
    #expect(walled.hostReadCount == 0)
    #expect(y.item() == 14 && walled.hostReadCount == 1)
    #expect(walled.fallback.counts["* float32"] == Fallback.Count(calls: 1, bytes: 24))
    #expect(walled.fallback.counts["map relu float32"]?.calls == 1)
    #expect(walled.fallback.counts["sum float32"]?.calls == 1)
    #expect(y.device == device && "\(device)" == "another")
  }

  @Test func singleElementsOnTheCPUGoAlong() {
    let x = Tensor([1, 2], device: Self.device)
    #expect((x + Tensor(1)).scalars() == [2, 3])
    #expect((Tensor([2]) * x).device == Self.device)
    #expect(Tensor.where(x .> 1.5, x, Tensor(0)).scalars() == [0, 2])
  }

  @Test func mixedOperandsStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (device, _) = WalledDevice.make("gpu 0")
      _ = Tensor([1, 2, 3]) + Tensor([1, 2, 3], device: device)
    }
    expect(result, names: "+", "cpu [3]", "gpu 0 [3]")
    let matrices = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (device, _) = WalledDevice.make("gpu 0")
      _ = Tensor.ones([2, 3], device: device).matmul(Tensor.ones([3, 4]))
    }
    expect(matrices, names: "matmul", "cpu [3, 4]", "gpu 0 [2, 3]")
  }

  @Test func gradientsMoveBack() {
    let tape = Tape()
    let x = tape.watch(Tensor([1, 2, 3]))
    let y = (x.to(Self.device) * 2).square().sum()
    let dx = tape.gradient(of: y, at: x)
    #expect(dx.device == .cpu && dx.scalars() == [8, 16, 24])
  }

  @Test func copiesKeepStridesAndValues() {
    let x = Tensor.arange(24, dtype: .float32).reshape([4, 6])
    for view in [x, x.transpose(), x[.all, 1..<3], x[0], x[.all, 5], x.expand([2, 4, 6])] {
      let moved = view.to(Self.device)
      #expect(moved.device == Self.device && moved.shape == view.shape)
      #expect(moved.to(.cpu).scalars() == view.scalars())
      #expect(moved.scalars() == view.scalars())
    }
    #expect(x.transpose().to(Self.device).strides == [1, 6])
    #expect("\(x.to(Self.device))" == "\(x)")
  }

  @Test func aWrongIndexStopsOnADevice() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (device, _) = WalledDevice.make()
      let x = Tensor.zeros([2, 3], device: device)
      _ = crossEntropy(x, Tensor(scalars: [1, 3], device: device))
    }
    expect(result, names: "crossEntropy", "label 3", "3 classes")
  }

  @Test func randomNumbersAreTheCPUs() {
    func draws(_ device: Device) -> [[UInt64]] {
      var random = RandomStream(seed: 5)
      return [
        random.uniform([7], device: device), random.normal([7], dtype: .float64, device: device),
        random.bernoulli([9], probability: 0.3, device: device),
        random.integers([5], in: -3..<4, device: device),
        random.bernoulli(Tensor([0.1, 0.9], device: device)),
      ].map(\.bits)
    }
    #expect(draws(.cpu) == draws(Self.device))
  }

  @Test func aDeviceWithOneKernelUsesIt() {
    let device = NegatingDevice()
    let x = Tensor([1, -2], device: Device(device))
    #expect((-x).scalars() == [-1, 2])
    #expect(device.fallback.counts.isEmpty)
    _ = x.exp()
    #expect(device.fallback.counts["map exp float32"]?.calls == 1)
  }
}

/// A device in the memory of the host that can negate.
private final class NegatingDevice: Accelerator {
  let name = "negating"
  let fallback = Fallback(policy: .silent)

  func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
    .allocate(byteCount: byteCount, alignment: 64)
  }
  func free(_ address: UnsafeMutableRawPointer) { address.deallocate() }
  func upload(_ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer) {
    target.copyMemory(from: source, byteCount: byteCount)
  }
  func download(_ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer) {
    target.copyMemory(from: source, byteCount: byteCount)
  }
  func willReadOnHost() {}

  func run(_ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]) -> Bool {
    let (x, y) = (inputs.first ?? outputs[0], outputs[0])
    guard case .map(.negate) = primitive, x.dtype == .float32 && x.isDense else { return false }
    let (source, target) = (
      x.data.assumingMemoryBound(to: Float.self), y.data.assumingMemoryBound(to: Float.self)
    )
    for index in 0..<x.count { target[index] = -source[index] }
    return true
  }
}
