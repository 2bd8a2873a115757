import Autograd

// Checks of arguments that several layers, initializers and optimizers share.

/// What is wrong with a number that must be at least 0 and below 1 (or at most 1); nil if nothing.
func fractionProblem(_ value: Double, _ option: String, includingOne: Bool = false) -> String? {
  value >= 0 && (value < 1 || includingOne && value == 1)
    ? nil : "\(option) must be at least 0 and \(includingOne ? "at most" : "below") 1, got \(value)"
}

/// What is wrong with a number that must be finite and at least 0; nil if nothing.
func notNegativeProblem(_ value: Double, _ option: String) -> String? {
  value >= 0 && value.isFinite
    ? nil : "\(option) must be a finite number of at least 0, got \(value)"
}

/// What is wrong with a number that must be finite; nil if nothing.
func finiteProblem(_ value: Double, _ option: String) -> String? {
  value.isFinite ? nil : "\(option) must be a finite number, got \(value)"
}

/// Stops with a problem if there is one.
func checkNone(_ problem: String?, _ name: String) {
  if let problem { fail("\(name): \(problem)") }
}

/// Stops unless a number is at least 0 and below 1.
func checkFraction(_ value: Double, _ name: String, _ option: String) {
  checkNone(fractionProblem(value, option), name)
}

/// Stops unless a number is from 0 to 1.
func checkShare(_ value: Double, _ name: String, _ option: String) {
  require(value >= 0 && value <= 1, "\(name): \(option) must be between 0 and 1, got \(value)")
}

/// Stops unless a number is at least 1.
package func checkAtLeastOne(_ number: Int, _ name: String, _ option: String) {
  require(number >= 1, "\(name): \(option) must be at least 1, got \(number)")
}

/// Stops unless a number is finite and at least 0.
func checkNotNegative(_ value: Double, _ name: String, _ option: String) {
  checkNone(notNegativeProblem(value, option), name)
}

/// Stops unless a number is finite.
func checkFinite(_ value: Double, _ name: String, _ option: String) {
  checkNone(finiteProblem(value, option), name)
}

/// Stops unless an input has a number of channels along an axis.
func checkChannels(of x: borrowing Tensor, _ expected: Int, axis: Int = 1) {
  require(
    x.rank > axis && x.size(axis) == expected,
    "expected \(expected) channels along axis \(axis), got \(x.shape)")
}

/// Stops unless all sizes that are known are at least 0.
func checkDeclared(_ shape: [Int?], _ name: String) {
  let known = shape.compactMap(\.self)
  require(known.allSatisfy { $0 >= 0 }, "\(name): sizes must not be negative, got \(known)")
}
