import Autograd

/// A table of learned vectors: y = weight[x] for integers x.
///
/// Parameter, as in PyTorch: `weight` [count, size], standard normal unless initialized otherwise.
public final class Embedding: Layer {
  /// [count, size].
  public let weight: Parameter
  /// The number of the vector that stands for padding: it starts as zeros and gets no gradient.
  public let paddingIndex: Int?
  /// Whether a vector's gradient is the mean over its uses, not their sum.
  public let scalesGradientByFrequency: Bool

  /// A table of `count` vectors of a size.
  ///
  /// - Parameters:
  ///   - count: The number of vectors: inputs are 0 ..< count.
  ///   - size: The size of each vector.
  ///   - paddingIndex: The number of a vector that stays zero; negative ones count from the end.
  ///   - scaleGradientByFrequency: Whether a vector's gradient is the mean over its uses.
  public convenience init(
    _ count: Int, _ size: Int, paddingIndex: Int? = nil, scaleGradientByFrequency: Bool = false
  ) {
    require(
      count >= 1 && size >= 1,
      "Embedding: needs at least 1 vector of size 1, got \(count) of size \(size)")
    let padding = Embedding.checked(paddingIndex, count: count)
    self.init(
      Parameter(shape: [count, size], initializer: Embedding.normal(exceptFor: padding)), padding,
      scaleGradientByFrequency)
  }

  /// A table of given vectors.
  ///
  /// - Parameters:
  ///   - vectors: [count, size]
  ///   - paddingIndex: The number of a vector that gets no gradient.
  ///   - scaleGradientByFrequency: Whether a vector's gradient is the mean over its uses.
  public convenience init(
    vectors: Tensor, paddingIndex: Int? = nil, scaleGradientByFrequency: Bool = false
  ) {
    require(
      vectors.rank == 2 && vectors.count > 0,
      "Embedding: needs vectors [count, size], at least one element, got \(vectors.summary)")
    self.init(
      Parameter(vectors), Embedding.checked(paddingIndex, count: vectors.size(0)),
      scaleGradientByFrequency)
  }

  private init(_ weight: Parameter, _ paddingIndex: Int?, _ scaleGradientByFrequency: Bool) {
    self.weight = weight
    self.paddingIndex = paddingIndex
    scalesGradientByFrequency = scaleGradientByFrequency
  }

  private static func checked(_ paddingIndex: Int?, count: Int) -> Int? {
    paddingIndex.map {
      wrappedIndex($0, below: count, "Embedding: the padding index", "\(count) vectors")
    }
  }

  private static func normal(exceptFor padding: Int?) -> Initializer {
    Initializer("normal(0, 1)") { shape, _, random in
      let value = random.normal(shape)
      guard let padding else { return value }
      return Tensor.where(Tensor.arange(shape[0]).unsqueeze(1) .== padding, 0, value)
    }
  }

  /// `weight`.
  public var members: [Member] { [Member("weight", weight)] }

  /// The sizes, as in `10 -> 3`.
  public var details: String {
    "\(weight.size(0)) -> \(weight.size(1))" + (paddingIndex.map { ", padding \($0)" } ?? "")
      + (scalesGradientByFrequency ? ", gradients by frequency" : "")
  }

  /// - Parameter x: Integers in 0 ..< count, any shape.
  /// - Returns: [..., size], with the input's shape in front.
  public func forward(_ x: consuming Tensor) -> Tensor {
    embedding(
      x, weight.value, paddingIndex: paddingIndex,
      scaleGradientByFrequency: scalesGradientByFrequency)
  }
}
