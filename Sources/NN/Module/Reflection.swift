import Autograd

/// The parameters, buffers and modules among the stored properties of a user's module.
///
/// Superclasses come first; optionals, arrays, structs, tuples and dictionaries (in the order of
/// their keys' names) are looked into, each object is listed once. Lists make names like
/// `blocks.0`.
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
  // What cannot hold modules is not looked into: it may be large.
  if value is Tensor || value is String || value is [Float] || value is [Double] || value is [Int]
    || value is [UInt8]
  {
    return
  }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .optional:
    if let (_, wrapped) = mirror.children.first { collect(wrapped, name, &members, &seen) }
  case .collection, .struct, .tuple:
    for (index, child) in mirror.children.enumerated() {
      // A tuple's places are labeled ".0", ".1", ..., a collection's not at all.
      let label = child.label.flatMap { $0.hasPrefix(".") ? nil : $0 } ?? "\(index)"
      collect(child.value, "\(name).\(label)", &members, &seen)
    }
  case .dictionary:
    let pairs = mirror.children.compactMap { child -> (String, Any)? in
      let pair = Array(Mirror(reflecting: child.value).children)
      return pair.count == 2 ? ("\(pair[0].value)", pair[1].value) : nil
    }
    for (key, value) in pairs.sorted(by: { $0.0 < $1.0 }) {
      collect(value, "\(name).\(key)", &members, &seen)
    }
  default: break
  }
}
