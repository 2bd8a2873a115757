import Testing

@testable import Autograd

/// Blocks in a row as one operation against the operations one by one.
@Suite struct ConvolutionBlockTests {
  private static let pools = [(3, 2, 1), (2, 2, 0), (2, 2, 0)]
  private static let kernels = [[7, 2, 5, 3], [5, 7, 3, 3], [3, 5, 2, 2]]
  private static let paddings = [2, 0, 1]

  /// The input and each block's weight and bias.
  private static func tensors(_ batch: Int, _ dtype: DType) -> [Tensor] {
    var random = RandomStream(seed: 4, path: "blocks")
    let parameters = kernels.flatMap { kernel in
      [
        random.normal(kernel, standardDeviation: 0.3, dtype: dtype),
        random.normal([kernel[0]], dtype: dtype),
      ]
    }
    return [random.normal([batch, 2, 13, 12], dtype: dtype)] + parameters
  }

  private static func blocks(_ tensors: [Tensor]) -> [ConvolutionBlock] {
    [BlockActivation.sigmoid, .relu, .tanh].enumerated().map { index, activation in
      let (size, stride, padding) = pools[index]
      return ConvolutionBlock(
        tensors[2 * index + 1], bias: tensors[2 * index + 2],
        convolution: SlidingWindow(
          "conv2d", kernel: Array(kernels[index][2...]), stride: 1, padding: paddings[index],
          dilation: 1), activation: activation,
        pool: SlidingWindow(
          pooling: "avgPool2d", axes: 2, size, stride: stride, padding: padding, roundsUp: false),
        countIncludesPadding: index > 0)
    }
  }

  private static func oneByOne(_ tensors: [Tensor]) -> Tensor {
    var y = tensors[0]
    for (index, (size, stride, padding)) in pools.enumerated() {
      y = conv2d(
        y, tensors[2 * index + 1], bias: tensors[2 * index + 2], padding: paddings[index])
      y = [y.sigmoid(), y.relu(), y.tanh()][index]
      y = avgPool2d(
        y, kernelSize: size, stride: stride, padding: padding, countIncludesPadding: index > 0)
    }
    return y
  }

  /// The result and the gradients at some of the tensors.
  private static func run(
    _ tensors: [Tensor], _ wanted: [Int], _ body: ([Tensor]) -> Tensor
  ) -> [Tensor] {
    let tape = Tape()
    var tensors = tensors
    for index in wanted { tensors[index] = tape.watch(tensors[index]) }
    let y = body(tensors)
    let gradients = tape.gradient(of: y.square().sum(), at: wanted.map { tensors[$0] })
    return [y.stoppingGradient()] + gradients
  }

  @Test(arguments: [DType.float32, .float64], [8, 37])
  func agreesWithTheOperationsOneByOne(_ dtype: DType, _ batch: Int) throws {
    let tensors = ConvolutionBlockTests.tensors(batch, dtype)
    let tolerance = dtype == .float32 ? 2e-5 : 1e-13
    for wanted in [[], [0], [5], [2, 3], [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6]] {
      let found = ConvolutionBlockTests.run(tensors, wanted) { tensors in
        guard let (y, count) = convolutionBlocks(tensors[0], ConvolutionBlockTests.blocks(tensors))
        else { return Tensor(0) }
        #expect(count == 3)
        return y
      }
      let expected = ConvolutionBlockTests.run(tensors, wanted, ConvolutionBlockTests.oneByOne)
      #expect(found[0].bits == expected[0].bits && found[0].shape == expected[0].shape)
      for (index, (a, b)) in zip(found, expected).enumerated() {
        let error = (a - b).abs().max().item() / b.abs().max().item()
        #expect(error < tolerance && a.shape == b.shape, "\(wanted): \(index)")
      }
    }
  }

  @Test func secondOrderIsThatOfTheOperations() {
    let tensors = ConvolutionBlockTests.tensors(8, .float64)
    func second(_ body: @escaping ([Tensor]) -> Tensor) -> [Tensor] {
      let wanted = [0, 1, 2, 5]
      return gradients(at: wanted.map { tensors[$0] }) { outer in
        let inner = gradients(at: outer) { values in
          var all = tensors
          for (index, value) in zip(wanted, values) { all[index] = value }
          return body(all).square().sum()
        }
        return inner.map { ($0 * $0).sum() }.reduce(Tensor(0, dtype: .float64)) { $0 + $1 }
      }
    }
    let found = second { convolutionBlocks($0[0], ConvolutionBlockTests.blocks($0))!.y }
    let expected = second(ConvolutionBlockTests.oneByOne)
    for (a, b) in zip(found, expected) {
      #expect((a - b).abs().max().item() < 1e-12 * b.abs().max().item())
    }
  }

  @Test func onlyTheFirstBlocksThatSuitTakePart() {
    let tensors = ConvolutionBlockTests.tensors(16, .float32)
    let blocks = ConvolutionBlockTests.blocks(tensors)
    func count(_ batch: Int, _ blocks: [ConvolutionBlock]) -> Int? {
      let x = Tensor.zeros([batch, 2, 13, 12])
      let result = convolutionBlocks(x, blocks)
      if let result { #expect(result.y.size(1) == [7, 5, 3][result.count - 1]) }
      return result?.count
    }
    #expect(count(16, blocks) == 3)
    #expect(count(16, [blocks[0]]) == 1)
    #expect(count(16, [blocks[0], blocks[2]]) == 1)  // another number of channels
    #expect(count(16, [blocks[1], blocks[2]]) == nil)
    #expect(count(1, blocks) == nil || CPU.laneCount(.float32) < 4)  // too few images
    let double = ConvolutionBlockTests.blocks(ConvolutionBlockTests.tensors(16, .float64))
    #expect(count(16, [blocks[0], blocks[1], double[2]]) == 2)
  }
}
