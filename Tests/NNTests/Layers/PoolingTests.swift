import Autograd
import Testing

@testable import NN

@Suite struct PoolingTests {
  private static let x = Tensor((1...16).map(Double.init), shape: [1, 1, 4, 4])

  @Test func averages() {
    #expect(AvgPool2d(kernelSize: 2)(Self.x).floats == [3.5, 5.5, 11.5, 13.5])
    #expect(AvgPool2d(kernelSize: 2, stride: 1)(Self.x).shape == [1, 1, 3, 3])
    #expect(AvgPool2d(kernelSize: [4, 1])(Self.x).floats == [7, 8, 9, 10])
    let corner = AvgPool2d(kernelSize: 2, stride: 4, padding: 1)(Self.x)
    #expect(corner.floats == [0.25, 1, 3.25, 4])
    let without = AvgPool2d(kernelSize: 2, stride: 4, padding: 1, countIncludesPadding: false)
    #expect(without(Self.x).floats == [1, 4, 13, 16])
  }

  @Test func largest() {
    #expect(MaxPool2d(kernelSize: 2)(Self.x).floats == [6, 8, 14, 16])
    #expect(MaxPool2d(kernelSize: 3, stride: 1)(Self.x).floats == [11, 12, 15, 16])
    #expect(MaxPool2d(kernelSize: 2, stride: 1, dilation: 2)(Self.x).floats == [11, 12, 15, 16])
    let padded = MaxPool2d(kernelSize: 2, stride: 4, padding: 1)(-Self.x)
    #expect(padded.floats == [-1, -4, -13, -16], "padding never wins")
  }

  @Test func shapesAndDetails() {
    let average = AvgPool2d(kernelSize: [3, 2], stride: [2, 1], padding: [1, 0])
    #expect(average(inputs([2, 3, 7, 6])).shape == [2, 3, 4, 5])
    #expect(average.details == "kernel 3x2, stride 2x1, padding 1x0")
    #expect(AvgPool2d(kernelSize: 2).details == "kernel 2x2, stride 2x2")
    #expect(
      MaxPool2d(kernelSize: 3, dilation: 2).details == "kernel 3x3, stride 3x3, dilation 2x2")
    #expect(MaxPool2d(kernelSize: 2)(inputs([0, 3, 4, 4])).shape == [0, 3, 2, 2])
  }

  @Test func gradients() throws {
    let x = inputs([2, 2, 5, 4], dtype: .float64)
    try checkGradients(of: { AvgPool2d(kernelSize: 2, stride: 1, padding: 1)($0) }, at: x)
    try checkGradients(of: { MaxPool2d(kernelSize: 2, stride: 1, padding: 1)($0) }, at: x)
  }
}
