import Platform
import TestSupport
import Testing

@testable import Autograd

/// Graphs far deeper than a stack, wide ones, and memory over many steps.
@Suite(.serialized) struct ReplayTests {
  @Test func aChainOfAMillionOperations() {
    let count = 1_000_000
    let tape = Tape()
    let x = tape.watch(Tensor(1, dtype: .float64))
    var y = x
    for index in 0..<count { y = index % 2 == 0 ? y * x : y + 1e-7 }
    // y_k = (y_(k-1) + c) x at x = 1: every product adds what y was.
    let expected = (0..<count / 2).reduce(1.0) { $0 + 1 + 1e-7 * Double($1) }
    expect(tape.gradient(of: y, at: x), equals: [expected], shape: [], tolerance: 1e-9)
  }

  @Test func aLongChainIsFreedWithoutBeingReplayed() {
    let tape = Tape()
    var y = tape.watch(Tensor(1))
    for _ in 0..<1_000_000 { y = y * 1.0 }
    #expect(y.isTraced)
  }

  @Test func aChainOfGradientsRecordedOnAnOuterTape() {
    let x = Tensor(1, dtype: .float64)
    let second = gradient(at: x) { x in
      gradient(at: x) { x in
        var y = x
        for _ in 0..<20_000 { y = y * x }
        return y
      }
    }
    expect(second, equals: [20_001.0 * 20_000], shape: [], tolerance: 1e-6)
  }

  @Test func oneValueUsedAHundredThousandTimes() {
    let x = Tensor([1, 2], dtype: .float64)
    let dx = gradient(at: x) { x in
      let middle = x * 2
      var total = Tensor([0, 0], dtype: .float64)
      for index in 0..<100_000 { total += middle * (index % 10) }
      return total.sum()
    }
    expect(dx, equals: [900_000, 900_000])
  }

  @Test func aHundredThousandVariables() {
    let xs = (0..<100_000).map { Tensor(Double($0), dtype: .float64) }
    let results = gradients(at: xs) { xs in
      xs.reduce(Tensor(0, dtype: .float64)) { $0 + $1 * $1 }
    }
    #expect(results.enumerated().allSatisfy { $1.item() == 2 * Double($0) })
  }

  @Test func aListOfTenThousandInputsAndResults() {
    let xs = (0..<10_000).map { Tensor(Double($0)) }
    let results = gradients(at: xs) { xs in
      let doubled = differentiable(xs, { $0.map { $0 * 2 } }) { _, _ in
        { cotangents, _ in cotangents.map { $0.map { $0 * 2 } } }
      }
      return doubled[7] + doubled[9_999]
    }
    for (index, result) in results.enumerated() {
      #expect(result.item() == (index == 7 || index == 9_999 ? 2 : 0))
    }
  }

  #if os(Linux)
    /// Ten thousand steps of gradient descent on a small network.
    ///
    /// A leak of 100 bytes a step would be 1 MB. In a process of its own, so that other tests do not
    /// disturb it.
    @Test func memoryOfATrainingLoopIsFlat() async {
      await #expect(processExitsWith: .success) {
        func residentBytes() -> Int {
          guard let file = fopen("/proc/self/statm", "r") else { return 0 }
          defer { fclose(file) }
          var (total, resident) = (0, 0)
          withUnsafeMutablePointer(to: &total) { total in
            withUnsafeMutablePointer(to: &resident) { resident in
              _ = withVaList([total, resident]) { vfscanf(file, "%ld %ld", $0) }
            }
          }
          return resident * sysconf(Int32(_SC_PAGESIZE))
        }
        var random = RandomStream(seed: 1)
        var weights = [
          random.normal([8, 32], standardDeviation: 0.3), Tensor.zeros([32]),
          random.normal([32, 4], standardDeviation: 0.3), Tensor.zeros([4]),
        ]
        let inputs = random.normal([16, 8])
        let targets = random.normal([16, 4])
        var total = Tensor(0)
        func train(steps: Int) {
          for _ in 0..<steps {
            let (loss, gradients) = valueAndGradients(at: weights) { w in
              let hidden = (inputs.matmul(w[0]) + w[1]).tanh()
              return (hidden.matmul(w[2]) + w[3] - targets).square().mean()
            }
            for index in weights.indices { weights[index] -= gradients[index] * 0.05 }
            total += loss
          }
        }
        train(steps: 1_000)
        let before = residentBytes()
        train(steps: 10_000)
        let growth = residentBytes() - before
        precondition(before > 0)
        if growth > 600_000 { fatalError("grew by \(growth) bytes") }
      }
    }
  #endif
}
