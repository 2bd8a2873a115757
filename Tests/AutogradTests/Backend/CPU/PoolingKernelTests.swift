import CKernels
import Testing

@testable import Autograd

/// Every kernel set against the plain reference: pooling, gather and scatter.
@Suite struct PoolingKernelTests {
  private static let floats: [DType] = [.float32, .float64]

  private func randomWindow(_ random: inout RandomStream, isMaximum: Bool) -> CKWindow {
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    while true {
      let (height, width) = (draw(1...20), draw(1...40))
      let isUsual = Bool.random(using: &random)
      let (kernelHeight, kernelWidth) = isUsual ? (2, 2) : (draw(1...4), draw(1...4))
      let (strideY, strideX) = Bool.random(using: &random) ? (2, 2) : (draw(1...4), draw(1...4))
      let (padY, padX) = (draw(0...kernelHeight / 2), draw(0...kernelWidth / 2))
      let dilationY = isMaximum ? draw(1...2) : 1
      let dilationX = isMaximum ? draw(1...2) : 1
      let spanY = height + 2 * padY - dilationY * (kernelHeight - 1) - 1
      let spanX = width + 2 * padX - dilationX * (kernelWidth - 1) - 1
      if spanY < 0 || spanX < 0 { continue }
      // A dilated window in the padding could miss the image altogether.
      if dilationY * (kernelHeight - 1) >= height + padY || padY > 0 && height < dilationY {
        continue
      }
      if dilationX * (kernelWidth - 1) >= width + padX || padX > 0 && width < dilationX { continue }
      return CKWindow(
        height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
        outputHeight: spanY / strideY + 1, outputWidth: spanX / strideX + 1, strideY: strideY,
        strideX: strideX, padY: padY, padX: padX, dilationY: dilationY, dilationX: dilationX,
        countIncludesPadding: Bool.random(using: &random))
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func averagePool(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 71)
    for _ in 0..<200 {
      var window = randomWindow(&random, isMaximum: false)
      let planes = Int.random(in: 1...4, using: &random)
      let inputs = planes * window.height * window.width
      let outputs = planes * window.outputHeight * window.outputWidth
      let x = Cells(dtype, inputs, &random)
      let dy = Cells(dtype, outputs, &random)
      let results = [set, .reference].map { set in
        let (y, dx) = (Cells(dtype, outputs), Cells(dtype, inputs))
        set.kernels.averagePool(dtype.kernelType, &window, planes, x.memory, y.memory)
        set.kernels.averagePoolGradient(dtype.kernelType, &window, planes, dy.memory, dx.memory)
        return (y, dx)
      }
      let slack = { (_: Int) in dtype == .float32 ? 1e-5 : 1e-13 }
      #expect(results[0].0.agree(with: results[1].0, slack: slack), "\(window)")
      #expect(results[0].1.agree(with: results[1].1, slack: slack), "\(window)")
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func maxPoolIndices(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 72)
    for round in 0..<200 {
      var window = randomWindow(&random, isMaximum: true)
      let planes = Int.random(in: 1...4, using: &random)
      let x = Cells(
        dtype, planes * window.height * window.width, &random, isWild: round % 2 == 1)
      if round % 5 == 0 { x.clear() }
      let results = [set, .reference].map { set in
        let indices = Cells(.int32, planes * window.outputHeight * window.outputWidth)
        set.kernels.maxPoolIndices(
          dtype.kernelType, &window, planes, x.memory,
          indices.memory.assumingMemoryBound(to: Int32.self))
        return indices
      }
      #expect(results[0].agree(with: results[1]), "\(window)")
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func gatherAndScatter(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 73)
    for _ in 0..<100 {
      let planes = Int.random(in: 0...4, using: &random)
      let (xCount, yCount) = (max(1, randomSize(&random)), randomSize(&random))
      let x = Cells(dtype, planes * xCount, &random)
      let dy = Cells(dtype, planes * yCount, &random)
      let indices = (0..<planes * yCount).map { _ in
        Int32.random(in: 0..<Int32(xCount), using: &random)
      }
      let areWide = Bool.random(using: &random)
      func run(_ set: KernelSet, _ indices: [Int32]) -> (y: Cells, dx: Cells, fit: [Bool]) {
        let (y, dx) = (Cells(dtype, planes * yCount), Cells(dtype, planes * xCount))
        func both(_ start: UnsafeRawPointer) -> [Bool] {
          [
            set.kernels.gatherPlanes(
              dtype.kernelType, planes, xCount, yCount, x.memory, start, areWide, y.memory),
            set.kernels.scatterAddPlanes(
              dtype.kernelType, planes, yCount, xCount, dy.memory, start, areWide, dx.memory),
          ]
        }
        return (y, dx, areWide ? both(indices.map { Int64($0) }) : both(indices))
      }
      let results = [run(set, indices), run(.reference, indices)]
      #expect(results[0].fit == [true, true] && results[1].fit == [true, true])
      if areWide && !indices.isEmpty {
        for wrong in [-1, Int32(xCount)] {
          var indices = indices
          indices[Int.random(in: 0..<indices.count, using: &random)] = wrong
          #expect(run(set, indices).fit == [false, false])
          #expect(run(.reference, indices).fit == [false, false])
        }
      }
      #expect(results[0].0.agree(with: results[1].0))
      let slack = { (_: Int) in dtype == .float32 ? 1e-4 : 1e-12 }
      #expect(results[0].1.agree(with: results[1].1, slack: slack))
    }
  }
}
