import Autograd

/// The layers of a container in order, each with its name there.
struct NamedLayers: RandomAccessCollection {
  private let container: String
  private var entries: [(name: String, layer: any Layer)] = []
  /// By the names' bytes, as in files.
  private var positions: [[UInt8]: Int] = [:]

  /// Layers that are named by their indices.
  init(_ container: String, _ layers: [any Layer]) {
    self.container = container
    for layer in layers { append(layer, named: nil) }
  }

  /// Layers with names of their own.
  init(_ container: String, named layers: KeyValuePairs<String, any Layer>) {
    self.container = container
    for (name, layer) in layers { append(layer, named: name) }
  }

  var startIndex: Int { 0 }
  var endIndex: Int { entries.count }

  subscript(index: Int) -> any Layer {
    get { entries[checked(index)].layer }
    set { entries[checked(index)].layer = newValue }
  }

  subscript(name: String) -> (any Layer)? { positions[Array(name.utf8)].map { entries[$0].layer } }

  var names: [String] { entries.map(\.name) }
  var members: [Member] { entries.map { Member($0.name, $0.layer) } }

  mutating func append(_ layer: any Layer, named name: String?) {
    let name = name ?? String(entries.count)
    require(
      !name.isEmpty && !name.contains("."),
      "\(container): a name must not be empty or hold a dot, got \"\(name)\"")
    let known = positions.updateValue(count, forKey: Array(name.utf8))
    require(known == nil, "\(container): the name \(name) is given twice")
    entries.append((name, layer))
  }

  /// The result of the layers one after the other.
  ///
  /// Neighbors that have a fused form (see `Fusion`) with the same bits run as one where it is faster, unless
  /// outputs are observed: then each layer's result must exist.
  func forward(_ x: consuming Tensor) -> Tensor {
    var x = x
    var index = 0
    while index < count {
      if !OutputHooks.areWanted,
        let (y, count) = convActivationPool(at: index, x) ?? normActivationPool(at: index, x)
      {
        x = y
        index += count
      } else {
        x = self[index](consume x)
        index += 1
      }
    }
    return x
  }

  private func checked(_ index: Int) -> Int {
    require(indices.contains(index), "\(container): no layer \(index) among \(count)")
    return index
  }
}
