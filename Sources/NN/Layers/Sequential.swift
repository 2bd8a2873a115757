import Autograd

/// Layers one after the other; each one's result is the next one's input.
///
/// ```swift
/// let net = Sequential(LazyLinear(256), ReLU(), LazyLinear(10))
/// ```
///
/// A collection of its layers. Members are named by their places, as in PyTorch: `0.weight`.
public final class Sequential: Layer, RandomAccessCollection {
  private var layers: [any Layer]

  /// The given layers in order.
  public init(_ layers: any Layer...) { self.layers = layers }

  /// The layers of a list in order.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// Adds a layer at the end.
  public func append(_ layer: any Layer) { layers.append(layer) }

  /// The first place.
  public var startIndex: Int { 0 }

  /// The place behind the last layer.
  public var endIndex: Int { layers.count }

  /// The layer at a place.
  public subscript(place: Int) -> any Layer {
    require(
      layers.indices.contains(place), "Sequential: no layer \(place) among \(layers.count)")
    return layers[place]
  }

  /// The layers, named by their places.
  public var members: [Member] {
    layers.enumerated().map { Member(String($0.offset), $0.element) }
  }

  /// - Parameter x: The first layer's input.
  /// - Returns: The last layer's result.
  public func forward(_ x: consuming Tensor) -> Tensor {
    var x = x
    for layer in layers { x = layer(consume x) }
    return x
  }
}
