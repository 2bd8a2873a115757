import Autograd

// PyTorch's names and arguments of operations that compare, sort, round and pick elements. Truth
// values are compared as int64.

func addPickingOps(to ops: inout [String: ReferenceOp]) {
  addTruths(to: &ops)
  addSteps(to: &ops)
  addOrders(to: &ops)
  addRepetitions(to: &ops)
  addMatrices(to: &ops)
  addScatters(to: &ops)
  addCreations(to: &ops)
}

private func addTruths(to ops: inout [String: ReferenceOp]) {
  ops["isnan"] = { a in try a.input().isNaN().asType(.int64) }
  ops["isinf"] = { a in try a.input().isInfinite().asType(.int64) }
  ops["isfinite"] = { a in try a.input().isFinite().asType(.int64) }
  func compare(
    _ name: String, _ tensors: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ number: @escaping @Sendable (Tensor, Double) -> Tensor
  ) {
    ops[name] = { a in
      if let other = try a.double("other") { return try number(a.input(), other).asType(.int64) }
      return try tensors(a.input(0), a.input(1)).asType(.int64)
    }
  }
  compare("eq", { $0 .== $1 }, { $0 .== $1 })
  compare("ne", { $0 .!= $1 }, { $0 .!= $1 })
  compare("lt", { $0 .< $1 }, { $0 .< $1 })
  compare("le", { $0 .<= $1 }, { $0 .<= $1 })
  compare("gt", { $0 .> $1 }, { $0 .> $1 })
  compare("ge", { $0 .>= $1 }, { $0 .>= $1 })
  ops["logical_and"] = { a in try (a.input(0) .& a.input(1)).asType(.int64) }
  ops["logical_or"] = { a in try (a.input(0) .| a.input(1)).asType(.int64) }
  ops["logical_xor"] = { a in try (a.input(0) .^ a.input(1)).asType(.int64) }
  ops["logical_not"] = { a in (.!(try a.input())).asType(.int64) }
  ops["any"] = { a in try a.input().any(axes: a.axes(), keepDims: a.keepDims()).asType(.int64) }
  ops["all"] = { a in try a.input().all(axes: a.axes(), keepDims: a.keepDims()).asType(.int64) }
}

private func addSteps(to ops: inout [String: ReferenceOp]) {
  ops["round"] = { try $0.input().round() }
  ops["floor"] = { try $0.input().floor() }
  ops["ceil"] = { try $0.input().ceil() }
  ops["trunc"] = { try $0.input().trunc() }
  ops["sign"] = { try $0.input().sign() }
  ops["fmod"] = { a in
    if let other = try a.double("other") { return try a.input().fmod(other) }
    return try a.input(0).fmod(a.input(1))
  }
  ops["remainder"] = { a in
    if let other = try a.double("other") { return try a.input().remainder(other) }
    return try a.input(0).remainder(a.input(1))
  }
}

private func addOrders(to ops: inout [String: ReferenceOp]) {
  ops["argmax"] = { a in try a.input().argmax(axis: a.int("dim", "axis"), keepDims: a.keepDims()) }
  ops["argmin"] = { a in try a.input().argmin(axis: a.int("dim", "axis"), keepDims: a.keepDims()) }
  ops["sort"] = { a in
    _ = try a.bool("stable")
    return try a.input().sort(axis: a.int("dim") ?? -1, descending: a.bool("descending") ?? false)
      .values
  }
  ops["argsort"] = { a in
    _ = try a.bool("stable")
    return try a.input().argsort(
      axis: a.int("dim") ?? -1, descending: a.bool("descending") ?? false)
  }
  @Sendable func topK(_ a: ReferenceArguments) throws -> (values: Tensor, indices: Tensor) {
    _ = try a.bool("sorted")
    return try a.input().topK(
      a.required("k", a.int("k")), axis: a.int("dim") ?? -1, largest: a.bool("largest") ?? true)
  }
  ops["topk"] = { try topK($0).values }
  ops["topk_indices"] = { try topK($0).indices }
}

private func addRepetitions(to ops: inout [String: ReferenceOp]) {
  ops["tile"] = { a in try a.input().tile(a.required("dims", a.ints("dims"))) }
  ops["repeat"] = { a in try a.input().tile(a.required("repeats", a.ints("repeats"))) }
  ops["repeat_interleave"] = { a in
    let count = try a.required("repeats", a.int("repeats"))
    guard let axis = try a.int("dim") else {
      return try a.input().flatten().repeatInterleave(count, axis: 0)
    }
    return try a.input().repeatInterleave(count, axis: axis)
  }
  ops["split"] = { a in
    let axis = try a.int("dim") ?? 0
    let sizes = a.value("split_size_or_sections")
    if case .array? = sizes {
      let sizes = try a.required("sizes", a.ints("split_size_or_sections"))
      return try a.part(of: a.input().split(sizes, axis: axis))
    }
    return try a.part(
      of: a.input().split(a.required("size", a.int("split_size_or_sections")), axis: axis))
  }
  ops["chunk"] = { a in
    try a.part(
      of: a.input().chunk(a.required("chunks", a.int("chunks")), axis: a.int("dim") ?? 0))
  }
  ops["unbind"] = { a in try a.part(of: a.input().unbind(axis: a.int("dim") ?? 0)) }
  ops["narrow"] = { a in
    try a.input().narrow(
      axis: a.required("dim", a.int("dim")), from: a.required("start", a.int("start")),
      count: a.required("length", a.int("length")))
  }
  ops["movedim"] = { a in
    try a.input().movingAxis(
      a.required("source", a.int("source")), to: a.required("destination", a.int("destination")))
  }
  ops["unflatten"] = { a in
    try a.input().unflatten(
      axis: a.required("dim", a.int("dim")), into: a.required("sizes", a.ints("sizes")))
  }
  ops["cumprod"] = { a in
    try a.converted().cumprod(axis: a.required("dim", a.int("dim", "axis")))
  }
}

private func addMatrices(to ops: inout [String: ReferenceOp]) {
  ops["outer"] = { a in try a.input(0).outer(a.input(1)) }
  ops["dot"] = { a in try a.input(0).dot(a.input(1)) }
  ops["trace"] = { a in trace(try a.input()) }
  ops["diagonal"] = { a in
    try a.input().diagonal(
      offset: a.int("offset") ?? 0, axis1: a.int("dim1") ?? 0, axis2: a.int("dim2") ?? 1)
  }
  ops["diag"] = { a in try a.input().diag(offset: a.int("diagonal") ?? 0) }
}

private func addScatters(to ops: inout [String: ReferenceOp]) {
  ops["masked_fill"] = { a in
    let mask = try a.integer("mask").asType(.bool)
    if let value = try a.double("value") { return try a.input().maskedFill(mask, value) }
    return try a.input(0).maskedFill(mask, a.input(1))
  }
  ops["masked_select"] = { a in
    try a.input().maskedSelect(a.integer("mask").asType(.bool))
  }
  ops["nonzero"] = { a in try a.input().nonzero() }
  ops["scatter"] = { a in
    let axis = try a.required("dim", a.int("dim"))
    if let value = try a.double("value") {
      return try a.input().scatter(axis: axis, a.integer("index"), value)
    }
    return try a.input(0).scatter(axis: axis, a.integer("index"), a.input(1))
  }
  ops["scatter_add"] = { a in
    try a.input(0).scatterAdd(
      axis: a.required("dim", a.int("dim")), a.integer("index"), a.input(1))
  }
  ops["getitem"] = { a in
    switch try a.places() {
    case let places where places.count == 1: try a.input()[places[0]]
    case let places where places.count == 2: try a.input()[places[0], places[1]]
    case let places where places.count == 3: try a.input()[places[0], places[1], places[2]]
    case let places: try a.input()[places[0], places[1], places[2], places[3]]
    }
  }
  ops["setitem"] = { a in
    var x = try a.input(0)
    let value = try a.input(1)
    switch try a.places() {
    case let places where places.count == 1: x[places[0]] = value
    case let places where places.count == 2: x[places[0], places[1]] = value
    case let places where places.count == 3: x[places[0], places[1], places[2]] = value
    case let places: x[places[0], places[1], places[2], places[3]] = value
    }
    return x
  }
}

private func addCreations(to ops: inout [String: ReferenceOp]) {
  ops["arange"] = { a in
    let (dtype, device) = try (a.input().dtype, a.input().device)
    let (start, step) = (try a.double("start") ?? 0, try a.double("step") ?? 1)
    let end = try a.required("end", a.double("end"))
    let isWhole = [start, end, step].allSatisfy { $0 == $0.rounded() }
    if try a.bool("exact") ?? false {
      return Tensor.arange(start, end, step: step, dtype: dtype, device: device)
    }
    return try a.input()
      * (isWhole
        ? Tensor.arange(Int(start), Int(end), step: Int(step), device: device).asType(dtype)
        : Tensor.arange(start, end, step: step, dtype: .float32, device: device)
          .asType(dtype))
  }
  ops["linspace"] = { a in
    try a.input()
      * Tensor.linspace(
        a.required("start", a.double("start")), a.required("end", a.double("end")),
        count: a.required("steps", a.int("steps")), dtype: a.input().dtype,
        device: a.input().device)
  }
  ops["eye"] = { a in
    try a.input()
      * Tensor.eye(
        a.required("n", a.int("n")), a.int("m"), dtype: a.input().dtype, device: a.input().device)
  }
  ops["full"] = { a in
    try Tensor.full(
      a.required("size", a.ints("size")), a.required("fill_value", a.double("fill_value")),
      dtype: a.input().dtype, device: a.input().device)
  }
  ops["ones"] = { a in
    try .ones(
      a.required("size", a.ints("size")), dtype: a.input().dtype, device: a.input().device)
  }
  ops["zeros"] = { a in
    try .zeros(
      a.required("size", a.ints("size")), dtype: a.input().dtype, device: a.input().device)
  }
  ops["ones_like"] = { try $0.input().onesLike() }
  ops["zeros_like"] = { try $0.input().zerosLike() }
  ops["one_hot"] = { a in
    try a.input()
      * Tensor.oneHot(
        a.integer("tensor"), classCount: a.required("num_classes", a.int("num_classes")))
  }
  ops["meshgrid"] = { a in try a.part(of: Tensor.meshgrid(a.inputs)) }
}

extension ReferenceArguments {
  /// The part of several results that a case looks at.
  fileprivate func part(of results: [Tensor]) throws -> Tensor {
    let part = try required("part", int("part"))
    let place = part < 0 ? part + results.count : part
    guard results.indices.contains(place) else {
      throw ReferenceFailure("there are \(results.count) results, not a part \(part)")
    }
    return results[place]
  }

  /// The places of a subscript: "3", "1:5:2", "None", "...", "@name" of integers or "?name" of a mask.
  fileprivate func places() throws -> [any TensorIndex] {
    guard case .array(let list)? = value("places") else {
      throw ReferenceFailure("the attribute places is missing")
    }
    return try list.map { entry in
      guard let text = entry.string else { throw ReferenceFailure("\(entry) is no place") }
      switch text {
      case "None": return SubscriptItem.new
      case "...": return SubscriptItem.rest
      case let text where text.hasPrefix("@"): return try integer(String(text.dropFirst()))
      case let text where text.hasPrefix("?"):
        return try integer(String(text.dropFirst())).asType(.bool)
      case let text where text.contains(":"):
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        return SubscriptItem.range(
          from: parts[0], to: parts[1], step: parts.count > 2 ? parts[2] ?? 1 : 1)
      default: return try required("place", Int(text))
      }
    }
  }
}
