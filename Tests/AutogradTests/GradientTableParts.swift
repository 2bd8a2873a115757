@testable import Autograd

// The rows of remainders, of parts and repetitions, and of what reads and writes at places.
extension GradientTable {
  static let remainders: [GradientRow] = [
    GradientRow("remainder(Tensor)", .distinct) { binary { ($0 * 3 + 0.01).remainder($1 + 5.02) } },
    GradientRow("remainder(Number)", .distinct) { unary { $0.square().remainder(0.77) } },
    GradientRow("fmod(Tensor)", .distinct) { binary { ($0 * 3 + 0.01).fmod($1 - 5.02) } },
    GradientRow("fmod(Number)", .distinct) { unary { $0.square().fmod(-0.77) } },
    GradientRow("cumprod(axis:)") {
      along { x, axis, _ in x.cumprod(axis: axis) }
      at([]) { $0[0].cumprod(axis: 0).square() }
      at([2, 5]) {
        ($0[0] * Tensor([1, 0, 2, 0, 1], dtype: .float64, device: $0[0].device)).cumprod(axis: 1)
      }
    },
    GradientRow("outer(Tensor)") {
      at([3], [4]) { $0[0].outer($0[1]) }
      at([3], [0]) { $0[0].outer($0[1]) }
      at([4]) { $0[0].outer($0[0]) }
    },
    GradientRow("dot(Tensor)") {
      at([5], [5]) { $0[0].dot($0[1]) }
      at([0], [0]) { $0[0].dot($0[1]) }
      at([4], [4], layout: .sliced) { $0[0].dot($0[1]) }
    },
    GradientRow("trace(Tensor)") {
      at([3, 3]) { trace($0[0] * $0[0]) }
      at([2, 4], layout: .transposed) { trace($0[0]) }
    },
    GradientRow("diagonal(offset:, axis1:, axis2:)") {
      at([3, 4]) { $0[0].diagonal() }
      at([2, 3, 4]) { $0[0].diagonal(offset: -1, axis1: 2, axis2: 0) }
      at([3, 4], layout: .transposed) { $0[0].diagonal(offset: 2) }
      at([2, 3]) { $0[0].diagonal(offset: 5) }
    },
    GradientRow("diag(offset:)") {
      at([3]) { $0[0].diag().square() }
      at([2]) { $0[0].diag(offset: -2) }
      at([3, 4]) { $0[0].diag(offset: 1) }
    },
  ]

  static let parts: [GradientRow] = [
    GradientRow("narrow(axis:, from:, count:)") {
      at([5, 2]) { $0[0].narrow(axis: 0, from: 1, count: 3) }
      at([2, 5], layout: .transposed) { $0[0].narrow(axis: -1, from: -2, count: 2) }
    },
    GradientRow("split(Int, axis:)") {
      at([7]) { x in x[0].split(3)[2] * x[0].split(3)[0].sum() }
      at([2, 5], layout: .sliced) { $0[0].split(2, axis: 1)[1] }
    },
    GradientRow("split([Int], axis:)") {
      at([5, 2]) { $0[0].split([1, 0, 4])[2] }
      at([2, 5]) { $0[0].split([2, 3], axis: -1)[0].square() }
    },
    GradientRow("chunk(Int, axis:)") {
      at([7]) { $0[0].chunk(3)[2] }
      at([2, 5]) { concatenate($0[0].chunk(2, axis: 1).reversed(), axis: 1).square() }
    },
    GradientRow("unbind(axis:)") {
      at([3, 2]) { $0[0].unbind()[1] }
      at([2, 3], layout: .expanded) {
        let parts = $0[0].unbind(axis: -1)
        return parts[0] * parts[1] * parts[2]
      }
    },
    GradientRow("tile([Int])") {
      at([2, 3]) { $0[0].tile([2, 1]) }
      at([3]) { $0[0].tile([2, 2]).square() }
      at([]) { $0[0].tile([3]) }
      at([2, 1, 3], layout: .transposed) { $0[0].tile([2]) }
    },
    GradientRow("repeatInterleave(Int, axis:)") {
      at([2, 3]) { $0[0].repeatInterleave(2, axis: 0) }
      at([2, 3], layout: .sliced) { $0[0].repeatInterleave(3, axis: -1).square() }
    },
    GradientRow("movingAxis(Int, to:)") {
      at([2, 3, 4]) { $0[0].movingAxis(0, to: -1) }
      at([2, 3, 4], layout: .transposed) { $0[0].movingAxis(2, to: 1) }
    },
    GradientRow("unflatten(axis:, into:)") {
      at([2, 6]) { $0[0].unflatten(axis: 1, into: [-1, 2]) }
      at([4], layout: .sliced) { $0[0].unflatten(axis: 0, into: [2, 2]) }
    },
    GradientRow("sort(axis:, descending:)", .distinct) {
      along { x, axis, flag in x.sort(axis: axis, descending: flag).values.square() }
      at([]) { $0[0].sort().values }
    },
    GradientRow("topK(Int, axis:, largest:)", .distinct) {
      at([7]) { $0[0].topK(3).values.square() }
      at([3, 4], layout: .transposed) { $0[0].topK(2, axis: 0, largest: false).values }
      at([3, 4]) { $0[0].topK(0).values }
    },
    GradientRow("meshgrid([Tensor])") {
      at([2], [3]) { Tensor.meshgrid($0)[0] * Tensor.meshgrid($0)[1] }
    },
  ]

  static let scattering: [GradientRow] = [
    GradientRow("scatter(axis:, Tensor, Tensor)") {
      at([3, 4], [3, 2]) {
        $0[0].scatter(
          axis: 1, Tensor(scalars: [1, 3, 0, 2, 2, 1], shape: [3, 2], device: $0[0].device), $0[1]
        ).square()
      }
      at([3, 4], [3, 3], layout: .transposed) {
        $0[0].scatter(
          axis: 0, Tensor(scalars: [2, 0, 1, 0], shape: [2, 2], device: $0[0].device), $0[1])
      }
      at([3], [4]) {
        $0[0].scatter(axis: 0, Tensor(scalars: [1, 1, 2, 1], device: $0[0].device), $0[1])
      }
      at([], []) {
        $0[0].scatter(axis: 0, Tensor(scalars: [0], shape: [], device: $0[0].device), $0[1])
      }
      at([3, 2], [0, 2]) {
        $0[0].scatter(axis: 0, Tensor.zeros([0, 2], dtype: .int64, device: $0[0].device), $0[1])
      }
    },
    GradientRow("scatter(axis:, Tensor, Number)") {
      at([3, 4]) {
        $0[0].scatter(axis: 1, Tensor(scalars: [1, 1], shape: [1, 2], device: $0[0].device), 2)
          .square()
      }
    },
    GradientRow("scatterAdd(axis:, Tensor, Tensor)") {
      at([3, 4], [3, 2]) {
        let places = Tensor(scalars: [1, 1, 0, 2, 2, 2], shape: [3, 2], device: $0[0].device)
        return $0[0].scatterAdd(axis: 1, places, $0[1]).square()
      }
      at([3, 4], [3, 3], layout: .sliced) {
        $0[0].scatterAdd(
          axis: 0, Tensor(scalars: [2, 0, 2, 0], shape: [2, 2], device: $0[0].device), $0[1])
      }
      at([], []) {
        $0[0].scatterAdd(axis: 0, Tensor(scalars: [0], shape: [], device: $0[0].device), $0[1])
      }
    },
    GradientRow("maskedFill(Tensor, Number)") { unary { $0.maskedFill(mask($0), 2).square() } },
    GradientRow("maskedFill(Tensor, Tensor)") {
      at([2, 3], []) { $0[0].maskedFill(mask($0[0]), $0[1]).square() }
    },
    GradientRow("maskedSelect(Tensor)") {
      unary { $0.maskedSelect(mask($0)).square() }
      at([2, 1]) { $0[0].maskedSelect(mask(.zeros([3], device: $0[0].device))) }
    },
    GradientRow("subscript(TensorIndex...)") {
      unary { $0[.ellipsis, .newAxis].square() }
      at([3, 4]) { $0[0][1] }
      at([3, 4]) { $0[0][.all, .slice(step: -1)].square() }
      at([5, 3], layout: .transposed) { $0[0][.slice(from: -1, to: 0, step: -2), 1...] }
      at([3, 4], layout: .sliced) { $0[0][[2, 0, 2, -1]].square() }
      at([3, 4, 2]) {
        $0[0][
          Tensor(scalars: [0, 2], device: $0[0].device), .all,
          Tensor(scalars: [1, 0], device: $0[0].device)]
      }
      at([2, 3]) { $0[0][mask($0[0])] }
      at([3, 4], [4]) { written($0) { $0[1] = $1 } }
      at([3, 4], [2, 1]) { written($0) { $0[..<2, .slice(step: 3)] = $1 } }
      at([3, 4], [4], layout: .transposed) { written($0) { $0[.slice(step: -1)] = $1 } }
      at([3, 4], [2, 4]) { written($0) { $0[[2, 0]] = $1 } }
      at([3, 4], [4]) { written($0) { $0[[2, 0]] = $1 } }
      at([4, 3, 2], [2, 3]) { written($0) { $0[[0, 3], .all, [1, 0]] = $1 } }
      at([2, 3], []) { written($0) { $0[mask($0)] = $1 } }
      at([2, 3], [2, 3]) { written($0) { $0[.ellipsis] = $1 } }
      at([2, 3], [3]) { written($0) { $0[0] += $1 } }
    },
  ]

  /// The square of what is left after writing the second tensor into the first, and the first one.
  private static func written(
    _ inputs: [Tensor], _ write: (inout Tensor, Tensor) -> Void
  ) -> Tensor {
    var x = inputs[0]
    write(&x, inputs[1])
    return x.square() + inputs[0]
  }
}
