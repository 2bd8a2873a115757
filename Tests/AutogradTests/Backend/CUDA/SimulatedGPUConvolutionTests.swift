import TestSupport
import Testing

@testable import Autograd

/// Convolutions and pools by the GPU kernels against the CPU's.
@Suite struct SimulatedGPUConvolutionTests {
  private static let gpu = SimulatedGPU()
  private static let backwards = SimulatedGPU(isDeferred: true, isBackwards: true)

  private struct Form: CustomStringConvertible {
    let description: String
    let shapes: [[Int]]
    let function: @Sendable ([Tensor]) -> Tensor

    init(_ name: String, _ shapes: [Int]..., function: @escaping @Sendable ([Tensor]) -> Tensor) {
      (description, self.shapes, self.function) = (name, shapes, function)
    }
  }

  private static let convolutions = [
    Form("LeNet's first", [5, 1, 28, 28], [6, 1, 5, 5], [6]) {
      conv2d($0[0], $0[1], bias: $0[2], padding: 2)
    },
    Form("groups and strides", [3, 4, 9, 8], [6, 2, 3, 2]) {
      conv2d($0[0], $0[1], stride: [2, 3], padding: [1, 0], groups: 2)
    },
    Form("dilation", [2, 3, 11, 12], [4, 3, 3, 3], [4]) {
      conv2d($0[0], $0[1], bias: $0[2], padding: 2, dilation: [2, 1])
    },
    Form("many images", [70, 2, 4, 4], [3, 2, 3, 3], [3]) { conv2d($0[0], $0[1], bias: $0[2]) },
    Form("transposed", [2, 3, 5, 4], [3, 2, 3, 3]) {
      convTranspose2d($0[0], $0[1], stride: 2, padding: 1, outputPadding: 1)
    },
    Form("volumes", [2, 2, 4, 5, 6], [3, 2, 2, 3, 3]) { conv3d($0[0], $0[1], padding: 1) },
  ]

  private static let pools = [
    Form("2x2", [3, 2, 8, 6]) { avgPool2d($0[0], kernelSize: 2) },
    Form("2x2 with a rest", [2, 3, 7, 9]) { avgPool2d($0[0], kernelSize: 2) },
    Form("padding", [2, 3, 7, 9]) { avgPool2d($0[0], kernelSize: 3, stride: 2, padding: 1) },
    Form("padding that does not count", [2, 3, 8, 9]) {
      avgPool2d($0[0], kernelSize: [3, 2], stride: 1, padding: 1, countIncludesPadding: false)
    },
    Form("rounded up", [2, 2, 8, 7]) {
      avgPool2d($0[0], kernelSize: 3, stride: 2, padding: 1, ceilMode: true)
    },
    Form("maximum", [2, 3, 9, 8]) { maxPool2d($0[0], kernelSize: 3, stride: 2, padding: 1) },
    Form("dilated maximum", [2, 2, 9, 9]) { maxPool2d($0[0], kernelSize: 2, dilation: 3) },
  ]

  /// The value and the gradients.
  private func results(_ form: Form, _ dtype: DType, _ device: Device) -> [Tensor] {
    var random = RandomStream(seed: 9)
    let tape = Tape()
    let inputs = form.shapes.map { tape.watch(random.normal($0, dtype: dtype).to(device)) }
    let y = form.function(inputs)
    let dy = random.normal(y.shape, dtype: dtype).to(device)
    return [y.stoppingGradient()] + tape.pullback(of: y, cotangent: dy, at: inputs)
  }

  @Test(arguments: convolutions.indices, [DType.float32, .float64])
  func convolutionsAreTheCPUs(_ index: Int, _ dtype: DType) {
    let form = Self.convolutions[index]
    let expected = results(form, dtype, .cpu)
    let found = results(form, dtype, Self.gpu.device)
    for (found, expected) in zip(found, expected) {
      // Sums of products in another order: relative to the largest element.
      let scale = expected.scalars(as: Double.self).reduce(0) { max($0, $1.magnitude) }
      expect(
        found / scale, equals: (expected / scale).scalars(as: Double.self), shape: expected.shape,
        tolerance: dtype == .float32 ? 1e-6 : 1e-14, "\(form)")
    }
    let again = results(form, dtype, Self.backwards.device)
    #expect(again.map(\.bits) == found.map(\.bits), "\(form)")
  }

  @Test(arguments: pools.indices, [DType.float32, .float64])
  func poolsHaveTheCPUsBits(_ index: Int, _ dtype: DType) {
    let form = Self.pools[index]
    let found = results(form, dtype, Self.gpu.device)
    #expect(found.map(\.bits) == results(form, dtype, .cpu).map(\.bits), "\(form)")
  }

  @Test func infinitiesReachTheirOwnWindowsOnly() {
    func gradient(_ device: Device) -> [Float] {
      let x = Tensor.ones([1, 1, 4, 4], device: device)
      let weight = Tensor([.infinity, 1, 1, 1] as [Float], device: device).reshape([1, 1, 2, 2])
      return Autograd.gradient(at: x) { conv2d($0, weight, stride: 2).sum() }.scalars()
    }
    #expect(gradient(Self.gpu.device) == gradient(.cpu))
  }

  @Test func nothingFallsBack() {
    let simulated = SimulatedGPU()
    for form in Self.convolutions + Self.pools {
      _ = results(form, .float32, simulated.device)
      _ = results(form, .float64, simulated.device)
    }
    #expect(simulated.device.fallbacks.isEmpty, "\(simulated.device.fallbacks)")
    #expect(simulated.overrunCount == 0)
  }
}
