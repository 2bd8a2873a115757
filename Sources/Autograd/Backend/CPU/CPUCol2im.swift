extension CPU {
  /// The input gradient of a convolution, for each image and group one product of all weights and all
  /// cotangents whose elements are added to the pixels they belong to.
  ///
  /// Slower than `convolutionInputGradient`, but no zeros stand in for weights or cotangents that a
  /// pixel does not see: an infinity reaches its own pixels only.
  static func col2imInputGradient(
    _ dy: NDArray, _ weight: NDArray, _ shape: ConvolutionShape, into dx: NDArray
  ) {
    let (pixels, taps) = (shape.window.outputPixels, shape.taps)
    let perGroup = shape.outputChannels / shape.groups
    let parts = shape.batch * shape.groups
    let products = NDArray.uninitialized(dtype: dx.dtype, shape: [taps, pixels], on: .cpu)
    func run<Scalar: BinaryFloatingPoint>(_ type: Scalar.Type) {
      let target = dx.data.assumingMemoryBound(to: type)
      let source = products.data.assumingMemoryBound(to: type)
      target.update(repeating: 0, count: dx.count)
      for part in 0..<parts {
        matmul(
          weight.view(
            shape: [taps, perGroup], strides: [1, taps],
            offset: part % shape.groups * perGroup * taps),
          dy.view(
            shape: [perGroup, pixels], strides: [pixels, 1], offset: part * perGroup * pixels),
          into: products)
        add(source, to: target + part * dx.count / parts, shape)
      }
    }
    withExtendedLifetime((dx, products)) {
      if dx.dtype == .float64 { run(Double.self) } else { run(Float.self) }
    }
  }

  /// Adds products [channels, kernel height, kernel width, output height, output width] to the pixels
  /// [channels, height, width] that their windows see.
  private static func add<Scalar: BinaryFloatingPoint>(
    _ products: UnsafePointer<Scalar>, to pixels: UnsafeMutablePointer<Scalar>,
    _ shape: ConvolutionShape
  ) {
    var index = 0
    for channel in 0..<shape.inputChannels / shape.groups {
      for tapY in 0..<shape.window.kernel[0] {
        for tapX in 0..<shape.window.kernel[1] {
          for outputY in 0..<shape.window.outputSize[0] {
            let y =
              outputY * shape.window.stride[0] + tapY * shape.window.dilation[0]
              - shape.window.padding[0]
            let row = (channel * shape.window.inputSize[0] + y) * shape.window.inputSize[1]
            for outputX in 0..<shape.window.outputSize[1] {
              let x =
                outputX * shape.window.stride[1] + tapX * shape.window.dilation[1]
                - shape.window.padding[1]
              if 0..<shape.window.inputSize[0] ~= y && 0..<shape.window.inputSize[1] ~= x {
                pixels[row + x] += products[index]
              }
              index += 1
            }
          }
        }
      }
    }
  }
}
