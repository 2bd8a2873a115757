import TestCases
import TestSupport
import Testing

@testable import Autograd

struct PoolingTests {
  struct Sizes: Sendable {
    let image: [Int], kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]

    init(seed: Int, dilates: Bool = true) {
      var random = RandomStream(seed: UInt64(seed), path: "pooling")
      func pair(_ range: ClosedRange<Int>) -> [Int] {
        [Int.random(in: range, using: &random), Int.random(in: range, using: &random)]
      }
      if seed % 5 == 0 {  // the kernels' short way
        (kernel, stride, padding, dilation) = ([2, 2], [2, 2], [0, 0], [1, 1])
      } else {
        kernel = pair(1...4)
        (stride, dilation) = (pair(1...3), dilates ? pair(1...2) : [1, 1])
        padding = kernel.map { Int.random(in: 0...($0 / 2), using: &random) }
      }
      let extra = pair(0...9)
      let (kernel, dilation) = (kernel, dilation)
      image = (0..<2).map { dilation[$0] * (kernel[$0] - 1) + 1 + extra[$0] }
    }

    var outputSize: [Int] {
      var sizes = [0, 0]
      for axis in 0..<2 {
        let span = dilation[axis] * (kernel[axis] - 1) + 1
        sizes[axis] = (image[axis] + 2 * padding[axis] - span) / stride[axis] + 1
      }
      return sizes
    }

    /// The places that each window looks at, inside the image or not.
    var windows: [[(row: Int, column: Int)]] {
      let taps = Reference.places(kernel)
      return Reference.places(outputSize).map { place in
        let (top, left) = (place[0] * stride[0] - padding[0], place[1] * stride[1] - padding[1])
        return taps.map { (top + $0[0] * dilation[0], left + $0[1] * dilation[1]) }
      }
    }

    func holds(_ place: (row: Int, column: Int)) -> Bool {
      (0..<image[0]).contains(place.row) && (0..<image[1]).contains(place.column)
    }
  }

  /// Value and gradient of two planes against plain loops.
  private func check(
    _ sizes: Sizes, _ dtype: DType, _ layout: Layout,
    _ pool: (Tensor) -> Tensor,
    _ weights: (_ plane: [Double], _ window: [(row: Int, column: Int)]) -> [(Int, Double)]
  ) {
    let x = layout.make([2] + sizes.image) { Reference.random($0, dtype: dtype) }
    let tape = Tape()
    let watched = tape.watch(x)
    let y = pool(watched)
    let dy = Reference.random(y.shape, seed: 1, dtype: dtype)
    let dx = tape.pullback(of: y, cotangent: dy, at: [watched])[0]
    let (values, cotangent) = (Reference(x).values, Reference(dy).values)
    let pixels = sizes.image[0] * sizes.image[1]
    var result: [Double] = []
    var gradient = [Double](repeating: 0, count: values.count)
    for plane in 0..<2 {
      let own = Array(values[plane * pixels..<(plane + 1) * pixels])
      for window in sizes.windows {
        let parts = weights(own, window)
        for (place, weight) in parts {
          gradient[plane * pixels + place] += weight * cotangent[result.count]
        }
        result.append(parts.reduce(0) { $0 + own[$1.0] * $1.1 })
      }
    }
    let tolerance = dtype == .float32 ? 1e-5 : 1e-13
    expect(y, equals: Reference(result, shape: y.shape), tolerance: tolerance, "\(sizes)")
    expect(dx, equals: Reference(gradient, shape: x.shape), tolerance: tolerance, "\(sizes)")
  }

  @Test(arguments: 0..<50)
  func average(_ seed: Int) {
    let sizes = Sizes(seed: seed, dilates: false)
    let counts = seed % 2 == 0
    for dtype in [DType.float32, .float64] {
      check(sizes, dtype, Layout.allCases[seed % 4]) {
        avgPool2d(
          $0, kernelSize: .each(sizes.kernel), stride: .each(sizes.stride),
          padding: .each(sizes.padding),
          countIncludesPadding: counts)
      } _: { _, window in
        let inside = window.filter(sizes.holds)
        // PyTorch clips windows to the padded image even where padding counts.
        let counted = window.filter {
          $0.row < sizes.image[0] + sizes.padding[0]
            && $0.column < sizes.image[1] + sizes.padding[1]
        }
        let share = 1 / Double(counts ? counted.count : inside.count)
        return inside.map { ($0.row * sizes.image[1] + $0.column, share) }
      }
    }
  }

  @Test(arguments: 0..<50)
  func maximum(_ seed: Int) {
    let sizes = Sizes(seed: seed)
    for dtype in [DType.float32, .float64] {
      check(sizes, dtype, Layout.allCases[seed % 4]) {
        maxPool2d(
          $0, kernelSize: .each(sizes.kernel), stride: .each(sizes.stride),
          padding: .each(sizes.padding),
          dilation: .each(sizes.dilation))
      } _: { plane, window in
        let places = window.filter(sizes.holds).map { $0.row * sizes.image[1] + $0.column }
        let largest = places.map { plane[$0] }.max()!
        return [(places.first { plane[$0] == largest }!, 1)]
      }
    }
  }

  /// PyTorch 2.13.
  @Test(arguments: [DType.float32, .float64])
  func literals(_ dtype: DType) {
    let x = Tensor((1...16).map(Double.init), shape: [1, 1, 4, 4], dtype: dtype)
    expect(
      avgPool2d(x, kernelSize: 3, stride: 2, padding: 1),
      equals: [1.5555555555555556, 3.3333333333333335, 6.333333333333333, 11],
      shape: [1, 1, 2, 2], tolerance: 1e-6)
    expect(
      avgPool2d(x, kernelSize: 3, stride: 2, padding: 1, countIncludesPadding: false),
      equals: [3.5, 5, 9.5, 11], shape: [1, 1, 2, 2], tolerance: 1e-6)
    expect(
      maxPool2d(x, kernelSize: 2, stride: 1, padding: 1, dilation: 2),
      equals: [6, 7, 8, 7, 10, 11, 12, 11, 14, 15, 16, 15, 10, 11, 12, 11], shape: [1, 1, 4, 4])
    expect(
      maxPool2d(x, kernelSize: 3, stride: 2, padding: 1), equals: [6, 8, 14, 16],
      shape: [1, 1, 2, 2])
    expect(avgPool2d(x, kernelSize: 2), equals: [3.5, 5.5, 11.5, 13.5], shape: [1, 1, 2, 2])
    expect(maxPool2d(x, kernelSize: 2), equals: [6, 8, 14, 16], shape: [1, 1, 2, 2])
  }

  @Test(arguments: [1, 2])
  func specialValues(_ stride: Int) {
    let inf = Double.infinity
    let x = Tensor([[-inf, -inf], [-inf, -inf]])
    expect(maxPool2d(x, kernelSize: 2, stride: .all(stride)), equals: [-inf], shape: [1, 1])
    for place in 0..<4 {
      var values = [1.0, 2, 3, 4]
      values[place] = .nan
      let y = maxPool2d(Tensor(values, shape: [2, 2]), kernelSize: 2, stride: .all(stride))
      expect(y, equals: [.nan], shape: [1, 1])
    }
  }

  @Test func firstOfEqualMaximaGetsTheGradient() {
    for stride in [1, 2] {
      let slope = gradient(at: Tensor.ones([2, 2])) {
        maxPool2d($0, kernelSize: 2, stride: .all(stride)).sum()
      }
      expect(slope, equals: [1, 0, 0, 0], shape: [2, 2])
    }
  }

  @Test func emptySizes() {
    #expect(maxPool2d(Tensor.zeros([0, 3, 4, 4]), kernelSize: 2).shape == [0, 3, 2, 2])
    #expect(avgPool2d(Tensor.zeros([2, 0, 4, 4]), kernelSize: 3).shape == [2, 0, 1, 1])
    expect(avgPool2d(Tensor.zeros([0, 0]), kernelSize: 2, padding: 1), equals: [0], shape: [1, 1])
  }

  /// As PyTorch; its gradient there writes beyond the image (2.13), ours is 0.
  @Test func windowOutsideTheImageGivesMinusInfinity() {
    let x = Tensor([[1, 2], [3, 4]], dtype: .float64).reshape([1, 2, 2])
    let result = valueAndGradient(at: x) { x in
      maxPool2d(x, kernelSize: 2, padding: [1, 0], dilation: [3, 1]).sum()
    }
    #expect(result.value.item() == -.infinity)
    expect(result.gradient, equals: [0, 0, 0, 0], shape: [1, 2, 2])
    for (shape, y) in [
      ([4], maxPool1d(.zeros([2, 4]), kernelSize: 2, padding: 1, dilation: 5)),
      ([0, 3, 3], maxPool2d(.zeros([0, 3, 3]), kernelSize: 2, padding: 1, dilation: 4)),
      ([3, 1, 2], maxPool3d(.zeros([2, 3, 1, 2]), kernelSize: 2, padding: 1, dilation: 2)),
    ] {
      #expect(y.scalars(as: Double.self).allSatisfy { $0 == -.infinity }, "\(shape)")
      #expect(y.shape.last == 1 || shape == [3, 1, 2], "\(shape)")
    }
  }

  @Test func poolingAnEmptyImageStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = maxPool2d(Tensor.zeros([1, 0, 0]), kernelSize: 2, padding: 1)
    }
    expect(result, names: "maxPool2d", "float32 [1, 0, 0]")
  }

  @Test func paddingAboveHalfTheKernelStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = avgPool2d(Tensor.zeros([1, 4, 4]), kernelSize: 2, padding: 2)
    }
    expect(result, names: "avgPool2d", "padding [2, 2]", "kernel [2, 2]")
  }

  @Test func poolingAVectorStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = maxPool2d(Tensor.zeros([4]), kernelSize: 2)
    }
    expect(result, names: "maxPool2d", "float32 [4]")
  }

  @Test func windowLargerThanTheImageStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = avgPool2d(Tensor.zeros([1, 2, 4]), kernelSize: 3)
    }
    expect(result, names: "avgPool2d", "window of [3, 3]", "[2, 4]")
  }
}
