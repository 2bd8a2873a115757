import Autograd
import Testing

@testable import NN

@Suite struct ConvolutionTests {
  @Test func values() {
    let layer = Conv2d(1, 2, kernelSize: 2)
    layer.weight.value = Tensor([1, 2, 3, 4, 0, 0, 0, -1], shape: [2, 1, 2, 2])
    layer.bias?.value = Tensor([10, 0])
    let x = Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [1, 1, 3, 3])
    // Not flipped: 1*1 + 2*2 + 3*4 + 4*5 = 37.
    #expect(layer(x).floats == [47, 57, 77, 87, -5, -6, -8, -9])
    #expect(layer(x).shape == [1, 2, 2, 2])
  }

  @Test func groupsDoNotSeeEachOther() {
    let layer = Conv2d(2, 2, kernelSize: 1, groups: 2, bias: false)
    layer.weight.value = Tensor([2, 3], shape: [2, 1, 1, 1])
    let x = Tensor([1, 10], shape: [1, 2, 1, 1])
    #expect(layer(x).floats == [2, 30])
  }

  struct Case: Sendable {
    let make: @Sendable () -> Conv2d
    let shape: [Int]
    let details: String
  }

  static let cases = [
    Case(
      make: { LazyConv2d(6, kernelSize: 5, padding: 2) }, shape: [2, 6, 12, 10],
      details: "4 -> 6, kernel 5x5, padding 2x2"),
    Case(
      make: { LazyConv2d(6, kernelSize: [3, 2]) }, shape: [2, 6, 10, 9],
      details: "4 -> 6, kernel 3x2"),
    Case(
      make: { Conv2d(4, 6, kernelSize: 3, stride: [2, 3]) }, shape: [2, 6, 5, 3],
      details: "4 -> 6, kernel 3x3, stride 2x3"),
    Case(
      make: { LazyConv2d(6, kernelSize: 3, dilation: 2, bias: false) }, shape: [2, 6, 8, 6],
      details: "4 -> 6, kernel 3x3, dilation 2x2, no bias"),
    Case(
      make: { LazyConv2d(6, kernelSize: 1, stride: 2, padding: [0, 1], groups: 2) },
      shape: [2, 6, 6, 6], details: "4 -> 6, kernel 1x1, stride 2x2, padding 0x1, 2 groups"),
  ]

  @Test(arguments: cases) func shapesAndDetails(_ item: Case) {
    let layer = item.make()
    #expect(layer(inputs([2, 4, 12, 10])).shape == item.shape)
    #expect(layer.details == item.details)
    #expect(layer(inputs([0, 4, 12, 10])).shape == [0] + item.shape.dropFirst())
    #expect(
      layer.weight.value.shape == [6, 4 / layer.groups] + layer.weight.shape[2...].map { $0! })
  }

  @Test func conv2dLayerEqualsTheFunction() {
    let layer = Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 2)
    let x = inputs([2, 4, 9, 8])
    let y = conv2d(
      x, layer.weight.value, bias: layer.bias?.value, stride: 2, padding: 1, dilation: 2, groups: 2)
    #expect(layer(x).floats == y.floats)
  }

  @Test func gradients() throws {
    let layer = Conv2d(2, 4, kernelSize: [2, 3], stride: [1, 2], padding: 1, groups: 2)
    layer.useFloat64()
    let x = inputs([2, 2, 4, 5], dtype: .float64)
    try checkGradients(of: { layer($0) }, at: x)
    try checkParameterGradients(layer) { layer(x).tanh().sum() }
  }

  @Test func everyRankPrintsItsName() {
    let options: [any Layer] = [
      Conv1d(4, 6, kernelSize: 5, padding: 2, paddingMode: .circular),
      LazyConv2d(6, kernelSize: [2, 3], padding: .same, paddingMode: .reflect),
      LazyConv3d(6, kernelSize: 1, stride: [1, 2, 1], padding: .valid, paddingMode: .replicate),
    ]
    #expect(
      options.map(\.description) == [
        "Conv1d 4 -> 6, kernel 5, padding 2, circular",
        "Conv2d ? -> 6, kernel 2x3, padding same, reflect",
        "Conv3d ? -> 6, kernel 1x1x1, stride 1x2x1",
      ])
  }

  @Test func firstValuesAreWithinPyTorchsBound() throws {
    let bound = Float((1 / 24.0).squareRoot())  // 4 / 2 channels of 3 x 2 x 2 elements
    let layer = LazyConv3d(64, kernelSize: [3, 2, 2], groups: 2)
    layer.initialize(seed: 5)
    layer.materialize(for: .zeros([1, 4, 3, 2, 2]))
    for values in [layer.weight.value.floats, try #require(layer.bias).value.floats] {
      let largest = values.map(abs).max() ?? 0
      #expect(largest <= bound && largest > 0.95 * bound)
    }
  }

  @Test func samePaddingKeepsTheSize() {
    for kernel in 1...5 {
      for mode in [PaddingMode.zeros, .replicate] {
        let layer = LazyConv2d(
          1, kernelSize: [kernel, 6 - kernel], padding: .same, dilation: [1, 2], paddingMode: mode)
        #expect(layer(inputs([1, 2, 9, 12])).shape == [1, 1, 9, 12])
      }
    }
  }

  @Test func gradientsPassThroughPaddings() throws {
    let layer = Conv1d(2, 3, kernelSize: 2, padding: .same, paddingMode: .reflect)
    layer.useFloat64()
    let x = inputs([2, 2, 5], dtype: .float64)
    try checkGradients(of: { layer($0) }, at: x)
    try checkParameterGradients(layer) { layer(x).tanh().sum() }
  }

  /// As PyTorch's layers, lazy ones too; other than its own, a lazy instance norm as well.
  @Test func aBatchAxisIsNotNeeded() {
    func check(_ layer: any Layer, _ shape: [Int]) {
      let x = Tensor.arange(shape.reduce(1, *)).asType(.float32).sin().reshape(shape)
      let single = layer(x)
      let batch = layer(x.unsqueeze(0))
      #expect(batch.shape == [1] + single.shape, "\(layer)")
      #expect(batch.floats == single.floats, "\(layer)")
    }
    check(LazyConv1d(3, kernelSize: 2, padding: 1, paddingMode: .circular), [2, 7])
    check(Conv1d(4, 2, kernelSize: 3, padding: .same, groups: 2), [4, 5])
    check(LazyConv2d(3, kernelSize: 2, padding: [1, 2], paddingMode: .reflect), [2, 5, 6])
    check(LazyConv3d(2, kernelSize: 2), [2, 3, 4, 3])
    check(LazyConvTranspose1d(3, kernelSize: 2, stride: 2, outputPadding: 1), [2, 4])
    check(ConvTranspose2d(2, 3, kernelSize: 2, stride: 2), [2, 3, 4])
    check(LazyInstanceNorm2d(affine: true), [3, 4, 4])
    check(MaxPool2d(kernelSize: 2), [3, 4, 4])
    check(AdaptiveAvgPool2d([2, nil]), [3, 5, 4])
    check(AdaptiveMaxPool2d([2, 0]), [3, 5, 4])
    check(AdaptiveAvgPool2d([0, 2]), [3, 5, 4])
    let block = Sequential(LazyConv2d(2, kernelSize: 3), ReLU(), AvgPool2d(kernelSize: 2))
    check(block, [1, 6, 6])
  }
}
