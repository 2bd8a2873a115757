import CKernels
import Testing

@testable import Autograd

/// The convolution in lanes: every kernel set against plain loops over [channels, height, width].
@Suite struct InterleavedKernelTests {
  /// Random sizes round the edges of the register tiles, with strides and dilations.
  private static func sizes(_ random: inout RandomStream) -> CKInterleavedConvolution {
    func pick(_ limit: Int) -> Int { 1 + Int(random.next() % UInt64(limit)) }
    let kernel = (pick(6), pick(7))
    let stride = (pick(2), pick(3))
    let dilation = (pick(2), pick(2))
    let output = (pick(3), pick(9))
    let height = (output.0 - 1) * stride.0 + (kernel.0 - 1) * dilation.0 + pick(2)
    let width = (output.1 - 1) * stride.1 + (kernel.1 - 1) * dilation.1 + pick(2)
    let (top, left) = (pick(3) - 1, pick(3) - 1)
    var s = CKInterleavedConvolution(
      channels: pick(3), height: height, width: width,
      kernelHeight: kernel.0, kernelWidth: kernel.1, outputs: pick(13),
      outputHeight: output.0, outputWidth: output.1, strideY: stride.0, strideX: stride.1,
      padY: 0, padX: 0, dilationY: dilation.0, dilationX: dilation.1, firstRow: top,
      endRow: max(top, height + 1 - pick(4)), firstColumn: left,
      endColumn: max(left, width + 1 - pick(4)))
    if pick(2) == 1 {  // padding that is not in memory
      (s.padY, s.padX) = (pick(4), pick(4))
      (s.height, s.width) = (max(1, height - s.padY - pick(3)), max(1, width - s.padX - pick(3)))
      (s.firstRow, s.endRow, s.firstColumn, s.endColumn) = (0, s.height, 0, s.width)
    }
    return s
  }

  /// Makes zero what lies outside the given rows and columns.
  private static func clearBorder(_ x: Cells, _ s: CKInterleavedConvolution, lanes: Int) {
    let size = x.dtype.byteCount
    for place in 0..<s.channels * s.height * s.width {
      let (row, column) = (place / s.width % s.height, place % s.width)
      if row >= s.firstRow && row < s.endRow && column >= s.firstColumn && column < s.endColumn {
        continue
      }
      (x.memory + place * lanes * size)
        .initializeMemory(as: UInt8.self, repeating: 0, count: lanes * size)
    }
  }

  /// Calls `body` with every multiplication of the convolution: places in weight, x and y.
  private static func forEachProduct(
    _ s: CKInterleavedConvolution, _ body: (_ weight: Int, _ x: Int, _ y: Int) -> Void
  ) {
    for output in 0..<s.outputs {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          for channel in 0..<s.channels {
            for ky in 0..<s.kernelHeight {
              for kx in 0..<s.kernelWidth {
                let iy = oy * s.strideY + ky * s.dilationY - s.padY
                let ix = ox * s.strideX + kx * s.dilationX - s.padX
                guard (s.firstRow..<s.endRow).contains(iy),
                  (s.firstColumn..<s.endColumn).contains(ix)
                else { continue }
                body(
                  ((output * s.channels + channel) * s.kernelHeight + ky) * s.kernelWidth + kx,
                  (channel * s.height + iy) * s.width + ix,
                  (output * s.outputHeight + oy) * s.outputWidth + ox)
              }
            }
          }
        }
      }
    }
  }

  @Test(arguments: KernelSet.all + [.reference], [DType.float32, .float64])
  func everySetComputesTheSame(_ set: KernelSet, _ dtype: DType) {
    let (kernels, type) = (set.kernels, dtype.kernelType)
    let lanes = dtype == .float32 ? kernels.lanes.0 : kernels.lanes.1
    let tolerance = dtype == .float32 ? 1e-4 : 1e-12
    var random = RandomStream(seed: 7, path: "lanes")
    for _ in 0..<40 {
      var s = InterleavedKernelTests.sizes(&random)
      let (outputs, taps) = (s.outputs, s.channels * s.kernelHeight * s.kernelWidth)
      let pixels = s.outputHeight * s.outputWidth
      let x = Cells(dtype, s.channels * s.height * s.width * lanes, &random)
      let weight = Cells(dtype, outputs * taps, &random)
      let bias = Cells(dtype, outputs, &random)
      let dy = Cells(dtype, outputs * pixels * lanes, &random)
      let dw = Cells(dtype, outputs * taps)
      let (xs, weights, cotangents) = (x.values, weight.values, dy.values)
      var expectedY = bias.values.flatMap { Array(repeating: $0, count: pixels * lanes) }
      var expectedDw = Array(repeating: 0.0, count: outputs * taps)
      InterleavedKernelTests.forEachProduct(s) { w, from, to in
        for lane in 0..<lanes {
          expectedY[to * lanes + lane] += weights[w] * xs[from * lanes + lane]
          expectedDw[w] += cotangents[to * lanes + lane] * xs[from * lanes + lane]
        }
      }

      let width = kernels.interleavedOutputs
      let panels = Cells(dtype, (outputs + width - 1) / width * width * taps)
      kernels.pack(
        type, width, outputs, taps, CKSource(data: weight.memory, inner: 1, outer: taps),
        panels.memory)
      let y = Cells(dtype, outputs * pixels * lanes)
      kernels.convolveInterleaved(type, &s, x.memory, panels.memory, bias.memory, y.memory)
      #expect(y.isMarginIntact)
      #expect(zip(y.values, expectedY).allSatisfy { ($0 - $1).magnitude <= tolerance }, "\(s)")
      if s.padY != 0 { continue }
      InterleavedKernelTests.clearBorder(x, s, lanes: lanes)
      kernels.interleavedWeightGradients(type, &s, x.memory, dy.memory, dw.memory)
      #expect(dw.isMarginIntact)
      #expect(zip(dw.values, expectedDw).allSatisfy { ($0 - $1).magnitude <= tolerance }, "\(s)")
      let db = Cells(dtype, outputs)
      kernels.interleavedBiasGradients(type, &s, dy.memory, db.memory)
      let sums = (0..<outputs).map { output in
        cotangents[output * pixels * lanes..<(output + 1) * pixels * lanes].reduce(0, +)
      }
      #expect(db.isMarginIntact)
      #expect(zip(db.values, sums).allSatisfy { ($0 - $1).magnitude <= tolerance }, "\(s)")
    }
  }

  @Test(arguments: KernelSet.all + [.reference], [DType.float32, .float64])
  func poolsAreThoseOfPlanes(_ set: KernelSet, _ dtype: DType) {
    let (kernels, type, size) = (set.kernels, dtype.kernelType, dtype.byteCount)
    let lanes = dtype == .float32 ? kernels.lanes.0 : kernels.lanes.1
    var random = RandomStream(seed: 8, path: "lanes")
    for round in 0..<80 {
      let isMaximum = round % 2 == 1
      var window = InterleavedKernelTests.window(round / 2, isMaximum, &random)
      let planes = 1 + Int(random.next() % 3)
      let inputs = window.height * window.width
      let outputs = window.outputHeight * window.outputWidth
      let (x, dy) = (
        Cells(dtype, planes * inputs * lanes, &random),
        Cells(dtype, planes * outputs * lanes, &random)
      )
      let y = Cells(dtype, dy.count)
      let pool = isMaximum ? kernels.maxPoolInterleaved : kernels.averagePoolInterleaved
      pool(type, &window, planes, x.memory, y.memory)
      // The same a lane at a time, by the kernels for planes.
      let (expectedY, expectedDx) = (Cells(dtype, dy.count), Cells(dtype, x.count))
      for lane in 0..<lanes {
        let (plainX, plainDy) = (Cells(dtype, planes * inputs), Cells(dtype, planes * outputs))
        let (plainY, plainDx) = (Cells(dtype, planes * outputs), Cells(dtype, planes * inputs))
        for (from, to) in [(x, plainX), (dy, plainDy)] {
          kernels.copy(
            type, type, to.count, 1,
            CKSource(data: from.memory + lane * size, inner: lanes, outer: 0), to.memory, 1, 0)
        }
        if isMaximum {
          var indices = [Int32](repeating: 0, count: planes * outputs)
          kernels.maxPoolIndices(type, &window, planes, plainX.memory, &indices)
          #expect(
            kernels.gatherPlanes(
              type, planes, inputs, outputs, plainX.memory, indices, false, plainY.memory)
              && kernels.scatterAddPlanes(
                type, planes, outputs, inputs, plainDy.memory, indices, false, plainDx.memory)
          )
        } else {
          kernels.averagePool(type, &window, planes, plainX.memory, plainY.memory)
          kernels.averagePoolGradient(type, &window, planes, plainDy.memory, plainDx.memory)
        }
        for (from, to) in [(plainY, expectedY), (plainDx, expectedDx)] {
          kernels.copy(
            type, type, from.count, 1, CKSource(data: from.memory, inner: 1, outer: 0),
            to.memory + lane * size, lanes, 0)
        }
      }
      #expect(y.agree(with: expectedY), "\(window)")
      // And back through the activation, element by element.
      for derivative in [CKZip.reluGradient, .sigmoidGradient, .tanhGradient] {
        let (dx, product) = (Cells(dtype, x.count), Cells(dtype, x.count))
        let sums = Cells(dtype, planes)
        kernels.activationPoolInterleavedGradient(
          derivative, isMaximum, type, &window, planes, dy.memory, x.memory, dx.memory,
          sums.memory)
        kernels.zip(
          derivative, type, x.count, 1, CKSource(data: expectedDx.memory, inner: 1, outer: 0),
          CKSource(data: x.memory, inner: 1, outer: 0), product.memory)
        #expect(dx.agree(with: product), "\(derivative) \(window)")
        let values = product.values
        let expected = (0..<planes).map { plane in
          values[plane * inputs * lanes..<(plane + 1) * inputs * lanes].reduce(0, +)
        }
        let tolerance = dtype == .float32 ? 1e-3 : 1e-11
        #expect(sums.isMarginIntact)
        #expect(zip(sums.values, expected).allSatisfy { abs($0 - $1) <= tolerance }, "\(window)")
      }
    }
  }

  /// Every other window is the usual one, 2 x 2 next to each other; those of max pools may be dilated.
  private static func window(
    _ round: Int, _ isMaximum: Bool, _ random: inout RandomStream
  ) -> CKWindow {
    func pick(_ limit: Int) -> Int { 1 + Int(random.next() % UInt64(limit)) }
    let isUsual = round % 2 == 0
    let kernel = isUsual ? (2, 2) : (pick(3), pick(3))
    let stride = isUsual ? (2, 2) : (pick(3), pick(3))
    let pad = isUsual ? (0, 0) : (kernel.0 / 2, kernel.1 / 2)
    let dilation = isMaximum && !isUsual && pad == (0, 0) ? 2 : 1
    let reach = (dilation * (kernel.0 - 1) + 1, dilation * (kernel.1 - 1) + 1)
    let (height, width) = (reach.0 + pick(7) - 1, reach.1 + pick(7) - 1)
    return CKWindow(
      height: height, width: width, kernelHeight: kernel.0, kernelWidth: kernel.1,
      outputHeight: (height + 2 * pad.0 - reach.0) / stride.0 + 1,
      outputWidth: (width + 2 * pad.1 - reach.1) / stride.1 + 1, strideY: stride.0,
      strideX: stride.1, padY: pad.0, padX: pad.1, dilationY: dilation, dilationX: dilation,
      countIncludesPadding: round % 4 < 2)
  }
}
