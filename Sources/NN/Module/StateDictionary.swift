import Autograd

/// Tensors by name, in order: the state of a module, an optimizer or a file, as PyTorch's `state_dict`.
///
/// ```swift
/// let state: StateDictionary = ["weight": Tensor([[1, 2]]), "bias": Tensor([0])]
/// print(state["weight"]!.shape)   // [1, 2]
/// for (name, tensor) in model.state { print(name, tensor.shape) }
/// ```
///
/// Names are equal where their bytes are: two spellings of é are two names.
public struct StateDictionary: Sendable {
  private var entries: [Element] = []
  private var indices: [Name: Int] = [:]

  /// A name that is compared by its bytes, unlike a `String`.
  private struct Name: Hashable, Sendable {
    let text: String

    static func == (a: Name, b: Name) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  /// Nothing.
  public init() {}

  /// Tensors in order; no name may come twice.
  public init(_ entries: some Sequence<Element>) {
    for (name, tensor) in entries { append(name, tensor) }
  }

  /// Tensors by name, in the order of the names.
  public init(_ tensors: [String: Tensor]) {
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { append(name, tensor) }
  }

  /// Adds a tensor at the end.
  mutating func append(_ name: String, _ tensor: Tensor) {
    let known = indices.updateValue(entries.count, forKey: Name(text: name))
    require(known == nil, "StateDictionary: the name \(name.escaped) comes twice")
    entries.append((name, tensor))
  }

  /// The tensor of a name, nil if there is none; setting nil removes it, a new name comes last.
  public subscript(name: String) -> Tensor? {
    get { indices[Name(text: name)].map { entries[$0].tensor } }
    set {
      let index = indices[Name(text: name)]
      switch (index, newValue) {
      case (let index?, let tensor?): entries[index].tensor = tensor
      case (nil, let tensor?): append(name, tensor)
      case (let index?, nil): self = StateDictionary(entries[..<index] + entries[(index + 1)...])
      case (nil, nil): break
      }
    }
  }

  /// The names, in order.
  public var names: [String] { entries.map(\.name) }

  /// The tensors under other names; those for which the closure returns nil are left out, and two of one name stop the
  /// program.
  ///
  /// ```swift
  /// let body = state.renamed { $0.hasPrefix("head.") ? nil : "net." + $0 }
  /// ```
  public func renamed(_ rename: (String) throws -> String?) rethrows -> StateDictionary {
    StateDictionary(
      try entries.compactMap { name, tensor in try rename(name).map { (name: $0, tensor: tensor) } }
    )
  }

  /// The tensors whose names begin with a prefix, without it.
  func part(_ prefix: String) -> StateDictionary {
    renamed { name in
      name.utf8.starts(with: prefix.utf8)
        ? String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }
  }

  /// The tensors whose names begin with none of some prefixes.
  func rest(without prefixes: [String]) -> StateDictionary {
    renamed { name in prefixes.contains { name.utf8.starts(with: $0.utf8) } ? nil : name }
  }

  /// The tensors of both; a name of both stops the program.
  public static func + (a: StateDictionary, b: StateDictionary) -> StateDictionary {
    StateDictionary(a.entries + b.entries)
  }
}

extension StateDictionary: RandomAccessCollection {
  /// A tensor and its name.
  public typealias Element = (name: String, tensor: Tensor)

  /// 0.
  public var startIndex: Int { 0 }

  /// The number of tensors.
  public var endIndex: Int { entries.count }

  /// A tensor with its name, by its position.
  public subscript(index: Int) -> Element { entries[index] }
}

extension StateDictionary: ExpressibleByDictionaryLiteral {
  /// Tensors in order; no name may come twice.
  public init(dictionaryLiteral elements: (String, Tensor)...) {
    self.init(elements.map { (name: $0, tensor: $1) })
  }
}
