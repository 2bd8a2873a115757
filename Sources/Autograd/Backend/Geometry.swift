// The sizes that convolutions, pools and norms are described by.

/// The sizes of a two-dimensional convolution.
package struct ConvolutionShape: Sendable, Equatable {
  var batch: Int
  var inputChannels: Int
  var inputSize: [Int]
  var outputChannels: Int
  var outputSize: [Int]
  var kernelSize: [Int]
  var stride: [Int]
  var padding: [Int]
  var dilation: [Int]
  var groups: Int

  var inputShape: [Int] { [batch, inputChannels] + inputSize }
  var outputShape: [Int] { [batch, outputChannels] + outputSize }
  var weightShape: [Int] { [outputChannels, inputChannels / groups] + kernelSize }

  /// Weights that belong to one output channel.
  var taps: Int { inputChannels / groups * kernelSize[0] * kernelSize[1] }
  var outputPixels: Int { outputSize[0] * outputSize[1] }
  var inputPixels: Int { inputSize[0] * inputSize[1] }
}

/// A pooling window moving over the last two axes.
package struct PoolingShape: Sendable, Equatable {
  var inputSize: [Int]
  var outputSize: [Int]
  var kernelSize: [Int]
  var stride: [Int]
  var padding: [Int]
  var dilation: [Int]
  var countIncludesPadding: Bool

  var inputPixels: Int { inputSize[0] * inputSize[1] }
  var outputPixels: Int { outputSize[0] * outputSize[1] }

  /// Whether no window lies in the padding entirely.
  var everyWindowHasElements: Bool {
    inputSize.indices.allSatisfy { axis in
      (0..<outputSize[axis]).allSatisfy { output in
        (0..<kernelSize[axis]).contains { place in
          let position = output * stride[axis] - padding[axis] + place * dilation[axis]
          return position >= 0 && position < inputSize[axis]
        }
      }
    }
  }
}

/// A convolution of one group, an activation and an average pool, one after the other.
struct ConvActivationPoolShape: Sendable {
  let convolution: ConvolutionShape
  let pool: PoolingShape
  let activation: UnaryOp
  /// The activation's derivative, computed from its result.
  let derivative: BinaryOp

  /// [batch, outputChannels, pooledHeight, pooledWidth].
  var resultShape: [Int] { [convolution.batch, convolution.outputChannels] + pool.outputSize }
}

/// What a normalization takes statistics over, in an array [batch, channels, pixels].
package struct NormalizationShape: Sendable {
  var batch: Int
  var channels: Int
  var pixels: Int
  /// Each example's channels are normalized in this many groups; nil normalizes each channel over
  /// the batch.
  var groups: Int?
  /// Whether the mean is subtracted; else the elements are only divided by their root mean square.
  var isCentered = true
  var epsilon: Double

  var planes: Int { batch * channels }
  var count: Int { planes * pixels }
  var groupCount: Int { groups.map { batch * $0 } ?? channels }
  var groupSize: Int { groupCount == 0 ? 0 : count / groupCount }

  /// The group that a plane belongs to.
  func group(of plane: Int) -> Int {
    if let groups { return plane / (channels / groups) }
    return plane % channels
  }
}
