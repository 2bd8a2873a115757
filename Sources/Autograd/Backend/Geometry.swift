// The sizes that convolutions, pools and norms are described by.

/// A window that moves over height and width: sizes along both.
package struct WindowGeometry: Sendable, Equatable {
  var inputSize: [Int]
  var outputSize: [Int]
  var kernel: [Int]
  var stride = [1, 1]
  var padding = [0, 0]
  var dilation = [1, 1]

  var inputPixels: Int { inputSize[0] * inputSize[1] }
  var outputPixels: Int { outputSize[0] * outputSize[1] }

  /// How the input gradient of a convolution moves the kernel rotated by 180 degrees over cotangents that are spread
  /// out by the stride.
  var transposed: WindowGeometry {
    WindowGeometry(
      inputSize: outputSize, outputSize: inputSize, kernel: kernel,
      padding: (0..<2).map { dilation[$0] * (kernel[$0] - 1) - padding[$0] }, dilation: dilation)
  }

  /// Whether no window lies in the padding entirely.
  var everyWindowHasElements: Bool {
    inputSize.indices.allSatisfy { axis in
      (0..<outputSize[axis]).allSatisfy { output in
        (0..<kernel[axis]).contains { tap in
          let position = output * stride[axis] - padding[axis] + tap * dilation[axis]
          return position >= 0 && position < inputSize[axis]
        }
      }
    }
  }
}

/// The sizes of a two-dimensional convolution.
package struct ConvolutionShape: Sendable, Equatable {
  var batch: Int
  var inputChannels: Int
  var outputChannels: Int
  var groups = 1
  var window: WindowGeometry

  var inputShape: [Int] { [batch, inputChannels] + window.inputSize }
  var outputShape: [Int] { [batch, outputChannels] + window.outputSize }
  var weightShape: [Int] { [outputChannels, inputChannels / groups] + window.kernel }

  /// Weights that belong to one output channel.
  var taps: Int { inputChannels / groups * window.kernel[0] * window.kernel[1] }
}

/// A pool over the last two axes.
package struct PoolingShape: Sendable, Equatable {
  var window: WindowGeometry
  var countIncludesPadding: Bool
}

/// An activation that a fused operation can contain.
package enum FusedActivation: Sendable {
  case sigmoid, tanh, relu, silu, gelu
  case leakyRelu(slope: Double)

  /// Whether the derivative is computed from the activation's result, not from what it is applied to.
  package var needsResultOnly: Bool {
    switch self {
    case .sigmoid, .tanh, .relu: true
    case .silu, .gelu, .leakyRelu: false
    }
  }
}

/// A pool at the end of a fused operation, only after an activation whose derivative needs no more than its result.
enum FusedPool: Sendable {
  case average(PoolingShape)
  /// Every window has an element.
  case maximum(PoolingShape)

  var shape: PoolingShape {
    switch self {
    case .average(let shape), .maximum(let shape): shape
    }
  }
}

/// A norm of images over the batch, an activation whose derivative needs no more than its result, and maybe a pool.
struct NormActivationPoolShape: Sendable {
  let norm: NormalizationShape
  let activation: FusedActivation
  let pool: FusedPool?
}

/// A convolution of one group, an activation and maybe a pool, one after the other.
struct ConvActivationPoolShape: Sendable {
  let convolution: ConvolutionShape
  let activation: FusedActivation
  let pool: FusedPool?

  /// The pool's window; without a pool one that sees each pixel alone.
  var window: WindowGeometry {
    pool?.shape.window
      ?? WindowGeometry(
        inputSize: convolution.window.outputSize, outputSize: convolution.window.outputSize,
        kernel: [1, 1])
  }

  var hasMaximum: Bool { if case .maximum = pool { true } else { false } }

  /// [batch, outputChannels, height, width].
  var resultShape: [Int] {
    [convolution.batch, convolution.outputChannels] + window.outputSize
  }
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

/// What a recurrent layer computes at a step.
package enum RecurrentKind: Sendable {
  case tanh, relu, lstm, gru

  /// The vectors of the hidden size that its weights compute for each step.
  var gates: Int { self == .lstm ? 4 : self == .gru ? 3 : 1 }
}

/// A recurrent layer that runs through a sequence in one direction.
struct RecurrentShape: Sendable {
  let kind: RecurrentKind
  let steps, batch, hidden: Int
  /// Whether it begins with the last step.
  let isReversed: Bool

  var gates: Int { kind.gates }
  /// The vectors of the hidden size that the backward pass needs of each step.
  var activations: Int { kind == .lstm ? 5 : kind == .gru ? 4 : 0 }

  /// Where the step taken as number n lies in the sequence.
  func step(_ number: Int) -> Int { isReversed ? steps - 1 - number : number }

  /// One step of a dense array [steps, batch, hidden].
  func row(of array: NDArray, at step: Int) -> NDArray {
    array.view(shape: [batch, hidden], strides: [hidden, 1], offset: step * batch * hidden)
  }
}
