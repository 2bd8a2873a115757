import TestSupport
import Testing

@testable import Autograd

struct EinsumTests {
  /// The sum over all places of all letters, one by one.
  private func plain(_ inputs: [String], _ output: String, _ operands: [Tensor]) -> Tensor {
    var sizes: [Character: Int] = [:]
    for (input, operand) in zip(inputs, operands) {
      for (letter, size) in zip(input, operand.shape) { sizes[letter] = size }
    }
    let letters = sizes.keys.sorted()
    let shape = output.map { sizes[$0]! }
    var sums = [Double](repeating: 0, count: shape.reduce(1, *))
    let values = operands.map { $0.scalars(as: Double.self) }
    var places: [Character: Int] = [:]
    func offset(_ letters: String, _ sizes: [Int]) -> Int {
      zip(letters, sizes).reduce(0) { $0 * $1.1 + places[$1.0]! }
    }
    func walk(_ depth: Int) {
      if depth < letters.count {
        for place in 0..<sizes[letters[depth]]! {
          places[letters[depth]] = place
          walk(depth + 1)
        }
        return
      }
      let factors = inputs.indices.map { values[$0][offset(inputs[$0], operands[$0].shape)] }
      sums[offset(output, shape)] += factors.reduce(1, *)
    }
    walk(0)
    return Tensor(sums, shape: shape, dtype: .float64)
  }

  @Test(arguments: [
    (["ij", "jk"], "ik"), (["ij", "jk"], "kji"), (["ij", "ij"], ""), (["i", "j"], "ji"),
    (["iij", "jk"], "ik"), (["abc", "bcd", "ad"], "ca"), (["ab", "ab", "ab"], "b"),
    (["abc"], "ca"), (["ab", "cd"], "bd"), (["abc", "abd"], "abdc"), (["i", "i", "i"], "i"),
    (["aabb"], "ab"), (["a", "ab", "bc", "cd", "d"], ""),
  ])
  func agreesWithThePlainSum(_ inputs: [String], _ output: String) {
    var random = RandomStream(seed: 7)
    let sizes: [Character: Int] = ["a": 2, "b": 3, "c": 4, "d": 2, "i": 3, "j": 4, "k": 2]
    let operands = inputs.map { random.normal($0.map { sizes[$0]! }, dtype: .float64) }
    let found = einsum(inputs.joined(separator: ",") + "->" + output, operands)
    let expected = plain(inputs, output, operands)
    #expect(found.shape == expected.shape)
    #expect((found - expected).abs().max().item() < 1e-12)
  }

  @Test func withoutAnArrowLettersComeInOrder() {
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(einsum("ba", x).scalars() == x.transpose().scalars())
    #expect(einsum("bA", x).scalars() == x.transpose().scalars())
    #expect(einsum("ij,ij", x, x).item() == 91)
    #expect(einsum("...i", x).shape == [2, 3] && einsum("i...", x).shape == [3, 2])
  }

  @Test func sizesOfOneAreBroadcast() {
    let (a, b) = (Tensor([[1], [2]]), Tensor([[1, 2, 3]]))
    #expect(einsum("ij,ij->ij", a, b).scalars() == [1, 2, 3, 2, 4, 6])
    #expect(einsum("ij,ij->i", a, b).scalars() == [6, 12])
    #expect(einsum("...j,...j->...", a, b).scalars() == [6, 12])
    #expect(einsum("ij,jk->ik", Tensor.zeros([2, 0]), Tensor.zeros([0, 3])).scalars().count == 6)
  }

  @Test func mistakesAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = einsum("ij,jk->ik", Tensor.zeros([2, 3]), Tensor.zeros([4, 5]))
    }
    expect(result, names: "einsum", "\"j\"", "\"ij,jk->ik\"", "3 and 4")
    await #expect(processExitsWith: .failure) { _ = einsum("ij", Tensor.zeros([2])) }
    await #expect(processExitsWith: .failure) { _ = einsum("ij,jk", Tensor.zeros([2, 3])) }
    await #expect(processExitsWith: .failure) { _ = einsum("i->ii", Tensor.zeros([2])) }
    await #expect(processExitsWith: .failure) { _ = einsum("i->j", Tensor.zeros([2])) }
    await #expect(processExitsWith: .failure) { _ = einsum("i!", Tensor.zeros([2, 2])) }
    await #expect(processExitsWith: .failure) { _ = einsum("..i", Tensor.zeros([2, 2])) }
    await #expect(processExitsWith: .failure) { _ = einsum("ii", Tensor.zeros([2, 3])) }
  }
}
