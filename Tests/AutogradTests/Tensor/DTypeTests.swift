import Testing

@testable import Autograd

@Suite struct DTypeTests {
  @Test func sizesNamesAndKinds() {
    #expect(DType.allCases.map(\.byteCount) == [4, 8, 4, 8, 1, 1])
    #expect(
      DType.allCases.map(\.description) == [
        "float32", "float64", "int32", "int64", "uint8", "bool",
      ])
    #expect(DType.allCases.filter(\.isFloatingPoint) == [.float32, .float64])
    #expect(
      [
        Float.dtype, Double.dtype, Int32.dtype, Int64.dtype, Int.dtype, UInt8.dtype, Bool.dtype,
      ] == [.float32, .float64, .int32, .int64, .int64, .uint8, .bool])
  }

  @Test func promotionFollowsTheOrder() {
    let order: [DType] = [.bool, .uint8, .int32, .int64, .float32, .float64]
    for (low, a) in order.enumerated() {
      for (high, b) in order.enumerated() {
        #expect(DType.promoted(a, b) == order[max(low, high)])
      }
    }
  }

  @Test func kernelsKnowTheSameNumbers() {
    for dtype in DType.allCases { #expect(dtype.rawValue == dtype.kernelType.rawValue) }
  }
}
