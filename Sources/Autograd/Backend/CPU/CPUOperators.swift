internal import CKernels

// The vocabulary of `Backend` in that of the C kernels.

extension DType {
  var kernelType: CKType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uInt8
    case .bool: .bool
    case .float16: .float16
    case .bfloat16: .bFloat16
    }
  }
}

extension UnaryOp {
  var kernel: CKMap {
    switch self {
    case .negate: .negate
    case .abs: .absolute
    case .sign: .sign
    case .relu: .relu
    case .square: .square
    case .reciprocal: .reciprocal
    case .sqrt: .squareRoot
    case .exp: .exp
    case .log: .log
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .erf: .errorFunction
    case .gelu: .gelu
    case .silu: .silu
    case .hardswish: .hardswish
    case .sin: .sin
    case .cos: .cos
    case .log1p: .log1p
    case .expm1: .expm1
    case .round: .round
    case .floor: .floor
    case .ceil: .ceil
    case .trunc: .truncate
    }
  }
}

extension BinaryOp {
  var kernel: CKZip {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .power: .power
    case .maximum: .maximum
    case .minimum: .minimum
    case .reluGradient: .reluGradient
    case .sigmoidGradient: .sigmoidGradient
    case .tanhGradient: .tanhGradient
    case .geluGradient: .geluGradient
    case .siluGradient: .siluGradient
    case .hardswishGradient: .hardswishGradient
    case .leakyRelu: .leakyRelu
    case .leakyReluSlope: .leakyReluSlope
    case .atan2: .arcTangent
    case .remainder: .remainder
    case .fmod: .truncatedRemainder
    }
  }
}

extension CompareOp {
  var kernel: CKCompare {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessOrEqual: .lessOrEqual
    case .greater: .greater
    case .greaterOrEqual: .greaterOrEqual
    }
  }
}

extension ReduceOp {
  var kernel: CKReduce {
    switch self {
    case .sum: .sum
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }
}

extension UpdateOp {
  var kernel: CKUpdate {
    switch self {
    case .add: .add
    case .addProduct: .addProduct
    case .addQuotient: .addQuotient
    }
  }
}

extension UpdateFactors {
  var kernel: CKUpdateFactors {
    CKUpdateFactors(keep: keep, scale: scale, root: root, epsilon: epsilon)
  }
}
