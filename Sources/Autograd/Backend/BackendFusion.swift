// Layers that the CPU may run as one; other devices run them one at a time.
extension Backend {
  /// What the backward pass of a block needs: its padded input and the activations, in the layout of the CPU's
  /// kernels.
  struct BlockState {
    let input: NDArray
    let activations: NDArray
  }

  /// Whether a block can run as one, and is faster so.
  static func canFuse(_ block: ConvolutionBlockShape, _ dtype: DType) -> Bool {
    CPU.LaneBlock(block).map {
      $0.convolution.suits(dtype) && $0.inputGradient.suits(dtype)
    } ?? false
  }

  /// Memory for what the backward pass of blocks needs, which `convolutionBlocks` fills.
  static func states(of blocks: [ConvolutionBlockShape], _ dtype: DType) -> [BlockState] {
    blocks.compactMap(CPU.LaneBlock.init).map { CPU.state(of: $0, dtype) }
  }

  /// y of the last block from x of the first, all dense and on the CPU; each block's result is the next one's
  /// input.
  ///
  /// - Parameter states: Filled for the backward pass; empty if there is none.
  static func convolutionBlocks(
    _ x: NDArray, _ parameters: [(weight: NDArray, bias: NDArray)],
    _ blocks: [ConvolutionBlockShape], states: [BlockState], into y: NDArray
  ) {
    CPU.laneBlocks(
      x, parameters, blocks.compactMap(CPU.LaneBlock.init), states: states, into: y)
  }

  /// The gradients by the input (unless nil) and by each block's weight and bias (unless nil), from dy in the
  /// shape of the last block's result.
  static func convolutionBlocksGradient(
    _ dy: NDArray, _ weights: [NDArray], _ blocks: [ConvolutionBlockShape], _ states: [BlockState],
    dx: NDArray?, _ gradients: [(dw: NDArray, db: NDArray)?]
  ) {
    CPU.laneBlocksGradient(
      dy, weights, blocks.compactMap(CPU.LaneBlock.init), states, dx: dx, gradients)
  }
}
