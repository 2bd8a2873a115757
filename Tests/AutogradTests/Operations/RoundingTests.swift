import TestSupport
import Testing

@testable import Autograd

/// What PyTorch's reference cases do not say.
@Suite struct RoundingTests {
  @Test func integers() {
    let x = Tensor(scalars: [7, -7, 7, -7, Int.min])
    let y = Tensor(scalars: [2, 2, -2, -2, -1])
    expect(x.remainder(y), equals: [1, 1, -1, -1, 0])
    expect(x.fmod(y), equals: [1, -1, 1, -1, 0])
    expect(x[..<4].floorDivide(y[..<4]), equals: [3, -4, -4, 3])
    expect(x[..<4].truncDivide(y[..<4]), equals: [3, -3, -3, 3])
    #expect(x.round().dtype == .int64)
    expect(Tensor(scalars: [UInt8(200)]).remainder(255), equals: [200])
  }

  @Test func divisionsByZeroAndInfinity() {
    let x = Tensor([1, -1, 0, .infinity])
    expect(x.floorDivide(Tensor([0])), equals: [.infinity, -.infinity, .nan, .infinity])
    expect(x.remainder(0), equals: [.nan, .nan, .nan, .nan])
    expect(Tensor([5]).fmod(Double.infinity), equals: [5])
  }

  @Test func stepsAreNotRecorded() {
    let dx = gradient(at: Tensor([0.4, 1.6])) { ($0.round() * $0 + $0.floor()).sum() }
    expect(dx, equals: [0, 2])
  }

  static let names = ["remainder", "fmod", "floorDivide", "truncDivide"]

  @Test(arguments: names.indices) func integersDividedByZero(index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [index] in
      let (x, zero) = (Tensor(scalars: [3]), Tensor(scalars: [0]))
      _ = [x.remainder, x.fmod, x.floorDivide, x.truncDivide][index](zero)
    }
    expect(result, names: Self.names[index], "integers", "0")
  }
}
