import Autograd
import Foundation
import NN
import Testing

/// A batch that `Numbers` can draw.
enum NumberedBatch {
  /// Six images [1, size, size].
  case images(size: Int)
  /// Four sentences of 8 of 28 tokens, and the tokens that follow.
  case sentences
  /// Four sources of 5 of 20 tokens, one of them padded, targets of 7, and the tokens that follow.
  case translations
}

/// The numbers in -1 ..< 1 that `Tests/Reference/passes.py` draws too, and what it makes of them.
struct Numbers {
  private var state: UInt64 = 1

  mutating func draw(_ shape: [Int]) -> Tensor {
    var state = state
    let numbers = Tensor(shape: shape, of: Double.self) { elements in
      for place in elements.indices {
        state &*= 0xd134_2543_de82_ef95
        elements.initializeElement(at: place, to: Double(state >> 11) * 0x1p-52 - 1)
      }
    }
    self.state = state
    return numbers
  }

  mutating func tokens(_ shape: [Int], below count: Int) -> Tensor {
    ((draw(shape) + 1) / 2 * count).asType(.int64)
  }

  mutating func draw(_ batch: NumberedBatch) -> (inputs: [Tensor], labels: Tensor) {
    switch batch {
    case .images(let size):
      return ([draw([6, 1, size, size])], Tensor(scalars: [0, 3, 1, 2, 9, 5]))
    case .sentences:
      let tokens = tokens([4, 9], below: 28)
      return ([tokens.slice(axis: 1, to: 8)], tokens.slice(axis: 1, from: 1))
    case .translations:
      var source = tokens([4, 5], below: 20)
      let target = tokens([4, 8], below: 20)
      source[1, 3...] = Tensor(scalars: [0, 0])
      return ([source, target.slice(axis: 1, to: 7)], target.slice(axis: 1, from: 1))
    }
  }

  /// Makes a model's values zeros, which is quicker than drawing those that `fill` replaces.
  static func prepare(_ model: any Module) {
    for parameter in model.parameters { parameter.initialize(with: .zeros) }
  }

  /// Fills all parameters in their order: He's scale, norms around 1, biases around 0.
  mutating func fill(_ model: any Module) {
    for (path, parameter) in model.namedParameters {
      let shape = parameter.shape.compactMap(\.self)
      var value = draw(shape)
      if shape.count > 1 {
        value *= (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      } else if path.hasSuffix("weight") {
        value = 1 + 0.2 * value
      } else {
        value *= 0.1
      }
      parameter.value = value.asType(parameter.dtype)
    }
  }

  /// Norm, product with the next numbers, first and last element.
  mutating func figures(of tensor: Tensor) -> [Double] {
    let flat = tensor.asType(.float64).flatten()
    return [
      flat.square().sum().item().squareRoot(), (flat * draw([flat.count])).sum().item(),
      flat[0].item(), flat[flat.count - 1].item(),
    ]
  }
}

/// What PyTorch made of one pass of a model: a section of `Fixtures/passes.txt`.
struct PassFixture {
  /// A line, as in `gradient 0.weight [64,1,7,7]` and the figures.
  struct Entry {
    let kind: String
    let path: String
    let shape: [Int]
    let figures: [Double]
  }

  let entries: [Entry]

  init(_ model: String) throws {
    entries = try Self.lines(model).map { line in
      let words = line.split(separator: " ").map(String.init)
      let split = words.count - 5
      let sizes = words[split].dropFirst().dropLast()
      return Entry(
        kind: words[0], path: split > 1 ? words[1] : "",
        shape: sizes.split(separator: ",").compactMap { Int($0) },
        figures: words[(split + 1)...].compactMap { Double($0) })
    }
  }

  /// Parameters and buffers in the order of PyTorch's `state_dict`.
  var state: [Entry] { entries.filter { !$0.path.isEmpty } }

  /// The lines of a section but for its name.
  static func lines(_ section: String) throws -> [String] {
    let path = try #require(Bundle.module.path(forResource: "Fixtures/passes", ofType: "txt"))
    let sections = try String(contentsOfFile: path, encoding: .utf8).components(
      separatedBy: "\n\n")
    let text = try #require(sections.first { $0.hasPrefix(section + "\n") })
    return text.split(separator: "\n").dropFirst().map(String.init)
  }
}
