import TestSupport
import Testing

@testable import Autograd

@Suite struct TensorTests {
  // MARK: Creating

  @Test func fromFloats() {
    let x = Tensor([1, 2.5, -3])
    #expect(x.shape == [3] && x.dtype == .float32 && x.count == 3 && x.rank == 1)
    #expect(x.scalars() == [1, 2.5, -3])
    let matrix = Tensor([[1, 2], [3, 4], [5, 6]], dtype: .float64)
    #expect(matrix.shape == [3, 2] && matrix.strides == [2, 1] && matrix.dtype == .float64)
    #expect(Tensor([1, 2, 3, 4], shape: [2, 2]).shape == [2, 2])
    #expect(Tensor([1.9, -1.9], dtype: .int64).scalars(as: Int.self) == [1, -1])
    #expect(Tensor([[Double]]()).shape == [0, 0])
    #expect(Tensor([Float]()).shape == [0])
  }

  @Test func fromScalars() {
    #expect(Tensor(scalars: [1, 2]).dtype == .int64)
    #expect(Tensor(scalars: [Int32(1)]).dtype == .int32)
    #expect(Tensor(scalars: [UInt8(255)]).dtype == .uint8)
    #expect(Tensor(scalars: [true, false]).scalars(as: Bool.self) == [true, false])
    #expect(Tensor(scalars: [1.5]).dtype == .float64)
    let filled = Tensor(shape: [2, 2], of: Float.self) { elements in
      for index in 0..<4 { elements[index] = Float(index) }
    }
    #expect(filled.scalars() == [0, 1, 2, 3])
  }

  @Test func constants() {
    #expect(Tensor(3).shape == [] && Tensor(3).item() == 3)
    #expect(Tensor.full([2], 7, dtype: .uint8).scalars(as: UInt8.self) == [7, 7])
    #expect(Tensor.zeros([2, 0, 3]).count == 0)
    #expect(Tensor.ones([2], dtype: .bool).scalars(as: Bool.self) == [true, true])
    #expect(Tensor.arange(4).scalars(as: Int.self) == [0, 1, 2, 3])
    #expect(Tensor.arange(3, dtype: .float32).scalars() == [0, 1, 2])
    #expect(Tensor.arange(0).shape == [0])
    let x = Tensor.full([3], 2, dtype: .float64)
    #expect(x.zerosLike().bits == [0, 0, 0] && x.onesLike().dtype == .float64)
    let large = Tensor.full([300, 300], 0.5)
    #expect(large.scalars().allSatisfy { $0 == 0.5 })
  }

  // MARK: Reading

  @Test func itemOfEveryType() {
    for dtype in DType.allCases { #expect(Tensor.ones([1, 1], dtype: dtype).item() == 1) }
    #expect(Tensor([1, 2, 3]).slice(axis: 0, from: 1, to: 2).item() == 2)
  }

  @Test func scalarsConvertAndFollowStrides() {
    let x = Tensor([[1.5, 2.5], [3.5, -4.5]])
    #expect(x.transpose().scalars(as: Double.self) == [1.5, 3.5, 2.5, -4.5])
    #expect(x.scalars(as: Int32.self) == [1, 2, 3, -4])
    let sum = x.transpose().withScalars(as: Float.self) { $0.reduce(0, +) }
    #expect(sum == 3)
  }

  @Test func conversions() {
    let x = Tensor([0, 0.5, -1.5, 300, Double.nan, .infinity, -.infinity])
    #expect(x.asType(.int32).scalars(as: Int32.self) == [0, 0, -1, 300, 0, .max, .min])
    #expect(x.asType(.uint8).scalars(as: UInt8.self) == [0, 0, 0, 255, 0, 255, 0])
    let truths = [false, true, true, true, true, true, true]
    #expect(x.asType(.bool).scalars(as: Bool.self) == truths)
    let labels = Tensor(scalars: [0, 256, -1])
    #expect(labels.asType(.bool).scalars(as: Bool.self) == [false, true, true])
    #expect(labels.asType(.uint8).scalars(as: UInt8.self) == [0, 0, 255])
    #expect(labels.asType(.float64).scalars(as: Double.self) == [0, 256, -1])
    let large = Tensor(scalars: [Int64(1) << 53 + 1])
    #expect(large.asType(.int64).scalars(as: Int64.self) == [1 << 53 + 1])
    #expect(Tensor(scalars: [1e300]).asType(.float32).item() == .infinity)
  }

  @Test func everyConversionKeepsSmallNumbers() {
    for from in DType.allCases {
      for to in DType.allCases {
        let x = Tensor(scalars: [0, 1, 1, 0, 1]).asType(from)
        #expect(x.asType(to).dtype == to)
        #expect(x.asType(to).scalars(as: Double.self) == [0, 1, 1, 0, 1])
      }
    }
  }

  @Test func conversionsAreDifferentiable() {
    let dx = gradient(at: Tensor([1, 2])) { ($0.asType(.float64) * 3).sum() }
    #expect(dx.dtype == .float32)
    expect(dx, equals: [3, 3])
    #expect(!Tape().watch(Tensor([1])).asType(.int32).isTraced)
  }

  @Test func sizesAndAxes() {
    let x = Tensor.zeros([2, 3, 4])
    #expect(x.size(0) == 2 && x.size(-1) == 4 && x.size(-3) == 2)
    #expect(x.strides == [12, 4, 1] && x.isContiguous)
    #expect(x.summary == "float32 [2, 3, 4]")
  }

  // MARK: Value semantics

  @Test func viewsShareMemory() {
    let x = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])
    let views = [
      x.transpose(), x.permute([2, 0, 1]), x.slice(axis: 1, from: 1), x.reshape([6, 4]),
      x.unsqueeze(0), x.select(axis: 0, at: 1), x.slice(axis: 2, step: 2),
    ]
    for view in views {
      #expect(view.array.header.owner === x.array)
    }
    #expect(x.expand([5, 2, 3, 4]).strides == [0, 12, 4, 1])
    #expect(views[0].transpose().array.header.owner === x.array)
  }

  @Test func aCopyDoesNotSeeChanges() {
    let x = Tensor([1, 2, 3])
    var y = x
    y += Tensor([1, 1, 1])
    y *= 2
    y -= Tensor([1, 0, 0])
    #expect(x.scalars() == [1, 2, 3] && y.scalars() == [3, 6, 8])
  }

  @Test func aViewDoesNotSeeChangesAndTheOtherWayRound() {
    var x = Tensor([[1, 2], [3, 4]])
    let view = x.transpose()
    let row = x.select(axis: 0, at: 0)
    x += Tensor([[10, 10], [10, 10]])
    #expect(view.scalars() == [1, 3, 2, 4] && row.scalars() == [1, 2])
    var other = x.reshape([4])
    other += Tensor([1, 1, 1, 1])
    #expect(x.scalars() == [11, 12, 13, 14])
    var expanded = Tensor([1, 2]).expand([3, 2])
    expanded += Tensor([[1, 1], [2, 2], [3, 3]])
    #expect(expanded.scalars() == [2, 3, 3, 4, 4, 5])
  }

  @Test func aViewOutlivesItsTensor() {
    func view() -> Tensor {
      Tensor([Double](repeating: 1, count: 1_000)).slice(axis: 0, from: 990)
    }
    let kept = view()
    _ = (0..<10).map { _ in Tensor([Double](repeating: 2, count: 1_000)) }
    #expect(kept.scalars() == [Float](repeating: 1, count: 10))
  }

  @Test func operandsOfOneOperationMayShareMemory() {
    var x = Tensor((0..<1_000).map(Double.init))
    x = (consume x).combinedWithItself()
    #expect(x.scalars() == (0..<1_000).map { Float(2 * $0) })
    func reversed(_ x: consuming Tensor) -> Tensor {
      let turned = x.reshape([10, 100]).transpose()
      return (consume x) + turned.reshape([1_000])
    }
    let sum = reversed(x * 1).scalars()
    #expect(sum[1] == 2 + 200 && sum[999] == 2 * 1_998)
  }

  @Test func memoryIsReusedWhereNobodyElseSeesIt() async {
    // In a process of its own: the counter is shared.
    await #expect(processExitsWith: .success) {
      func allocations(_ body: () -> Void) -> Int {
        let before = allocationCount.load(ordering: .relaxed)
        body()
        return allocationCount.load(ordering: .relaxed) - before
      }
      let x = Tensor([Double](repeating: 1, count: 1_000))
      let chain = allocations { _ = ((x * 2).exp() + 1).tanh().relu() }
      precondition(chain == 1, "chain: \(chain)")
      var sum = x * 1
      let adding = allocations { for _ in 0..<10 { sum += x } }
      precondition(adding == 0, "adding: \(adding)")
      let kept = sum
      let copying = allocations { for _ in 0..<10 { sum += x } }
      precondition(copying == 1, "copying: \(copying)")
      precondition(kept.scalars()[0] == 11 && sum.scalars()[0] == 21)
      let ranks = allocations { _ = (x.reshape([10, 100]) * 2) + Tensor([2]) }
      precondition(ranks == 2, "broadcasting: \(ranks)")
    }
  }

  // MARK: Mistakes

  @Test func shapesMustHoldTheValues() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor([1, 2, 3], shape: [2, 2]) }
    expect(result, names: "Tensor", "shape [2, 2]", "4 elements", "3 values")
  }

  @Test func rowsMustHaveEqualLengths() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor([[1, 2], [3]]) }
    expect(result, names: "Tensor", "row 0", "2 values", "row 1", "1")
  }

  @Test func sizesMustNotBeNegative() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.zeros([2, -1]) }
    expect(result, names: "full", "shape [2, -1]")
  }

  @Test func itemNeedsOneElement() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor([1, 2]).item() }
    expect(result, names: "item", "one element", "float32 [2]")
  }

  @Test func axesMustExist() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor([1, 2]).size(-2) }
    expect(result, names: "size", "axis -2", "float32 [2]")
  }

  @Test func integersTakeOnlyIntegers() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Tensor.full([2], 0.5, dtype: .int64) }
    expect(result, names: "0.5", "integer tensor (Int64)")
  }
}

extension Tensor {
  fileprivate consuming func combinedWithItself() -> Tensor {
    let other = self
    return (consume self) + other
  }
}
