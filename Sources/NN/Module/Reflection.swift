import Autograd

/// The parameters, buffers and modules among the stored properties of a user's module.
///
/// Superclasses come first; optionals, arrays, structs, tuples, payloads of enums and dictionaries (in the order
/// of their keys' names) are looked into, then plain classes, up to four within each other. Each object is listed
/// once. Lists make names like `blocks.0`.
func reflectedMembers(of module: any Module) -> [Member] {
  var search = MemberSearch(module)
  // After everything else, so that an object that is also a property has the property's name.
  var depth = 0
  while !search.classes.isEmpty && depth < MemberSearch.deepestClass {
    let classes = search.classes
    search.classes = []
    for (name, object) in classes { search.lookInto(object, name + ".") }
    depth += 1
  }
  return search.members
}

private struct MemberSearch {
  /// How many plain classes within each other are looked into.
  static let deepestClass = 4

  var members: [Member] = []
  /// Objects of plain classes that were found and not looked into yet.
  var classes: [(name: String, object: AnyObject)] = []
  private var seen: Set<ObjectIdentifier>

  init(_ module: any Module) {
    seen = [ObjectIdentifier(module)]
    lookInto(module, "")
  }

  /// Collects the stored properties of an object, those of superclasses first.
  mutating func lookInto(_ object: AnyObject, _ prefix: String) {
    var levels: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: object)
    while let level = mirror {
      levels.append(level)
      mirror = level.superclassMirror
    }
    for level in levels.reversed() {
      for (label, value) in level.children {
        guard let label else { continue }
        let name = plainName(label)
        if name != label { checkLazy(value, name, object) }
        collect(value, prefix + name)
      }
    }
  }

  /// The name of a property without the prefix that a `lazy` one has.
  private func plainName(_ label: String) -> String {
    let prefix = "$__lazy_storage_$_"
    return label.hasPrefix(prefix) ? String(label.dropFirst(prefix.count)) : label
  }

  /// Stops at a lazy property whose module does not exist yet: it would be missing without a word.
  private func checkLazy(_ value: Any, _ name: String, _ object: AnyObject) {
    guard let type = type(of: value) as? any OptionalModule.Type, type.holdsMember,
      Mirror(reflecting: value).children.isEmpty
    else { return }
    // Without the path of the running module, for which members are listed.
    fatalError(
      """
      \(Swift.type(of: object)): the lazy property \(name) has no value yet, so its parameters cannot be listed; make \
      it a `let` that init sets, or use it once before
      """)
  }

  private mutating func collect(_ value: Any, _ name: String) {
    let member: Member? =
      switch value {
      case let parameter as Parameter: Member(name, parameter)
      case let buffer as Buffer: Member(name, buffer)
      case let module as any Module: Member(name, module)
      default: nil
      }
    if let member {
      if seen.insert(member.content.identifier).inserted { members.append(member) }
      return
    }
    // What cannot hold modules, or holds those of others, is not looked into: it may be large.
    if value is Tensor || value is String || value is [Float] || value is [Double] || value is [Int]
      || value is [UInt8] || value is StateDictionary || value is any SavedState
      || value is any NamedState || value is any Dataset || value is any DataModule
    {
      return
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional, .enum:
      if let (_, payload) = mirror.children.first { collect(payload, name) }
    case .collection, .struct, .tuple:
      for (index, child) in mirror.children.enumerated() {
        // A tuple's elements are labeled ".0", ".1", ..., a collection's not at all.
        let label = child.label.flatMap { $0.hasPrefix(".") ? nil : $0 } ?? "\(index)"
        collect(child.value, "\(name).\(label)")
      }
    case .dictionary:
      let pairs = mirror.children.compactMap { child -> (String, Any)? in
        let pair = Array(Mirror(reflecting: child.value).children)
        return pair.count == 2 ? ("\(pair[0].value)", pair[1].value) : nil
      }
      for (key, value) in pairs.sorted(by: { $0.0 < $1.0 }) { collect(value, "\(name).\(key)") }
    case .class:
      let object = value as AnyObject
      if seen.insert(ObjectIdentifier(object)).inserted { classes.append((name, object)) }
    default: break
    }
  }
}

/// An optional type, asked what it wraps.
private protocol OptionalModule {
  static var holdsMember: Bool { get }
}

extension Optional: OptionalModule {
  static var holdsMember: Bool {
    Wrapped.self is any Module.Type || Wrapped.self is Parameter.Type || Wrapped.self is Buffer.Type
  }
}
