import Autograd

// Tensors: creation, views, broadcasting, reductions and products, by the example of nearest neighbors
// and principal components.

let matrix = Tensor([[1, 2, 3], [4, 5, 6]])  // float32 [2, 3]
print("matrix:", matrix)
print("transposed, a view:", matrix.transpose())
print("column means:", matrix.mean(axis: 0))
print("elements above 2:", matrix[matrix .> 2])
print("scaled to rows of sum 1:", matrix / matrix.sum(axis: 1, keepDims: true))

// 200 points around three centers. Random numbers come from a stream with a seed.
var random = RandomStream(seed: 0)
let centers = Tensor([[0, 0], [4, 0], [0, 8]])  // [3, 2]
let classes = random.integers([200], in: 0..<3)  // int64 [200]
let points = centers.indexSelect(axis: 0, classes) + random.normal([200, 2]) * 0.5

// Broadcasting [200, 1, 2] against [1, 3, 2] gives all differences at once.
let differences = points.unsqueeze(1) - centers.unsqueeze(0)
let distances = differences.square().sum(axis: -1).sqrt()  // [200, 3]
let nearest = distances.argmin(axis: 1)
let share = (nearest .== classes).asType(.float64).mean().item()
print("share of points nearest to their own center:", share)

// The direction of the largest variance: the first eigenvector of the covariance, by power iteration.
let centered = points - points.mean(axis: 0)
let covariance = centered.transpose().matmul(centered) / (points.size(0) - 1)
var direction = Tensor([1, 1])
for _ in 1...50 {
  let next = covariance.matmul(direction)
  direction = next / next.norm()
}
let variance = direction.dot(covariance.matmul(direction)).item()
print("first principal component:", direction, "with variance", variance)

// Elements leave a tensor as Swift values.
let components: [Float] = direction.scalars()
let total = covariance.diagonal().sum().item()

guard share > 0.99, abs(components[1]) > abs(components[0]), variance < total else {
  fatalError("the points are not where they were put")
}
