internal import CKernels
internal import Platform

// Random numbers into dense arrays.
extension CPU {
  static func randomWords(
    _ words: RandomWords, into target: UnsafeMutableBufferPointer<UInt32>
  ) {
    guard let start = target.baseAddress else { return }
    kernels.randomWords(words.seed, words.stream, words.first, target.count, start)
  }

  /// Calls `body` with parts of the next `count` words, on any thread: where a part starts, which is an even
  /// index, and its words.
  private static func draw(
    _ words: RandomWords, _ count: Int,
    _ body: (_ start: Int, _ words: UnsafeBufferPointer<UInt32>) -> Void
  ) {
    let size = Tuning.wordsPerPart
    ThreadPool.forEachPart(of: (count + size - 1) / size, width: size) { part, parts in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: min(size, count)) { buffer in
        let end = min((part + parts) * size, count)
        for start in stride(from: part * size, to: end, by: size) {
          let part = UnsafeMutableBufferPointer(rebasing: buffer[..<min(size, end - start)])
          var next = words
          next.first += UInt64(start)
          randomWords(next, into: part)
          body(start, UnsafeBufferPointer(part))
        }
      }
    }
  }

  static func uniform(
    _ words: RandomWords, low: Double, high: Double, largest: Double, into y: NDArray
  ) {
    func fill<Scalar>(_ rounded: (Double) -> Scalar) {
      let target = y.data.assumingMemoryBound(to: Scalar.self)
      draw(words, y.count) { start, words in
        for index in words.indices {
          let number = low + (high - low) * unit(words[index])
          target[start + index] = rounded(max(low, min(number, largest)))
        }
      }
    }
    if y.dtype == .float64 { fill { $0 } } else { fill { Float($0) } }
    withExtendedLifetime(y) {}
  }

  static func normal(
    _ words: RandomWords, mean: Double, standardDeviation: Double, into y: NDArray
  ) {
    /// Fills pairs; of the last one the second number may be too many.
    func fill<Scalar>(
      _ pairs: (Int, UnsafePointer<UInt32>, UnsafeMutablePointer<Scalar>) -> Void
    ) {
      let (target, count) = (y.data.assumingMemoryBound(to: Scalar.self), y.count)
      draw(words, (count + 1) / 2 * 2) { start, words in
        let (whole, source) = (min(words.count, count - start) / 2, words.baseAddress!)
        pairs(whole, source, target + start)
        if 2 * whole < words.count {
          withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 2) { pair in
            pairs(1, source + 2 * whole, pair.baseAddress!)
            target[start + 2 * whole] = pair[0]
          }
        }
      }
    }
    if y.dtype == .float64 {
      fill { count, words, pairs in
        for pair in 0..<count {
          let radius = standardDeviation * sqrt(-2 * log(unit(words[2 * pair])))
          let angle = 2 * Double.pi * unit(words[2 * pair + 1])
          pairs[2 * pair] = mean + radius * cos(angle)
          pairs[2 * pair + 1] = mean + radius * sin(angle)
        }
      }
    } else {
      fill { kernels.normalPairs($0, $1, mean, standardDeviation, $2) }
    }
    withExtendedLifetime(y) {}
  }

  static func bernoulli(_ words: RandomWords, probability: Double, into y: NDArray) {
    let limit = UInt64(probability * 0x1p32)
    y.withElements(as: Bool.self) { elements in
      draw(words, elements.count) { start, words in
        for index in words.indices { elements[start + index] = UInt64(words[index]) < limit }
      }
    }
  }

  static func bernoulli(_ words: RandomWords, probabilities: NDArray, into y: NDArray) {
    y.withElements(as: Bool.self) { elements in
      probabilities.withElements(as: Double.self) { limits in
        draw(words, elements.count) { start, words in
          for index in words.indices {
            elements[start + index] = Double(words[index]) < limits[start + index] * 0x1p32
          }
        }
      }
    }
  }

  static func integers(_ words: RandomWords, from low: Int, count: UInt64, into y: NDArray) {
    y.withElements(as: Int.self) { elements in
      draw(words, 2 * elements.count) { start, words in
        for index in 0..<words.count / 2 {
          let bits = RandomStream.bits(words[2 * index], words[2 * index + 1])
          // The high half of a product with 64 random bits is uniform up to 2^-64 of the count.
          elements[start / 2 + index] =
            low &+ Int(bitPattern: UInt(bits.multipliedFullWidth(by: count).high))
        }
      }
    }
  }
}

/// The number between 0 and 1 that a random word stands for.
private func unit(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }
