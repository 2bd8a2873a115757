import Testing

@testable import Autograd

@Suite struct NDArrayTests {
  @Test func smallPayloadsLieInTheObject() {
    let inline = NDArray.uninitialized(dtype: .float32, shape: [64], on: .cpu)
    let pooled = NDArray.uninitialized(dtype: .float32, shape: [65], on: .cpu)
    #expect(inline.header.sizeClass == -1 && pooled.header.sizeClass >= 0)
    #expect(UInt(bitPattern: pooled.data) % 64 == 0 && UInt(bitPattern: inline.data) % 8 == 0)
    let tail = inline.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    #expect(inline.data == tail + 2 * 8)
  }

  @Test func geometry() {
    let array = NDArray.uninitialized(dtype: .int32, shape: [2, 3, 4], on: .cpu)
    #expect(array.shape == [2, 3, 4] && array.strides == [12, 4, 1] && array.count == 24)
    #expect(array.rank == 3 && array.isDense && array.size(1) == 3 && array.stride(1) == 4)
    let scalar = NDArray.uninitialized(dtype: .bool, shape: [], on: .cpu)
    #expect(scalar.shape == [] && scalar.strides == [] && scalar.count == 1 && scalar.isDense)
    let empty = NDArray.uninitialized(dtype: .float64, shape: [3, 0], on: .cpu)
    #expect(empty.count == 0 && empty.isDense)
    #expect(empty.uninitializedLike(dtype: .uint8).shape == [3, 0])
  }

  @Test func viewsKnowWhetherTheyHaveGaps() {
    let array = NDArray.uninitialized(dtype: .float32, shape: [4, 6], on: .cpu)
    func isDense(_ shape: [Int], _ strides: [Int], offset: Int = 0) -> Bool {
      array.view(shape: shape, strides: strides, offset: offset).isDense
    }
    #expect(isDense([24], [1]) && isDense([2, 6], [6, 1], offset: 12) && isDense([], []))
    #expect(
      isDense([1, 6], [99, 1]) && isDense([4, 1, 6], [6, 7, 1]) && isDense([1, 1], [0, 0]))
    #expect(isDense([0, 5], [7, 7]))
    #expect(!isDense([6, 4], [1, 6]) && !isDense([4, 3], [6, 1]) && !isDense([4, 6], [0, 1]))
    #expect(!isDense([6], [-1], offset: 5) && !isDense([4, 3], [6, 2]))
  }

  @Test func viewsKeepTheRootAlive() {
    weak var root: NDArray?
    var view: NDArray?
    do {
      let array = NDArray.uninitialized(dtype: .float32, shape: [100], on: .cpu)
      root = array
      view = array.view(shape: [50], strides: [2]).view(shape: [25], strides: [4], offset: 2)
      #expect(view!.header.owner === array && view!.data == array.data + 8)
    }
    #expect(root != nil)
    view = nil
    #expect(root == nil)
  }

  @Test func uniqueness() {
    var array = NDArray.uninitialized(dtype: .float32, shape: [100], on: .cpu)
    #expect(NDArray.isUnique(&array))
    var other = array
    #expect(!NDArray.isUnique(&array) && !NDArray.isUnique(&other))
    other = array.view(shape: [100], strides: [1])
    #expect(!NDArray.isUnique(&array) && !NDArray.isUnique(&other))
    let unrelated = NDArray.uninitialized(dtype: .float32, shape: [1], on: .cpu)
    array = unrelated
    #expect(NDArray.isUnique(&other))  // the last look at that memory
    let second = other.view(shape: [2], strides: [1])
    #expect(!NDArray.isUnique(&other))
    withExtendedLifetime(second) {}
  }

  @Test func onlyDenseUnsharedMemoryIsReused() {
    var array = NDArray.uninitialized(dtype: .float32, shape: [4, 6], on: .cpu)
    #expect(Tensor.canReuse(&array) && Tensor.canReuse(&array, on: .cpu))
    let kept = array
    #expect(!Tensor.canReuse(&array))
    withExtendedLifetime(kept) {}
    var expanded = NDArray.uninitialized(dtype: .float32, shape: [1], on: .cpu).view(
      shape: [4], strides: [0])
    #expect(!Tensor.canReuse(&expanded))
  }

  @Test func comparingShapes() {
    func array(_ shape: [Int]) -> NDArray {
      .uninitialized(dtype: .float32, shape: shape, on: .cpu)
    }
    #expect(array([2, 3]).hasShape(of: array([2, 3])))
    #expect(!array([2, 3]).hasShape(of: array([3, 2])))
    #expect(!array([6]).hasShape(of: array([1, 6])))
    #expect(!array([0, 2]).hasShape(of: array([0, 3])))
    #expect(array([]).hasShape(of: array([])))
  }
}
