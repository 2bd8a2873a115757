import Autograd

// Element-wise functions of float32, whose bits are to be those of the CPU's kernels with fused multiply-add.

private let unary: [(String, @Sendable (Tensor) -> Tensor)] = [
  ("negate", { -$0 }), ("abs", { $0.abs() }), ("sign", { $0.sign() }), ("relu", { $0.relu() }),
  ("square", { $0.square() }), ("reciprocal", { $0.reciprocal() }), ("sqrt", { $0.sqrt() }),
  ("exp", { $0.exp() }), ("log", { $0.log() }), ("tanh", { $0.tanh() }),
  ("sigmoid", { $0.sigmoid() }), ("erf", { $0.erf() }), ("gelu", { $0.gelu() }),
  ("silu", { $0.silu() }), ("hardswish", { $0.hardswish() }), ("sin", { $0.sin() }),
  ("cos", { $0.cos() }), ("log1p", { $0.log1p() }), ("expm1", { $0.expm1() }),
  ("round", { $0.round() }), ("floor", { $0.floor() }), ("ceil", { $0.ceil() }),
  ("trunc", { $0.trunc() }), ("float16 and back", { $0.asType(.float16).asType(.float32) }),
  ("bfloat16 and back", { $0.asType(.bfloat16).asType(.float32) }),
  ("int32 and back", { $0.asType(.int32).asType(.float32) }), ("+ 1.5", { $0 + 1.5 }),
  ("1 / x", { 1 / $0 }), ("transposed copy", { $0.reshape([-1, 8]).transpose().contiguous() }),
]

private let binary: [(String, @Sendable (Tensor, Tensor) -> Tensor)] = [
  ("+", { $0 + $1 }), ("-", { $0 - $1 }), ("*", { $0 * $1 }), ("/", { $0 / $1 }),
  ("pow", { $0.abs().pow($1) }), ("maximum", { maximum($0, $1) }), ("minimum", { minimum($0, $1) }),
  ("atan2", { $0.atan2($1) }), ("remainder", { $0.remainder($1) }), ("fmod", { $0.fmod($1) }),
  (".<", { ($0 .< $1).asType(.float32) }), (".==", { ($0 .== $1).asType(.float32) }),
  ("where", { Tensor.where($0 .> 0, $0, $1) }),
  ("broadcast +", { $0.reshape([-1, 16]) + $1.slice(axis: 0, to: 16) }),
  ("broadcast column *", { $0.reshape([-1, 16]) * $1.reshape([-1, 16]).slice(axis: 1, to: 1) }),
]

/// Numbers of all sizes, the special ones first.
private func numbers(_ count: Int, seed: UInt64) -> Tensor {
  let special: [Float] = [
    0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1, -1,
    0.5, 2.5, -3, 3, 88.5, -103.9, 1e30,
  ]
  var random = RandomStream(seed: seed)
  let sizes = random.uniform([count - special.count], low: -30, high: 30).exp()
  let signs = random.bernoulli([count - special.count], probability: 0.5).asType(.float32) * 2 - 1
  return concatenate([Tensor(special), sizes * signs])
}

/// The number of elements whose bits differ, NaN equal to NaN.
func differingBits(_ a: Tensor, _ b: Tensor) -> Int {
  zip(a.scalars(as: Float.self), b.scalars(as: Float.self)).reduce(0) { count, pair in
    let isEqual = pair.0.bitPattern == pair.1.bitPattern || pair.0.isNaN && pair.1.isNaN
    return count + (isEqual ? 0 : 1)
  }
}

/// The largest distance in units of the last place, of finite elements.
private func largestUlp(_ a: Tensor, _ b: Tensor) -> Int {
  zip(a.scalars(as: Float.self), b.scalars(as: Float.self)).reduce(0) { most, pair in
    guard pair.0.isFinite && pair.1.isFinite else {
      return pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN ? most : .max
    }
    func order(_ x: Float) -> Int {
      let bits = Int(Int32(bitPattern: x.bitPattern))
      return bits < 0 ? Int(Int32.min) - bits : bits
    }
    return max(most, abs(order(pair.0) - order(pair.1)))
  }
}

func checkElementwise(_ gpu: Device, _ count: Int, _ page: inout Page) {
  page.heading("Element-wise functions of \(count) float32 numbers, bits compared with the CPU")
  let (a, b) = (numbers(count, seed: 1), numbers(count, seed: 2))
  let (aThere, bThere) = (a.to(gpu), b.to(gpu))
  func compare(_ name: String, _ expected: Tensor, _ found: Tensor, toLibrary: Bool) {
    let different = differingBits(expected, found)
    let ulp = different == 0 ? 0 : largestUlp(expected, found)
    // Arguments that the CPU gives to the C library may differ by 2 ulp.
    page.check(
      name, found.device == gpu && (different == 0 || toLibrary && ulp <= 2),
      different == 0 ? "same bits" : "\(different) differ, at most \(ulp) ulp")
  }
  for (name, f) in unary {
    compare(name, f(a), f(aThere), toLibrary: name == "sin" || name == "cos")
  }
  for (name, f) in binary {
    compare(
      name, f(a, b), f(aThere, bThere),
      toLibrary: ["pow", "atan2", "remainder", "fmod"].contains(name))
  }
}
