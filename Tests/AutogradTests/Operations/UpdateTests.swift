import CKernels
import TestSupport
import Testing

@testable import Autograd

@Suite struct UpdateTests {
  @Test func byHand() {
    let (u, v) = (Tensor([1, 2]), Tensor([4, 9]))
    var x = Tensor([10, 20])
    x.update(keeping: 0.5, adding: u, times: 3)
    expect(x, equals: [8, 16])
    x.update(addingProductOf: u, v, times: -1)
    expect(x, equals: [4, -2])
    x.update(keeping: 0, adding: u, overRootOf: v, rootScale: 2, epsilon: 1, times: 35)
    expect(x, equals: [7, 10])
  }

  @Test func updateLeavesCopiesAndViewsAlone() {
    var x = Tensor([1, 2])
    let copy = x
    x.update(adding: x, times: 1)
    expect(x, equals: [2, 4])
    x.update(addingProductOf: x, x, times: 1)
    expect(x, equals: [6, 20])
    expect(copy, equals: [1, 2])
    var view = Tensor([[1, 2], [3, 4]]).transpose()
    view.update(adding: Tensor(1).expand([2, 2]), times: 1)
    expect(view, equals: [2, 4, 3, 5], shape: [2, 2])
    var double = Tensor([1.0], dtype: .float64)
    double.update(adding: Tensor([0.5]), times: 0.1)
    expect(double, equals: [1.05], tolerance: 1e-15)
    var empty = Tensor.zeros([0, 2])
    empty.update(adding: empty, times: 1)
    #expect(empty.shape == [0, 2])
  }

  @Test(arguments: KernelSet.all, [DType.float32, .float64])
  func kernelsAgree(_ set: KernelSet, _ dtype: DType) {
    var random = RandomStream(seed: 47)
    for round in 0..<60 {
      let operation = [CKUpdate.add, .addProduct, .addQuotient][round % 3]
      let count = round < 3 ? 0 : randomSize(&random) * 3
      let isWild = round % 2 == 1
      let (u, v) = (Cells(dtype, count, &random, isWild: isWild), Cells(dtype, count, &random))
      let start = Cells(dtype, count, &random, isWild: isWild)
      let factors = CKUpdateFactors(keep: 0.9, scale: -0.3, root: 1.1, epsilon: 1e-3)
      let results = [set, .reference].map { set in
        let y = Cells(dtype, count)
        y.memory.copyMemory(from: start.memory, byteCount: count * dtype.byteCount)
        set.kernels.update(
          operation, dtype.kernelType, count, factors, u.memory, v.memory, y.memory)
        return y
      }
      #expect(results[0].agree(with: results[1]), "\(operation) \(count)")
    }
  }

  @Test func mistakesStop() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var x = Tensor([1, 2])
      x.update(adding: Tensor([1]), times: 1)
    }
    expect(result, names: "update", "float32 [2]", "float32 [1]")
  }
}
