import TestCases
import TestSupport
import Testing

@testable import Autograd

struct ConvolutionTests {
  /// The sizes of one convolution, drawn from a seed.
  struct Sizes: Sendable {
    var batch = 1, channels = 1, outputs = 1, groups = 1
    var image = [1, 1], kernel = [1, 1], stride = [1, 1], padding = [0, 0], dilation = [1, 1]

    init(seed: Int) {
      var random = RandomStream(seed: UInt64(seed), path: "sizes")
      func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      func pair(_ range: ClosedRange<Int>) -> [Int] { [draw(range), draw(range)] }
      (batch, groups) = (draw(0...3), draw(1...3))
      (channels, outputs) = (groups * draw(1...3), groups * draw(1...3))
      (kernel, stride, padding, dilation) = (pair(1...4), pair(1...3), pair(0...4), pair(1...3))
      for axis in 0..<2 {
        let span = dilation[axis] * (kernel[axis] - 1) + 1
        image[axis] = Swift.max(1, span - 2 * padding[axis]) + draw(0...7)
      }
    }

    init(
      batch: Int, channels: Int, outputs: Int, image: [Int], kernel: [Int], stride: [Int] = [1, 1],
      padding: [Int] = [0, 0]
    ) {
      (self.batch, self.channels, self.outputs) = (batch, channels, outputs)
      (self.image, self.kernel, self.stride, self.padding) = (image, kernel, stride, padding)
    }

    var x: Tensor { Reference.random([batch, channels] + image, seed: 1) }
    var weight: Tensor { Reference.random([outputs, channels / groups] + kernel, seed: 2) }

    func convolve(_ x: Tensor, _ weight: Tensor) -> Tensor {
      conv2d(
        x, weight, stride: .each(stride), padding: .each(padding), dilation: .each(dilation),
        groups: groups)
    }

    var outputSize: [Int] {
      var sizes = [0, 0]
      for axis in 0..<2 {
        let span = dilation[axis] * (kernel[axis] - 1) + 1
        sizes[axis] = (image[axis] + 2 * padding[axis] - span) / stride[axis] + 1
      }
      return sizes
    }

    /// Value and gradients by seven loops.
    func naive(_ x: [Double], _ w: [Double], _ dy: [Double]) -> (
      y: [Double], dx: [Double], dw: [Double]
    ) {
      let out = outputSize
      let (perGroup, groupOutputs) = (channels / groups, outputs / groups)
      var y = [Double](repeating: 0, count: batch * outputs * out[0] * out[1])
      var dx = [Double](repeating: 0, count: x.count)
      var dw = [Double](repeating: 0, count: w.count)
      func offset(_ shape: [Int], _ place: [Int]) -> Int {
        zip(shape, place).reduce(0) { $0 * $1.0 + $1.1 }
      }
      let (xShape, wShape) = ([batch, channels] + image, [outputs, perGroup] + kernel)
      let taps = Reference.places([perGroup] + kernel)
      for (yAt, place) in Reference.places([batch, outputs] + out).enumerated() {
        for tap in taps {
          let row: Int = place[2] * stride[0] - padding[0] + tap[1] * dilation[0]
          let column: Int = place[3] * stride[1] - padding[1] + tap[2] * dilation[1]
          guard (0..<image[0]).contains(row), (0..<image[1]).contains(column) else { continue }
          let channel = place[1] / groupOutputs * perGroup + tap[0]
          let xAt = offset(xShape, [place[0], channel, row, column])
          let wAt = offset(wShape, [place[1]] + tap)
          y[yAt] += x[xAt] * w[wAt]
          dx[xAt] += dy[yAt] * w[wAt]
          dw[wAt] += dy[yAt] * x[xAt]
        }
      }
      return (y, dx, dw)
    }
  }

  private func check(
    _ sizes: Sizes, dtype: DType, layout: Layout = .dense, tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let x = layout.make(sizes.x.shape) { Reference.random($0, seed: 1, dtype: dtype) }
    let weight = layout.make(sizes.weight.shape) { Reference.random($0, seed: 2, dtype: dtype) }
    let tape = Tape()
    let watched = [tape.watch(x), tape.watch(weight)]
    let y = sizes.convolve(watched[0], watched[1])
    let dy = layout.make(y.shape) { Reference.random($0, seed: 3, dtype: dtype) }
    let found = tape.pullback(of: y, cotangent: dy, at: watched)
    let expected = sizes.naive(Reference(x).values, Reference(weight).values, Reference(dy).values)
    for (name, tensor, values) in [
      ("y", y, expected.y), ("dx", found[0], expected.dx), ("dw", found[1], expected.dw),
    ] {
      #expect(tensor.dtype == dtype)
      expect(
        tensor, equals: Reference(values, shape: tensor.shape), tolerance: tolerance,
        "\(name) \(sizes)", sourceLocation: sourceLocation)
    }
    #expect(found[0].shape == x.shape && found[1].shape == weight.shape)
  }

  @Test(arguments: 0..<60)
  func randomSizes(_ seed: Int) {
    let sizes = Sizes(seed: seed)
    check(sizes, dtype: .float64, tolerance: 1e-12)
    check(sizes, dtype: .float32, tolerance: 1e-4)
    check(sizes, dtype: .float64, layout: Layout.allCases[seed % 4], tolerance: 1e-12)
  }

  /// Beyond one block of depth, one tile of pixels and one sum of weight gradients.
  @Test(arguments: [
    Sizes(batch: 1, channels: 40, outputs: 3, image: [6, 5], kernel: [3, 3]),
    Sizes(batch: 2, channels: 1, outputs: 3, image: [31, 37], kernel: [2, 3], padding: [1, 1]),
    Sizes(batch: 67, channels: 2, outputs: 3, image: [5, 4], kernel: [2, 2]),
    Sizes(batch: 1, channels: 3, outputs: 45, image: [4, 4], kernel: [3, 3], padding: [1, 1]),
  ])
  func blocks(_ sizes: Sizes) {
    check(sizes, dtype: .float64, tolerance: 1e-12)
    check(sizes, dtype: .float32, tolerance: 2e-4)
  }

  /// Beyond one part: of the channels, images and rows of an input gradient with a stride; and of the rows and outputs
  /// of a block of interleaved images.
  @Test(arguments: [
    Sizes(batch: 40, channels: 70, outputs: 3, image: [5, 4], kernel: [3, 3], stride: [2, 2]),
    Sizes(
      batch: 1, channels: 2, outputs: 1, image: [65, 66], kernel: [7, 7], stride: [2, 2],
      padding: [1, 2]),
    Sizes(batch: 8, channels: 4, outputs: 6, image: [33, 20], kernel: [3, 3], padding: [1, 1]),
    Sizes(
      batch: 8, channels: 4, outputs: 7, image: [65, 20], kernel: [3, 2], stride: [2, 1],
      padding: [2, 0]),
  ])
  func parts(_ sizes: Sizes) {
    check(sizes, dtype: .float64, tolerance: 1e-12)
    check(sizes, dtype: .float32, tolerance: 2e-4)
  }

  /// A window that sees all of an image.
  @Test(arguments: [0, 1, 5])
  func wholeImages(_ batch: Int) {
    let sizes = Sizes(batch: batch, channels: 3, outputs: 7, image: [4, 3], kernel: [4, 3])
    check(sizes, dtype: .float64, tolerance: 1e-12)
    check(sizes, dtype: .float32, tolerance: 1e-4)
  }

  /// An infinite weight or cotangent reaches the pixels that it contributes to and no others, whatever the stride.
  @Test(arguments: [1, 2, 3], [DType.float32, .float64])
  func infinitiesReachTheirOwnPixels(_ stride: Int, _ dtype: DType) {
    let x = Tensor.zeros([1, 12, 9, 9], dtype: dtype)
    for (weights, cotangent) in [(Double.infinity, 1.0), (1, .infinity)] {
      var weight = [Double](repeating: 1, count: 2 * 12 * 9)
      weight[9 + 4] = weights  // the middle tap of the first output's second channel
      let size = (9 - 3) / stride + 1
      var dy = [Double](repeating: 1, count: 2 * size * size)
      dy[size + 1] = cotangent  // the first output's window at (1, 1)
      let tape = Tape()
      let watched = tape.watch(x)
      let y = conv2d(
        watched, Tensor(weight, shape: [2, 12, 3, 3]).asType(dtype), stride: .all(stride))
      let dx = tape.pullback(
        of: y, cotangent: Tensor(dy, shape: y.shape).asType(dtype), at: [watched])[0]
      let expected = Reference(shape: dx.shape) { place in
        let (row, column) = (place[2], place[3])
        var sum = 0.0
        for tapY in 0..<3 {
          for tapX in 0..<3 {
            let (top, left) = (row - tapY, column - tapX)
            if top < 0 || left < 0 || top % stride != 0 || left % stride != 0 { continue }
            let (outputY, outputX) = (top / stride, left / stride)
            if outputY >= size || outputX >= size { continue }
            let isTap = place[1] == 1 && tapY == 1 && tapX == 1
            sum += (isTap ? weights : 1) * dy[outputY * size + outputX] + 1
          }
        }
        return sum
      }
      #expect(Reference(dx).values == expected.values, "\(weights) \(cotangent)")
    }
  }

  /// PyTorch 2.13.
  @Test func groupsStrideAndPadding() {
    let x = Tensor((1...18).map(Double.init), shape: [1, 2, 3, 3])
    let weight = Tensor((0..<16).map { (Double($0) - 7) / 2 }, shape: [4, 1, 2, 2])
    let bias = Tensor([1, 2, 3, 4])
    let y = conv2d(x, weight, bias: bias, stride: 2, padding: 1, groups: 2)
    expect(
      y,
      equals: [
        -1, -10, -25, -72.5, 2, 1, -2, -15.5, 23, 43.5, 48, 86.5, 44, 90.5, 107, 215.5,
      ], shape: [1, 4, 2, 2])
    let cotangent = Tensor((0..<16).map(Double.init), shape: [1, 4, 2, 2])
    let found = gradients(at: [x, weight, bias]) {
      (conv2d($0[0], $0[1], bias: $0[2], stride: 2, padding: 1, groups: 2) * cotangent).sum()
    }
    expect(
      found[0],
      equals: [0, -5, -2, -12, -21, -16, -4, -11, -6, 64, 59, 70, 52, 43, 56, 76, 69, 82],
      shape: [1, 2, 3, 3])
    expect(
      found[1],
      equals: [15, 26, 26, 44, 35, 66, 66, 124, 154, 295, 286, 546, 210, 407, 398, 770],
      shape: [4, 1, 2, 2])
    expect(found[2], equals: [6, 22, 38, 54])
  }

  /// PyTorch 2.13.
  @Test func dilation() {
    let x = Tensor((1...18).map(Double.init), shape: [1, 2, 3, 3])
    let weight = Tensor([1, 1, 1, 1, -2, -2, -2, -2], shape: [1, 2, 2, 2])
    expect(conv2d(x, weight, dilation: 2), equals: [-92], shape: [1, 1, 1, 1])
  }

  @Test func emptySizes() {
    let y = conv2d(
      Tensor.zeros([2, 0, 3, 3]), Tensor.zeros([4, 0, 2, 2]), bias: Tensor([1, 2, 3, 4]))
    expect(y, equals: Reference(shape: [2, 4, 2, 2]) { Double($0[1] + 1) })
    #expect(conv2d(Tensor.zeros([0, 1, 3, 3]), Tensor.zeros([4, 1, 2, 2])).shape == [0, 4, 2, 2])
    #expect(conv2d(Tensor.zeros([2, 1, 3, 3]), Tensor.zeros([0, 1, 2, 2])).shape == [2, 0, 2, 2])
    expect(
      conv2d(Tensor.zeros([1, 1, 0, 1]), Tensor.ones([1, 1, 2, 1]), padding: [1, 0]), equals: [0],
      shape: [1, 1, 1, 1])
  }

  @Test func channelsThatDoNotFit() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([1, 3, 5, 5]), Tensor.zeros([4, 2, 3, 3]))
    }
    expect(
      result, names: "conv2d", "weights float32 [4, 2, 3, 3]", "images float32 [1, 3, 5, 5]",
      "1 groups")
  }

  @Test func imagesOfAnotherRank() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([5, 5]), Tensor.zeros([4, 3, 3, 3]))
    }
    expect(result, names: "conv2d", "float32 [5, 5]", "float32 [4, 3, 3, 3]")
  }

  @Test func kernelLargerThanTheImageStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([1, 1, 3, 3]), Tensor.zeros([1, 1, 3, 3]), dilation: 2)
    }
    expect(result, names: "conv2d", "window of [3, 3]", "dilation [2, 2]", "padding [0, 0]")
  }

  @Test func strideOfZeroStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([1, 1, 3, 3]), Tensor.zeros([1, 1, 1, 1]), stride: [1, 0])
    }
    expect(result, names: "conv2d", "kernel [1, 1]", "stride [1, 0]", "1")
  }

  @Test func imagesAndWeightsOfTwoTypesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([1, 1, 3, 3]), Tensor.zeros([1, 1, 1, 1], dtype: .float64))
    }
    expect(result, names: "conv2d", "float32 [1, 1, 3, 3]", "float64 [1, 1, 1, 1]")
  }

  @Test func biasOfAnotherLengthStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(
        Tensor.zeros([1, 1, 3, 3]), Tensor.zeros([2, 1, 1, 1]), bias: Tensor.zeros([3]))
    }
    expect(result, names: "conv2d", "bias", "float32 [2]", "float32 [3]")
  }

  @Test func threePaddingSizesForTwoAxesStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = conv2d(Tensor.zeros([1, 1, 3, 3]), Tensor.zeros([2, 1, 1, 1]), padding: [1, 1, 1])
    }
    expect(result, names: "padding", "2 sizes", "[1, 1, 1]")
  }

  /// Most pixels are seen by no window: they get zeros.
  @Test(arguments: [DType.float32, .float64], [2, 3])
  func gradientBetweenWindows(_ dtype: DType, _ stride: Int) {
    let x = Reference.random([3, 64, 5, 4], dtype: dtype)
    let weight = Reference.random([128, 64, 1, 1], seed: 1, dtype: dtype)
    func gradients(_ convolve: @Sendable (Tensor, Tensor) -> Tensor) -> [Tensor] {
      let tape = Tape()
      let (x, weight) = (tape.watch(x), tape.watch(weight))
      let y = convolve(x, weight)
      return tape.pullback(
        of: y, cotangent: Reference.random(y.shape, seed: 2, dtype: dtype), at: [x, weight])
    }
    let found = gradients { conv2d($0, $1, stride: .all(stride)) }
    let expected = gradients { x, weight in
      conv2d(x.slice(axis: 2, step: stride).slice(axis: 3, step: stride), weight)
    }
    for (found, expected) in zip(found, expected) {
      expect(found, equals: Reference(expected), tolerance: dtype == .float32 ? 1e-5 : 1e-13)
    }
  }
}
