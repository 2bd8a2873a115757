import Autograd

/// Layers one after the other; each one's result is the next one's input.
///
/// ```swift
/// let net = Sequential(LazyLinear(256), ReLU(), LazyLinear(10))
/// let named = Sequential(["hidden": LazyLinear(256), "act": ReLU(), "output": LazyLinear(10)])
/// ```
///
/// A collection of its layers. Members are named by their places, as in PyTorch (`0.weight`), unless
/// they were given names.
public final class Sequential: Layer, RandomAccessCollection {
  private var layers: NamedLayers {
    didSet { blocks = Sequential.blocks(in: layers) }
  }
  /// What begins at each place and can run as one operation.
  private var blocks: [PoolingBlock?]

  /// The given layers in order.
  public convenience init(_ layers: any Layer...) { self.init(layers) }

  /// The layers of a list in order.
  public convenience init(_ layers: [any Layer]) {
    self.init(NamedLayers("Sequential", layers))
  }

  /// Layers with names of their own, in order.
  public convenience init(_ layers: KeyValuePairs<String, any Layer>) {
    self.init(NamedLayers("Sequential", named: layers))
  }

  private init(_ layers: NamedLayers) {
    self.layers = layers
    blocks = Sequential.blocks(in: layers)
  }

  /// Adds a layer at the end, named by its place unless a name is given.
  public func append(_ layer: any Layer, named name: String? = nil) {
    layers.append(layer, named: name)
  }

  private static func blocks(in layers: NamedLayers) -> [PoolingBlock?] {
    let layers = Array(layers)
    return layers.indices.map { PoolingBlock(layers, at: $0) }
  }

  /// The first place.
  public var startIndex: Int { 0 }

  /// The place behind the last layer.
  public var endIndex: Int { layers.count }

  /// The layer at a place.
  public subscript(place: Int) -> any Layer {
    get { layers[place] }
    set { layers[place] = newValue }
  }

  /// The layer with a name, nil if there is none.
  public subscript(name: String) -> (any Layer)? { layers[name] }

  /// The layers, named by their places unless they have names of their own.
  public var members: [Member] { layers.members }

  /// - Parameter x: The first layer's input.
  /// - Returns: The last layer's result.
  public func forward(_ x: consuming Tensor) -> Tensor {
    var x = x
    var place = 0
    while place < layers.count {
      // Who observes layers wants to see each of them.
      if !OutputHooks.areWanted, let (y, end) = PoolingBlock.run(blocks, at: place, x) {
        x = y
        place = end
      } else {
        x = layers[place](consume x)
        place += 1
      }
    }
    return x
  }
}
