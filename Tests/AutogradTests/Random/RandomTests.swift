import CKernels
import TestSupport
import Testing

@testable import Autograd

@Suite struct RandomTests {
  /// Philox-4x32-10 by its definition, word for word.
  private static func philox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let even = UInt64(0xD251_1F53) * UInt64(c[0])
      let odd = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = [
        UInt32(odd >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: odd),
        UInt32(even >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: even),
      ]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }

  private func halves(_ value: UInt64) -> [UInt32] {
    [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
  }

  /// The authors' known answers (Random123, kat_vectors).
  @Test func knownAnswers() {
    #expect(
      Self.philox(counter: [0, 0, 0, 0], key: [0, 0])
        == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    #expect(
      Self.philox(
        counter: [.max, .max, .max, .max], key: [.max, .max])
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      Self.philox(
        counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        key: [0xa409_3822, 0x299f_31d0])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func theKernelFollowsTheDefinition() {
    var random = SystemRandomNumberGenerator()
    for round in 0..<200 {
      let (seed, stream) = (random.next(), random.next())
      let first = round == 0 ? 0 : random.next() >> UInt64.random(in: 0..<63)
      let count = Int.random(in: 0...13)
      guard first <= .max - 16 else { continue }
      var words = [UInt32](repeating: 0, count: 16)
      CKPhilox(seed, stream, first, count, &words)
      for index in 0..<count {
        let at = first + UInt64(index)
        let block = Self.philox(counter: halves(at / 4) + halves(stream), key: halves(seed))
        #expect(words[index] == block[Int(at % 4)])
      }
      #expect(words[count...].allSatisfy { $0 == 0 })
    }
  }

  /// These values are part of what "one seed reproduces a run" means; they must not change.
  @Test func valuesArePinned() {
    var stream = RandomStream(seed: 42, stream: 7)
    #expect(stream.next() == 16_524_851_402_832_244_524)
    #expect(stream.uniform([3]).scalars() == [0.42380965, 0.33379513, 0.89791733])
    #expect(stream.normal([3]).scalars() == [-1.2961208, -0.52960193, 1.1531475])
    #expect(stream.permutation(8) == [5, 4, 1, 3, 6, 7, 2, 0])
    #expect(RandomStream(seed: 1, path: "net.0.weight").stream == 2_773_732_086_588_160_569)
  }

  @Test func valuesDoNotDependOnHowTheyAreDrawn() {
    var whole = RandomStream(seed: 3, stream: 4)
    let all = whole.uniform([1_000]).scalars()
    for size in [1, 2, 3, 7, 100] {
      var parts = RandomStream(seed: 3, stream: 4)
      var drawn: [Float] = []
      while drawn.count < 1_000 {
        drawn += parts.uniform([min(size, 1_000 - drawn.count)]).scalars()
      }
      #expect(drawn == all)
    }
    var shaped = RandomStream(seed: 3, stream: 4)
    #expect(shaped.uniform([10, 4, 25]).scalars() == all)
    var (even, pairs) = (RandomStream(seed: 3), RandomStream(seed: 3))
    let normal = even.normal([100]).scalars()
    #expect((0..<50).flatMap { _ in pairs.normal([2]).scalars() } == normal)
  }

  @Test func seedsAndStreamsDiffer() {
    func draw(_ seed: UInt64, _ stream: UInt64) -> [Float] {
      var random = RandomStream(seed: seed, stream: stream)
      return random.uniform([8]).scalars()
    }
    #expect(draw(1, 2) == draw(1, 2))
    let all = (0..<10).flatMap { seed in (0..<10).map { draw(seed, $0) } }
    #expect(Set(all).count == 100)
    let paths = ["", "a", "b", "ab", "ba", "net.0.weight", "net.1.weight", "net.0.bias"]
    #expect(Set(paths.map { RandomStream(seed: 0, path: $0).stream }).count == paths.count)
  }

  @Test(arguments: [DType.float32, .float64])
  func uniformMoments(_ dtype: DType) {
    var random = RandomStream(seed: 11)
    let x = random.uniform([200_000], low: -1, high: 3, dtype: dtype)
    #expect(x.dtype == dtype)
    let values = x.scalars(as: Double.self)
    let mean = values.reduce(0, +) / 200_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 200_000
    #expect(abs(mean - 1) < 0.01 && abs(variance - 16.0 / 12) < 0.01)
    #expect(values.allSatisfy { $0 >= -1 && $0 < 3 })
    var buckets = [Int](repeating: 0, count: 20)
    for value in values { buckets[Int((value + 1) * 5)] += 1 }
    #expect(buckets.allSatisfy { abs($0 - 10_000) < 500 })
  }

  /// Rounding to float32 must not reach the open end.
  @Test func uniformStaysBelowItsUpperBound() {
    var random = RandomStream(seed: 5)
    // Half of what is drawn here would round up.
    let x = random.uniform([1_000], low: 1, high: 1 + 0x1p-23)
    #expect(x.scalars().allSatisfy { $0 == 1 })
    #expect(random.uniform([3], low: 2, high: 2).scalars() == [2, 2, 2])
  }

  @Test func normalMoments() {
    var random = RandomStream(seed: 12)
    let count = 200_001.0
    let values = random.normal([200_001], mean: 2, standardDeviation: 3, dtype: .float64)
      .scalars(as: Double.self).map { ($0 - 2) / 3 }
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, x in sum + (0..<power).reduce(1) { y, _ in y * x } } / count
    }
    #expect(abs(moment(1)) < 0.01 && abs(moment(2) - 1) < 0.015)
    #expect(abs(moment(3)) < 0.03 && abs(moment(4) - 3) < 0.08)
    let neighbors = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / count
    #expect(abs(neighbors) < 0.01)
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test func bernoulliFrequencies() {
    var random = RandomStream(seed: 13)
    for probability in [0, 0.1, 0.5, 0.9, 1] {
      let x = random.bernoulli([100, 1_000], probability: probability)
      #expect(x.dtype == .bool && x.shape == [100, 1_000])
      let share = Double(x.scalars(as: Bool.self).count { $0 }) / 100_000
      #expect(abs(share - probability) <= (probability == 0 || probability == 1 ? 0 : 0.006))
    }
  }

  @Test func permutations() {
    var random = RandomStream(seed: 14)
    for count in [0, 1, 2, 3, 10, 1_000] {
      #expect(random.permutation(count).sorted() == Array(0..<count))
    }
    // Every order of four is equally likely; chi squared with 23 degrees of freedom.
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[random.permutation(4), default: 0] += 1 }
    let chi = counts.values.reduce(0.0) { $0 + Double(($1 - 1_000) * ($1 - 1_000)) / 1_000 }
    #expect(counts.count == 24 && chi < 55)
  }

  @Test func aGeneratorForTheStandardLibrary() {
    var random = RandomStream(seed: 15)
    let first = (0..<10).map { _ in Int.random(in: 0..<100, using: &random) }
    random = RandomStream(seed: 15)
    #expect((0..<10).map { _ in Int.random(in: 0..<100, using: &random) } == first)
    #expect(Set(first).count > 4)
  }

  @Test func splitStreamsAreTheirOwn() {
    var (a, b) = (RandomStream(seed: 1), RandomStream(seed: 1))
    var (first, second) = (a.split(), a.split())
    var again = b.split()
    let (x, y) = (first.uniform([100]), second.uniform([100]))
    #expect(x.bits == again.uniform([100]).bits)
    #expect(x.bits != y.bits && x.bits != a.uniform([100]).bits)
  }

  @Test func integersFillTheirRange() {
    var random = RandomStream(seed: 2)
    let x = random.integers([6000], in: -2..<4)
    #expect(x.dtype == .int64 && x.min().item() == -2 && x.max().item() == 3)
    for value in -2..<4 {
      let count = (x .== value).sum().item()
      #expect(abs(count - 1000) < 150, "\(value) came \(count) times")
    }
    _ = random.integers([4], in: Int.min..<Int.max)
    #expect(random.integers([2], in: 7..<8, dtype: .uint8).scalars(as: UInt8.self) == [7, 7])
  }

  @Test func probabilitiesByPlace() {
    var random = RandomStream(seed: 3)
    let p = Tensor([0, 0.25, 1]).expand([4000, 3])
    let counts = random.bernoulli(p).sum(axis: 0)
    #expect(counts[0].item() == 0 && abs(counts[1].item() - 1000) < 120 && counts[2].item() == 4000)
  }

  struct Case: Sendable {
    let names: [String]
    let draw: @Sendable (inout RandomStream) -> Void
  }

  static let mistakes = [
    Case(names: ["uniform", "low", "high", "2.0", "1.0"]) { _ = $0.uniform([1], low: 2, high: 1) },
    Case(names: ["uniform", "low", "high", "nan", "1.0"]) { _ = $0.uniform([1], low: .nan) },
    Case(names: ["uniform", "shape [-2, -3]"]) { _ = $0.uniform([-2, -3]) },
    Case(names: ["normal", "standard deviation", "0", "-1.0"]) {
      _ = $0.normal([1], standardDeviation: -1)
    },
    Case(names: ["normal", "shape [-1]"]) { _ = $0.normal([-1]) },
    Case(names: ["tensor of shape [1099511627776, 1099511627776]"]) {
      _ = $0.normal([1 << 40, 1 << 40])
    },
    Case(names: ["bernoulli", "probability", "0", "1", "1.5"]) {
      _ = $0.bernoulli([1], probability: 1.5)
    },
    Case(names: ["bernoulli", "probability", "0", "1", "nan"]) {
      _ = $0.bernoulli([1], probability: .nan)
    },
    Case(names: ["bernoulli", "shape [-1]"]) { _ = $0.bernoulli([-1], probability: 0) },
    Case(names: ["bernoulli", "probabilities", "0", "1", "-0.5"]) {
      _ = $0.bernoulli(Tensor([0.5, -0.5]))
    },
    Case(names: ["integers", "3..<3"]) { _ = $0.integers([1], in: 3..<3) },
    Case(names: ["integers", "shape [-1]"]) { _ = $0.integers([-1], in: 0..<3) },
    Case(names: ["integers", "uint8", "0..<257"]) {
      _ = $0.integers([1], in: 0..<257, dtype: .uint8)
    },
    Case(names: ["permutation", "count", "-1"]) { _ = $0.permutation(-1) },
  ]

  @Test(arguments: mistakes.indices) func mistakesStop(index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in
      var random = RandomStream(seed: 0)
      RandomTests.mistakes[index].draw(&random)
    }
    expect(result, names: Self.mistakes[index].names)
  }
}
