import Testing

@testable import Autograd

/// Expected strings in full: how a tensor reads is part of the interface.
@Suite struct PrintingTests {
  @Test(arguments: [
    (Tensor(2.5), "Tensor [] float32\n2.5000"),
    (Tensor(3), "Tensor [] float32\n3.0"),
    (Tensor([1, 2, -3]), "Tensor [3] float32\n[ 1.0,  2.0, -3.0]"),
    (
      Tensor([[1, 2.5, -3], [0, 0.5, 10]]),
      """
      Tensor [2, 3] float32
      [[ 1.0000,  2.5000, -3.0000],
       [ 0.0000,  0.5000, 10.0000]]
      """
    ),
    (
      Tensor([1.0 / 3, -2.0 / 3], dtype: .float64),
      "Tensor [2] float64\n[ 0.333333, -0.666667]"
    ),
    (
      Tensor([1e-5, -2e6, 0]),
      "Tensor [3] float32\n[ 1.0000e-05, -2.0000e+06,  0.0000e+00]"
    ),
    (Tensor([9.99999e7, 0.5]), "Tensor [2] float32\n[1.0000e+08, 5.0000e-01]"),
    (
      Tensor([1.5e-200, 2.5e+200], dtype: .float64),
      "Tensor [2] float64\n[1.500000e-200, 2.500000e+200]"
    ),
    (
      Tensor([Double.nan, .infinity, -.infinity, 1]),
      "Tensor [4] float32\n[ nan,  inf, -inf,  1.0]"
    ),
    (Tensor([Double.nan, 1.25]), "Tensor [2] float32\n[   nan, 1.2500]"),
    (Tensor([Double.nan], dtype: .float64), "Tensor [1] float64\n[nan]"),
    (Tensor([-0.0, 0]), "Tensor [2] float32\n[0.0, 0.0]"),
    (Tensor(scalars: [true, false]), "Tensor [2] bool\n[ true, false]"),
    (Tensor(scalars: [1, -20, 300]), "Tensor [3] int64\n[  1, -20, 300]"),
    (Tensor(scalars: [UInt8(7), 255]), "Tensor [2] uint8\n[  7, 255]"),
    (Tensor(scalars: [Int32.min]), "Tensor [1] int32\n[-2147483648]"),
    (Tensor.zeros([2, 0, 3]), "Tensor [2, 0, 3] float32 (no elements)"),
    (Tensor(scalars: [Int]()), "Tensor [0] int64 (no elements)"),
    (Tensor.arange(8), "Tensor [8] int64\n[0, 1, 2, 3, 4, 5, 6, 7]"),
    (Tensor.arange(1001), "Tensor [1001] int64\n[   0,    1,    2, ...,  998,  999, 1000]"),
    (
      Tensor.arange(26),
      """
      Tensor [26] int64
      [ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
       19, 20, 21, 22, 23, 24, 25]
      """
    ),
    (
      Tensor.arange(8).reshape([2, 2, 2]),
      """
      Tensor [2, 2, 2] int64
      [[[0, 1],
        [2, 3]],

       [[4, 5],
        [6, 7]]]
      """
    ),
    (
      Tensor.arange(100).reshape([10, 10]),
      """
      Tensor [10, 10] int64
      [[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9],
       [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
       [20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
       [30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
       [40, 41, 42, 43, 44, 45, 46, 47, 48, 49],
       [50, 51, 52, 53, 54, 55, 56, 57, 58, 59],
       [60, 61, 62, 63, 64, 65, 66, 67, 68, 69],
       [70, 71, 72, 73, 74, 75, 76, 77, 78, 79],
       [80, 81, 82, 83, 84, 85, 86, 87, 88, 89],
       [90, 91, 92, 93, 94, 95, 96, 97, 98, 99]]
      """
    ),
    (
      Tensor.arange(1600).reshape([40, 40]),
      """
      Tensor [40, 40] int64
      [[   0,    1,    2, ...,   37,   38,   39],
       [  40,   41,   42, ...,   77,   78,   79],
       [  80,   81,   82, ...,  117,  118,  119],
       ...,
       [1480, 1481, 1482, ..., 1517, 1518, 1519],
       [1520, 1521, 1522, ..., 1557, 1558, 1559],
       [1560, 1561, 1562, ..., 1597, 1598, 1599]]
      """
    ),
  ])
  func reads(_ tensor: Tensor, as expected: String) {
    #expect("\(tensor)" == expected)
  }

  @Test func limitsCanBeStated() {
    let x = Tensor([[0.125, 2], [3, 4], [5, 6], [7, 8.5]])
    #expect(
      x.description(maxCount: 7, edgeCount: 1, digits: 2)
        == "Tensor [4, 2] float32\n[[0.12, 2.00],\n ...,\n [7.00, 8.50]]")
    #expect(
      x[0..<1].description(digits: 3, lineWidth: 10)
        == "Tensor [1, 2] float32\n[[0.125,\n  2.000]]")
  }

  @Test func viewsReadAsTheyAreSeen() {
    let x = Tensor([[1, 2], [3, 4]])
    #expect("\(x.transpose())" == "Tensor [2, 2] float32\n[[1.0, 3.0],\n [2.0, 4.0]]")
    #expect("\(Tensor([7]).expand([2, 2]))" == "Tensor [2, 2] float32\n[[7.0, 7.0],\n [7.0, 7.0]]")
  }

  @Test func debuggersShowTheSame() {
    let x = Tensor([1, 2])
    #expect(x.debugDescription == x.description && String(reflecting: x) == x.description)
    let mirror = Mirror(reflecting: x)
    #expect(mirror.children.map(\.label) == ["shape", "dtype", "values"])
    #expect(mirror.children.map { "\($0.value)" } == ["[2]", "float32", x.description])
    var dumped = ""
    dump(x, to: &dumped)
    #expect(dumped.contains("[1.0, 2.0]") && !dumped.contains("NDArray"))
  }

  @Test func tracedTensorsReadTheSame() {
    #expect("\(Tape().watch(Tensor([1])))" == "Tensor [1] float32\n[1.0]")
  }

  @Test func roundingCarries() {
    #expect(NumberFormat.strings([0.99996, 0.5], digits: 4) == ["1.0000", "0.5000"])
    #expect(NumberFormat.strings([9.99996e-5, 2], digits: 4) == ["1.0000e-04", "2.0000e+00"])
    #expect(NumberFormat.strings([-0.000_01, 0.01], digits: 4) == ["0.0000", "0.0100"])
    #expect(NumberFormat.strings([.leastNonzeroMagnitude], digits: 6) == ["4.940656e-324"])
  }
}
