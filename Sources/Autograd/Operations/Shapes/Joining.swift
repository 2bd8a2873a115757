// Joining tensors along an axis: concatenate, stack.
/// Tensors one after the other along an axis along which alone their sizes may differ.
///
/// Those of shape [0] fit any others and add nothing but their type, as in PyTorch; where there are
/// no others, any axis gives [0].
public func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  let others = tensors.first { $0.shape != [0] }
  guard let first = others ?? tensors.first else { fail("concatenate: needs at least one tensor") }
  let axis = others == nil ? 0 : first.checkedAxis(axis, "concatenate")
  var shape = first.shape
  var starts: [Int] = []
  var end = 0
  var dtype = first.dtype
  for (index, tensor) in tensors.enumerated() {
    starts.append(end)
    dtype = DType.promoted(dtype, tensor.dtype)
    if tensor.shape == [0] { continue }
    shape[axis] = tensor.rank == first.rank ? tensor.size(axis) : -1
    require(
      tensor.shape == shape,
      "concatenate: tensor \(index) (\(tensor.summary)) does not fit \(first.summary) along axis \(axis)"
    )
    end += shape[axis]
  }
  shape[axis] = end
  return differentiable(tensors) { [shape, starts, dtype] tensors in
    let y = NDArray.uninitialized(
      dtype: dtype, shape: shape, on: NDArray.commonDevice(of: tensors.map(\.array), "concatenate"))
    let strides = y.strides
    for (tensor, start) in zip(tensors, starts) where tensor.count > 0 {
      Backend.copy(
        tensor.array,
        into: y.view(shape: tensor.shape, strides: strides, offset: start * strides[axis]))
    }
    return [Tensor(y)]
  } pullbacks: { [starts] tensors, _ in
    let sizes = tensors.map { $0.shape == [0] ? nil : $0.size(axis) }
    return { cotangents, wanted in
      zip(starts, sizes).enumerated().map { index, part in
        guard wanted[index], let dy = cotangents[0], let size = part.1 else { return nil }
        return dy.slice(axis: axis, from: part.0, to: part.0 + size)
      }
    }
  }[0]
}

/// Tensors of one shape side by side along a new axis.
public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  guard let first = tensors.first else { fail("stack: needs at least one tensor") }
  for (index, tensor) in tensors.enumerated() {
    require(
      tensor.shape == first.shape,
      "stack: tensor \(index) (\(tensor.summary)) does not have the shape of \(first.summary)")
  }
  let axis = first.checkedAxis(axis, "stack", rank: first.rank + 1)
  return concatenate(tensors.map { $0.unsqueeze(axis) }, axis: axis)
}
