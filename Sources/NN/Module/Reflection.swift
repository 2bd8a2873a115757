/// The parameters and modules among the stored properties of a user's module.
///
/// Superclasses come first; optionals, arrays and dictionaries with string keys (in the keys'
/// order) are looked into, each object is listed once. Lists make names like `blocks.0`.
func reflectedMembers(of module: any Module) -> [Member] {
  var members: [Member] = []
  var seen = Set<ObjectIdentifier>()
  var levels: [Mirror] = []
  var mirror: Mirror? = Mirror(reflecting: module)
  while let level = mirror {
    levels.append(level)
    mirror = level.superclassMirror
  }
  for level in levels.reversed() {
    for (label, value) in level.children {
      guard let label else { continue }
      collect(value, plainName(label), &members, &seen)
    }
  }
  return members
}

/// The name of a property without the prefix that a `lazy` one has.
private func plainName(_ label: String) -> String {
  let prefix = "$__lazy_storage_$_"
  return label.hasPrefix(prefix) ? String(label.dropFirst(prefix.count)) : label
}

private func collect(
  _ value: Any, _ name: String, _ members: inout [Member], _ seen: inout Set<ObjectIdentifier>
) {
  if let parameter = value as? Parameter {
    if seen.insert(ObjectIdentifier(parameter)).inserted { members.append(Member(name, parameter)) }
    return
  }
  if let module = value as? any Module {
    if seen.insert(ObjectIdentifier(module)).inserted { members.append(Member(name, module)) }
    return
  }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .optional:
    if let (_, wrapped) = mirror.children.first { collect(wrapped, name, &members, &seen) }
  case .collection:
    for (index, child) in mirror.children.enumerated() {
      collect(child.value, "\(name).\(index)", &members, &seen)
    }
  case .dictionary:
    let pairs = mirror.children.compactMap { child -> (String, Any)? in
      let pair = Array(Mirror(reflecting: child.value).children)
      guard pair.count == 2, let key = pair[0].value as? String else { return nil }
      return (key, pair[1].value)
    }
    for (key, value) in pairs.sorted(by: { $0.0 < $1.0 }) {
      collect(value, "\(name).\(key)", &members, &seen)
    }
  default: break
  }
}
