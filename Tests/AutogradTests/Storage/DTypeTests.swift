import Testing

@testable import Autograd

@Suite struct DTypeTests {
  @Test func sizesNamesAndKinds() {
    #expect(DType.allCases.map(\.byteCount) == [4, 8, 4, 8, 1, 1, 2, 2])
    #expect(
      DType.allCases.map(\.description) == [
        "float32", "float64", "int32", "int64", "uint8", "bool", "float16", "bfloat16",
      ])
    #expect(
      DType.allCases.filter(\.isFloatingPoint) == [.float32, .float64, .float16, .bfloat16])
    #expect(DType.allCases.filter(\.isHalf) == [.float16, .bfloat16])
    #expect(
      [
        Float.dtype, Double.dtype, Int32.dtype, Int64.dtype, Int.dtype, UInt8.dtype, Bool.dtype,
      ] == [.float32, .float64, .int32, .int64, .int64, .uint8, .bool])
  }

  @Test func promotionFollowsTheOrder() {
    for half in [DType.float16, .bfloat16] {
      let order: [DType] = [.bool, .uint8, .int32, .int64, half, .float32, .float64]
      for (low, a) in order.enumerated() {
        for (high, b) in order.enumerated() {
          #expect(DType.promoted(a, b) == order[max(low, high)])
        }
      }
    }
    #expect(DType.promoted(.float16, .bfloat16) == .float32)
    #expect(DType.promoted(.bfloat16, .float16) == .float32)
  }

  @Test func kernelsKnowTheSameNumbers() {
    for dtype in DType.allCases { #expect(dtype.rawValue == dtype.kernelType.rawValue) }
  }
}
