// swift-format-ignore-file: AlwaysUseLowerCamelCase

import Autograd

// Layers that take the number of their inputs from the first one, after PyTorch's lazy modules.
//
// Functions rather than initializers, so that a forgotten size, `Linear(120)`, does not compile.

/// A linear layer whose input size is inferred from the first input: `LazyLinear(120)`.
///
/// - Parameters:
///   - outputs: The size of the result's last axis.
///   - bias: Whether a bias is added.
public func LazyLinear(_ outputs: Int, bias: Bool = true) -> Linear {
  Linear(inputs: nil, outputs: outputs, bias: bias)
}

/// A bilinear layer whose input sizes are inferred from the first inputs: `LazyBilinear(3)`.
///
/// - Parameters:
///   - outputs: The size of the result's last axis.
///   - bias: Whether a bias is added.
public func LazyBilinear(_ outputs: Int, bias: Bool = true) -> Bilinear {
  Bilinear(inputs: [nil, nil], outputs, bias)
}

// MARK: Convolutions

/// A convolution whose first input tells the number of its channels: `LazyConv1d(6, kernelSize: 5)`.
///
/// - Parameters: Those of `Conv1d` without `inputChannels`.
public func LazyConv1d(
  _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
) -> Conv1d {
  Conv1d(
    inputs: nil, outputChannels, kernelSize, stride, padding, dilation, groups, bias, paddingMode)
}

/// A convolution whose first input tells the number of its channels: `LazyConv2d(6, kernelSize: 5)`.
///
/// - Parameters: Those of `Conv2d` without `inputChannels`.
public func LazyConv2d(
  _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
) -> Conv2d {
  Conv2d(
    inputs: nil, outputChannels, kernelSize, stride, padding, dilation, groups, bias, paddingMode)
}

/// A convolution whose first input tells the number of its channels: `LazyConv3d(6, kernelSize: 5)`.
///
/// - Parameters: Those of `Conv3d` without `inputChannels`.
public func LazyConv3d(
  _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1, padding: Padding = 0,
  dilation: Sizes = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros
) -> Conv3d {
  Conv3d(
    inputs: nil, outputChannels, kernelSize, stride, padding, dilation, groups, bias, paddingMode)
}

/// A transposed convolution whose first input tells the number of its channels:
/// `LazyConvTranspose1d(6, kernelSize: 4, stride: 2)`.
///
/// - Parameters: Those of `ConvTranspose1d` without `inputChannels`.
public func LazyConvTranspose1d(
  _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1, padding: Sizes = 0,
  outputPadding: Sizes = 0, dilation: Sizes = 1, groups: Int = 1, bias: Bool = true
) -> ConvTranspose1d {
  ConvTranspose1d(
    inputs: nil, outputChannels, kernelSize, stride, padding, outputPadding, dilation, groups, bias)
}

/// A transposed convolution whose first input tells the number of its channels:
/// `LazyConvTranspose2d(6, kernelSize: 4, stride: 2)`.
///
/// - Parameters: Those of `ConvTranspose2d` without `inputChannels`.
public func LazyConvTranspose2d(
  _ outputChannels: Int, kernelSize: Sizes, stride: Sizes = 1, padding: Sizes = 0,
  outputPadding: Sizes = 0, dilation: Sizes = 1, groups: Int = 1, bias: Bool = true
) -> ConvTranspose2d {
  ConvTranspose2d(
    inputs: nil, outputChannels, kernelSize, stride, padding, outputPadding, dilation, groups, bias)
}

// MARK: Norms

/// A batch norm whose first input tells the number of channels: `LazyBatchNorm1d()`.
///
/// - Parameters: Those of `BatchNorm1d` without `channels`.
public func LazyBatchNorm1d(
  epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
  trackRunningStatistics: Bool = true, bias: Bool = true
) -> BatchNorm1d {
  BatchNorm1d(channels: nil, epsilon, momentum, affine, trackRunningStatistics, bias)
}

/// A batch norm whose first input tells the number of channels: `LazyBatchNorm2d()`.
///
/// - Parameters: Those of `BatchNorm2d` without `channels`.
public func LazyBatchNorm2d(
  epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
  trackRunningStatistics: Bool = true, bias: Bool = true
) -> BatchNorm2d {
  BatchNorm2d(channels: nil, epsilon, momentum, affine, trackRunningStatistics, bias)
}

/// A batch norm whose first input tells the number of channels: `LazyBatchNorm3d()`.
///
/// - Parameters: Those of `BatchNorm3d` without `channels`.
public func LazyBatchNorm3d(
  epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
  trackRunningStatistics: Bool = true, bias: Bool = true
) -> BatchNorm3d {
  BatchNorm3d(channels: nil, epsilon, momentum, affine, trackRunningStatistics, bias)
}

/// An instance norm whose first input tells the number of channels: `LazyInstanceNorm2d()`.
///
/// PyTorch's lazy layer scales, shifts and tracks statistics unless told otherwise, unlike the layer
/// that it becomes and its own documentation; this one does not.
///
/// - Parameters: Those of `InstanceNorm2d` without `channels`.
public func LazyInstanceNorm2d(
  epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
  trackRunningStatistics: Bool = false, bias: Bool = true
) -> InstanceNorm2d {
  InstanceNorm2d(channels: nil, epsilon, momentum, affine, trackRunningStatistics, bias)
}

// MARK: Recurrent layers

/// An RNN whose input size is inferred from the first input: `LazyRNN(16)`.
///
/// - Parameters: Those of `RNN` without `inputs` and `projection`.
public func LazyRNN(
  _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = true,
  dropout: Double = 0, bidirectional: Bool = false, step: ElmanStep = ElmanStep()
) -> RNN {
  RNN(step, inputs: nil, hidden, layers, bias, batchFirst, dropout, bidirectional, nil)
}

/// An LSTM whose input size is inferred from the first input: `LazyLSTM(16)`.
///
/// - Parameters: Those of `LSTM` without `inputs` and `step`.
public func LazyLSTM(
  _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = true,
  dropout: Double = 0, bidirectional: Bool = false, projection: Int? = nil
) -> LSTM {
  LSTM(
    LSTMStep(), inputs: nil, hidden, layers, bias, batchFirst, dropout, bidirectional, projection)
}

/// A GRU whose input size is inferred from the first input: `LazyGRU(16)`.
///
/// - Parameters: Those of `GRU` without `inputs`, `projection` and `step`.
public func LazyGRU(
  _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = true,
  dropout: Double = 0, bidirectional: Bool = false
) -> GRU {
  GRU(GRUStep(), inputs: nil, hidden, layers, bias, batchFirst, dropout, bidirectional, nil)
}
