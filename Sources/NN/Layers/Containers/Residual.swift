import Autograd

/// x + body(x), or shortcut(x) + body(x) where the body changes the shape (He and others 2016).
///
/// ```swift
/// Sequential(
///   Residual(
///     Sequential(
///       LazyConv2d(64, kernelSize: 3, stride: 2, padding: 1), LazyBatchNorm2d(), ReLU(),
///       LazyConv2d(64, kernelSize: 3, padding: 1), LazyBatchNorm2d()),
///     shortcut: LazyConv2d(64, kernelSize: 1, stride: 2)),
///   ReLU())
/// ```
public final class Residual: Layer {
  /// What is added to the input.
  public let body: any Layer
  /// What the input goes through beside the body; nil for nothing.
  public let shortcut: (any Layer)?

  /// A connection around a layer.
  ///
  /// - Parameters:
  ///   - body: Its result must have the shape of the shortcut's.
  ///   - shortcut: What the input goes through beside the body; nil for nothing.
  public init(_ body: any Layer, shortcut: (any Layer)? = nil) {
    self.body = body
    self.shortcut = shortcut
  }

  /// `body` and `shortcut`.
  public var members: [Member] {
    [Member("body", body)] + (shortcut.map { [Member("shortcut", $0)] } ?? [])
  }

  /// - Parameter x: The body's input.
  /// - Returns: The body's result's shape.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let x = x
    let y = body(x)
    let direct = shortcut.map { $0(x) } ?? x
    require(
      y.shape == direct.shape,
      "the body's result \(y.shape) cannot be added to \(direct.shape); give a shortcut that changes it"
    )
    return y + direct
  }
}
