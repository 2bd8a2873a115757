import Autograd
import Testing

@Suite struct InterpolationTests {
  /// The element before each result, in exact arithmetic.
  @Test(arguments: [(300, 224), (224, 300), (7, 3), (49, 49), (10, 1)])
  func nearestIsExact(_ own: Int, _ size: Int) {
    let x = Tensor.arange(own).asType(.float32).reshape([1, 1, own])
    let y = interpolate(x, size: [size])
    #expect(y.scalars() == (0..<size).map { Float($0 * own / size) })
  }

  @Test(arguments: [(49, 49.0), (10, 3.0), (7, 0.7)])
  func nearestByAFactorIsExact(_ own: Int, _ factor: Double) {
    let x = Tensor.arange(own).asType(.float32).reshape([1, 1, own])
    let y = interpolate(x, scaleFactor: factor)
    #expect(y.scalars() == (0..<y.count).map { Float((Double($0) / factor).rounded(.down)) })
  }
}
