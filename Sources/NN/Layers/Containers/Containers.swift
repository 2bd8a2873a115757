import Autograd

/// Branches that see the same input, with their results joined along an axis, as in GoogLeNet's
/// Inception blocks.
///
/// Members are named by their indices: `0.weight`.
public final class Parallel: Layer {
  /// The axis along which results are joined; negative ones count from the end.
  public let axis: Int
  private let branches: NamedLayers

  /// The given branches, joined along the channels unless another axis is given.
  public convenience init(_ branches: any Layer..., axis: Int = 1) {
    self.init(branches, axis: axis)
  }

  /// The branches of a list, joined likewise.
  public init(_ branches: [any Layer], axis: Int = 1) {
    require(!branches.isEmpty, "Parallel: needs at least one branch")
    self.branches = NamedLayers("Parallel", branches)
    self.axis = axis
  }

  /// The branches.
  public var members: [Member] { branches.members }

  /// The axis, unless it is 1.
  public var details: String { axis == 1 ? "" : "axis \(axis)" }

  /// - Parameter x: The input of every branch.
  /// - Returns: The branches' results, one after the other along the axis.
  public func forward(_ x: consuming Tensor) -> Tensor {
    let x = x
    return concatenate(branches.map { $0(x) }, axis: axis)
  }
}

/// A closure as a layer, for what needs no class.
///
/// ```swift
/// Sequential(LazyLinear(8), Lambda { x in x * x.sigmoid() })
/// ```
///
/// Parameters that the closure uses are not found by the model; give them to it as a module's.
public final class Lambda: Layer, Parameterless {
  /// What follows the name when the layer is printed.
  public let details: String
  private let body: (Tensor) -> Tensor

  /// A layer that applies a closure, with a description for printing.
  public init(_ details: String = "", _ body: @escaping (Tensor) -> Tensor) {
    self.details = details
    self.body = body
  }

  /// - Parameter x: What the closure takes.
  /// - Returns: What the closure returns.
  public func forward(_ x: consuming Tensor) -> Tensor { body(x) }
}

/// A list of layers that a custom module calls as it likes; named by their indices.
///
/// A plain array of modules as a stored property is found just as well, also of modules that are no
/// layers. This one can be listed as a member by hand.
public final class ModuleList: Module, RandomAccessCollection {
  private var layers: NamedLayers

  /// The layers of a list, in order.
  public init(_ layers: [any Layer]) { self.layers = NamedLayers("ModuleList", layers) }

  /// The given layers in order.
  public convenience init(_ layers: any Layer...) { self.init(layers) }

  /// Adds a layer at the end.
  public func append(_ layer: any Layer) { layers.append(layer, named: nil) }

  /// The first index, 0.
  public var startIndex: Int { 0 }

  /// The number of layers.
  public var endIndex: Int { layers.count }

  /// The layer at an index.
  public subscript(index: Int) -> any Layer {
    get { layers[index] }
    set { layers[index] = newValue }
  }

  /// The layers, named by their indices.
  public var members: [Member] { layers.members }
}

/// Layers by name, in order, that a custom module calls as it likes.
public final class ModuleDict: Module {
  private var layers: NamedLayers

  /// Layers with their names: `ModuleDict(["left": Linear(2, 2), "right": Linear(2, 3)])`.
  public init(_ layers: KeyValuePairs<String, any Layer> = [:]) {
    self.layers = NamedLayers("ModuleDict", named: layers)
  }

  /// Adds a layer at the end.
  public func append(_ layer: any Layer, named name: String) { layers.append(layer, named: name) }

  /// The layer with a name, nil if there is none.
  public subscript(name: String) -> (any Layer)? { layers[name] }

  /// The names in order.
  public var keys: [String] { layers.names }

  /// The number of layers.
  public var count: Int { layers.count }

  /// The layers by their names.
  public var members: [Member] { layers.members }
}
