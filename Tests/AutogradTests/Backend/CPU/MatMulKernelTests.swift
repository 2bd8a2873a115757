import CKernels
import Testing

@testable import Autograd

/// Every kernel set against the plain reference: packing and products of panels, patches and their sums.
@Suite struct MatMulKernelTests {
  private static let floats: [DType] = [.float32, .float64]

  private func panelWidths(_ set: KernelSet, _ dtype: DType) -> (left: Int, right: Int) {
    let (rows, columns) = (set.kernels.panelRows, set.kernels.panelColumns)
    return dtype == .float32 ? (rows.0, columns.0) : (rows.1, columns.1)
  }

  private func panelCount(_ count: Int, width: Int, depth: Int) -> Int {
    (count + width - 1) / width * width * depth
  }

  /// Element (i, k) of panels at i * depth + k; nil if what fills up the last panel is not zero.
  private func unpacked(_ panels: Cells, count: Int, width: Int, depth: Int) -> [Double]? {
    let values = panels.values
    var result = [Double](repeating: 0, count: count * depth)
    for i in 0..<(count + width - 1) / width * width {
      for k in 0..<depth {
        let value = values[i / width * width * depth + k * width + i % width]
        if i < count { result[i * depth + k] = value } else if value != 0 { return nil }
      }
    }
    return result
  }

  @Test(arguments: KernelSet.all, floats)
  func pack(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 61)
    let widths = panelWidths(set, dtype)
    for round in 0..<120 {
      let width = [widths.left, widths.right][round % 2]
      let count = max(1, randomSize(&random) * (round % 3 == 0 ? 5 : 1))
      let depth = randomSize(&random)
      let source = Operand(dtype, inner: depth, outer: count, &random)
      let results = [set, .reference].map { set in
        let panels = Cells(dtype, panelCount(count, width: width, depth: depth))
        set.kernels.pack(dtype.kernelType, width, count, depth, source.source, panels.memory)
        return panels
      }
      #expect(results[0].agree(with: results[1]), "\(width) \(count) \(depth) \(source.source)")
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func multiplyVector(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 63)
    for round in 0..<80 {
      let (columns, depth) = (max(1, randomSize(&random) * 3), randomSize(&random) * 2)
      let gap = round % 3
      let x = Cells(dtype, depth, &random)
      let b = Cells(dtype, (columns + gap) * (depth + gap), &random)
      let source =
        round % 2 == 0
        ? CKSource(data: b.memory, inner: 1, outer: depth + gap)
        : CKSource(data: b.memory, inner: columns + gap, outer: 1)
      let results = [set, .reference].map { set in
        let y = Cells(dtype, columns)
        set.kernels.multiplyVector(dtype.kernelType, columns, depth, x.memory, source, y.memory)
        return y
      }
      let epsilon = dtype == .float32 ? 0x1p-21 : 0x1p-50
      #expect(
        results[0].agree(with: results[1], slack: { _ in epsilon * 16 * Double(depth + 1) }),
        "\(columns) \(depth) \(source)")
    }
  }

  /// A left operand in memory as it is, by rows or by columns.
  private func leftOperand(_ a: Cells, rows: Int, depth: Int, round: Int) -> CKSource {
    round % 4 < 2
      ? CKSource(data: a.memory, inner: 1, outer: depth)
      : CKSource(data: a.memory, inner: rows, outer: 1)
  }

  @Test(arguments: KernelSet.all, floats)
  func multiplyPanels(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 62)
    for round in 0..<80 {
      let (rows, columns) = (max(1, randomSize(&random)), max(1, randomSize(&random) * 3))
      let depth = round % 10 == 0 ? 320 : randomSize(&random)
      let gap = round % 3
      let accumulates = round % 2 == 1
      let (a, b) = (Cells(dtype, rows * depth, &random), Cells(dtype, columns * depth, &random))
      let leftSource = leftOperand(a, rows: rows, depth: depth, round: round)
      let start = Cells(dtype, rows * (columns + gap), &random)
      let results = [set, .reference].map { set in
        let type = dtype.kernelType
        let widths = panelWidths(set, dtype)
        let left = Cells(dtype, panelCount(rows, width: widths.left, depth: depth))
        let right = Cells(dtype, panelCount(columns, width: widths.right, depth: depth))
        set.kernels.pack(type, widths.left, rows, depth, leftSource, left.memory)
        set.kernels.pack(
          type, widths.right, columns, depth, CKSource(data: b.memory, inner: 1, outer: depth),
          right.memory)
        return [true, false].map { isPacked in
          let c = Cells(dtype, start.count)
          c.memory.copyMemory(from: start.memory, byteCount: start.count * dtype.byteCount)
          if isPacked {
            set.kernels.multiplyPanels(
              type, rows, columns, depth, left.memory, right.memory, c.memory, columns + gap,
              accumulates)
          } else {
            set.kernels.multiplyRows(
              type, rows, columns, depth, leftSource, right.memory, c.memory, columns + gap,
              accumulates)
          }
          return c
        }
      }
      let epsilon = dtype == .float32 ? 0x1p-21 : 0x1p-50
      let slack = epsilon * 16 * Double(depth + 1)
      for (fast, reference) in zip(results[0], results[1]) {
        #expect(
          fast.agree(with: reference, slack: { _ in slack }), "\(rows) \(columns) \(depth)")
      }
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func multiplyMatrices(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 64)
    for round in 0..<80 {
      let (rows, depth) = (max(1, randomSize(&random)), randomSize(&random))
      let columns = panelWidths(set, dtype).right * Int.random(in: 1...4, using: &random)
      let gap = round % 3
      let (a, b) = (
        Cells(dtype, rows * depth, &random), Cells(dtype, (columns + gap) * depth, &random)
      )
      let left = leftOperand(a, rows: rows, depth: depth, round: round)
      let start = Cells(dtype, rows * (columns + gap), &random)
      let results = [set, .reference].map { set in
        let c = Cells(dtype, start.count)
        c.memory.copyMemory(from: start.memory, byteCount: start.count * dtype.byteCount)
        set.kernels.multiplyMatrices(
          dtype.kernelType, rows, columns, depth, left, b.memory, columns + gap, c.memory,
          columns + gap, round % 2 == 1)
        return c
      }
      let epsilon = dtype == .float32 ? 0x1p-21 : 0x1p-50
      #expect(
        results[0].agree(with: results[1], slack: { _ in epsilon * 16 * Double(depth + 1) }),
        "\(rows) \(columns) \(depth)")
    }
  }

  private func randomPatches(_ random: inout RandomStream, round: Int) -> CKPatches {
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    // Now and then one whose rows fit in no buffer on the stack.
    let isHuge = round % 40 == 39
    while true {
      let (height, width) = (draw(1...12), isHuge ? 4_000 : draw(1...14))
      let (kernelHeight, kernelWidth) = (draw(1...5), draw(1...5))
      let (strideY, strideX) = (draw(1...3), draw(1...3))
      let (padY, padX) = (draw(-2...4), draw(-2...4))
      let (dilationY, dilationX) = (draw(1...3), draw(1...3))
      func outputs(_ size: Int, _ kernel: Int, _ stride: Int, _ pad: Int, _ dilation: Int) -> Int {
        (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1 + draw(0...2)
      }
      let outputHeight = outputs(height, kernelHeight, strideY, padY, dilationY)
      let outputWidth = outputs(width, kernelWidth, strideX, padX, dilationX)
      if outputHeight < 1 || outputWidth < 1 { continue }
      let channels = draw(1...3)
      return CKPatches(
        channels: channels, height: height, width: width,
        imageStep: channels * height * width + draw(0...9), kernelHeight: kernelHeight,
        kernelWidth: kernelWidth, outputHeight: outputHeight, outputWidth: outputWidth,
        strideY: strideY, strideX: strideX, padY: padY, padX: padX, dilationY: dilationY,
        dilationX: dilationX)
    }
  }

  @Test(arguments: KernelSet.all, floats)
  func packPatches(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 63)
    for round in 0..<400 {
      var patches = randomPatches(&random, round: round)
      let images = round % 2 == 0 ? 1 : Int.random(in: 2...9, using: &random)
      let image = Cells(dtype, patches.imageStep * images, &random)
      let taps = patches.channels * patches.kernelHeight * patches.kernelWidth
      let pixels = patches.outputHeight * patches.outputWidth * images
      for isTransposed in [false, true] {
        let (depths, columns) = isTransposed ? (pixels, taps) : (taps, pixels)
        let depthStart = round % 3 == 0 ? Int.random(in: 0..<depths, using: &random) : 0
        let depth = min(320, Int.random(in: 1...depths - depthStart, using: &random))
        let width = panelWidths(set, dtype).right
        // Callers start at multiples of a panel.
        let start = Int.random(in: 0...(columns - 1) / width, using: &random) * width
        let count = min(columns - start, Int.random(in: 1...512, using: &random))
        let results = [set, .reference].map { set in
          let width = panelWidths(set, dtype).right
          let panels = Cells(dtype, panelCount(count, width: width, depth: depth))
          let kernel =
            isTransposed ? set.kernels.packPatchesTransposed : set.kernels.packPatches
          kernel(
            dtype.kernelType, &patches, image.memory, depthStart, depth, start, count,
            panels.memory)
          #expect(panels.isMarginIntact)
          return unpacked(panels, count: count, width: width, depth: depth)
        }
        #expect(
          results[0] != nil && results[0] == results[1],
          "\(patches) \(isTransposed) \(depthStart) \(depth) \(start) \(count)")
      }
    }
  }

  /// Of all output rows or some; what lies around the products is NaN.
  @Test(arguments: KernelSet.all, floats)
  func sumPatches(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 65)
    for round in 0..<400 {
      var patches = randomPatches(&random, round: round)
      let taps = patches.channels * patches.kernelHeight * patches.kernelWidth
      let firstRow = Int.random(in: 0..<patches.height, using: &random)
      let rows = Int.random(in: 0...patches.height - firstRow, using: &random)
      let firstOutput = round % 2 == 0 ? 0 : patches.outputHeight / 2
      let outputs = patches.outputHeight - firstOutput
      let (gap, slack) = (round % 3, 64 / dtype.byteCount)
      let tapStep = outputs * patches.outputWidth + gap
      let products = Cells(dtype, taps * tapStep + 2 * slack, &random)
      for index in 0..<products.count {
        let place = index - slack
        if place < 0 || place >= taps * tapStep || place % tapStep >= tapStep - gap {
          products.makeNaN(index)
        }
      }
      let image = Cells(dtype, patches.channels * patches.height * patches.width, &random)
      let results = [set, .reference].map { set in
        let result = Cells(dtype, image.count)
        result.memory.copyMemory(from: image.memory, byteCount: image.count * dtype.byteCount)
        set.kernels.sumPatches(
          dtype.kernelType, &patches, firstRow, rows,
          products.memory + slack * dtype.byteCount, tapStep, firstOutput, outputs, result.memory)
        return result
      }
      let slackOfSums = dtype == .float32 ? 1e-4 : 1e-13
      #expect(
        results[0].agree(with: results[1], slack: { _ in slackOfSums }),
        "\(patches) \(firstRow) \(rows) \(firstOutput)")
    }
  }
}
