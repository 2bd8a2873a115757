import Autograd

/// Layers one after the other; each one's result is the next one's input.
///
/// ```swift
/// let net = Sequential(LazyLinear(256), ReLU(), LazyLinear(10))
/// let named = Sequential(["hidden": LazyLinear(256), "act": ReLU(), "output": LazyLinear(10)])
/// ```
///
/// A collection of its layers. Members are named by their indices, as in PyTorch (`0.weight`), unless
/// they were given names.
public final class Sequential: Layer, RandomAccessCollection {
  private var layers: NamedLayers

  /// The given layers in order.
  public convenience init(_ layers: any Layer...) { self.init(layers) }

  /// The layers of a list in order.
  public convenience init(_ layers: [any Layer]) {
    self.init(NamedLayers("Sequential", layers))
  }

  /// Named layers, in order.
  public convenience init(_ layers: KeyValuePairs<String, any Layer>) {
    self.init(NamedLayers("Sequential", named: layers))
  }

  private init(_ layers: NamedLayers) { self.layers = layers }

  /// Adds a layer at the end, named by its index unless a name is given.
  public func append(_ layer: any Layer, named name: String? = nil) {
    layers.append(layer, named: name)
  }

  /// The first index, 0.
  public var startIndex: Int { 0 }

  /// The number of layers.
  public var endIndex: Int { layers.count }

  /// The layer at an index.
  public subscript(index: Int) -> any Layer {
    get { layers[index] }
    set { layers[index] = newValue }
  }

  /// The layer with a name, nil if there is none.
  public subscript(name: String) -> (any Layer)? { layers[name] }

  /// The layers, named by their indices unless they were given names.
  public var members: [Member] { layers.members }

  /// Hands each layer's result to the next.
  ///
  /// A `Conv2d` calls `conv2d` (Operations/Convolution/Convolution.swift), which runs the primitive `.convolution`:
  /// `CPU.convolution` in Backend/CPU/CPUConvolution.swift.
  ///
  /// What runs: `NamedLayers.forward` calls the layers one by one (`Layer.callAsFunction`); the runs of layers that
  /// `Fusion/LayerFusion.swift` knows, a convolution with activation and average pool, are one operation with the
  /// same bits.
  ///
  /// - Parameter x: The first layer's input.
  /// - Returns: The last layer's result.
  public func forward(_ x: consuming Tensor) -> Tensor { layers.forward(consume x) }
}
