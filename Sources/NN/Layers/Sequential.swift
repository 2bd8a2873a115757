import Autograd

/// Layers one after the other; each one's result is the next one's input.
///
/// ```swift
/// let net = Sequential(LazyLinear(256), ReLU(), LazyLinear(10))
/// ```
///
/// A collection of its layers. Members are named by their places, as in PyTorch: `0.weight`.
public final class Sequential: Layer, RandomAccessCollection {
  private var layers: [any Layer] {
    didSet { blocks = Sequential.blocks(in: layers) }
  }
  /// What begins at each place and can run as one operation.
  private var blocks: [PoolingBlock?]

  /// The given layers in order.
  public convenience init(_ layers: any Layer...) { self.init(layers) }

  /// The layers of a list in order.
  public init(_ layers: [any Layer]) {
    self.layers = layers
    blocks = Sequential.blocks(in: layers)
  }

  /// Adds a layer at the end.
  public func append(_ layer: any Layer) { layers.append(layer) }

  private static func blocks(in layers: [any Layer]) -> [PoolingBlock?] {
    layers.indices.map { PoolingBlock(layers, at: $0) }
  }

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
    var place = 0
    while place < layers.count {
      // Who observes layers wants to see each of them.
      if let block = blocks[place], !OutputHooks.areWanted, let y = block(x) {
        x = y
        place += PoolingBlock.layerCount
      } else {
        x = layers[place](consume x)
        place += 1
      }
    }
    return x
  }
}
