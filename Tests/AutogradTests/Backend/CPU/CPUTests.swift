import CKernels
import Platform
import TestSupport
import Testing

@testable import Autograd

@Suite struct CPUTests {
  @Test func theListOfKernelSetsEndsWithTheReference() {
    let names = CPU.available.map { String(cString: $0.pointee.name) }
    #expect(names.last == "reference" && names.contains("baseline"))
    #expect(Set(names).count == names.count)
    let order = ["avx512", "avx2", "baseline", "reference"]
    #expect(names == order.filter { names.contains($0) })
  }

  @Test func theEnvironmentChoosesTheKernels() async {
    await #expect(processExitsWith: .success) {
      setenv("AUTOGRAD_KERNELS", "reference", 1)
      precondition(CPU.kernelName == "reference")
      let product = Tensor([[1, 2], [3, 4]]).matmul(Tensor([[5, 6], [7, 8]]))
      precondition(product.scalars() == [19, 22, 43, 50])
    }
  }

  @Test func unknownKernelSetNameStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      setenv("AUTOGRAD_KERNELS", "fastest", 1)
      _ = Tensor.zeros([2])
    }
    expect(result, names: "AUTOGRAD_KERNELS", "\"fastest\"")
    expect(result, names: "baseline", "reference")
  }
}
