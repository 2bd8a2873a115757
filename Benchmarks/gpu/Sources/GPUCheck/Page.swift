import Autograd
import Platform

/// The page that is written to standard output: headings, rows, and whether anything failed.
struct Page {
  private(set) var failures = 0

  func heading(_ title: String) { line("\n## \(title)\n") }

  /// Written at once, so that a page that breaks off shows how far it came.
  func line(_ text: String) {
    print(text)
    fflush(nil)
  }

  /// A row of a list with a verdict.
  mutating func check(_ name: String, _ passes: Bool, _ figure: String) {
    if !passes { failures += 1 }
    line("- \(passes ? "ok  " : "FAIL") \(name): \(figure)")
  }

  /// A row for each of many checks that fails, and their counts.
  ///
  /// The log has the names, so that it ends with the one that stopped the program.
  mutating func checkAll<Case>(
    _ cases: [Case], named name: (Case) -> String, mistake: (Case) -> String?
  ) {
    let before = failures
    for one in cases {
      log(name(one))
      if let mistake = mistake(one) { check(name(one), false, mistake) }
    }
    line("- \(cases.count - (failures - before)) of \(cases.count) cases pass")
  }

  /// What the device has no kernels for.
  func fallbacks(of gpu: Device) {
    if gpu.fallbacks.isEmpty { return }
    heading("Primitives that ran on the CPU")
    for (primitive, fallback) in gpu.fallbacks.sorted(by: { $0.key < $1.key }) {
      line("- \(primitive): \(fallback.calls) times, \(fallback.bytes) bytes")
    }
  }

  /// Ends the program, with 1 if something failed.
  func finish() -> Never {
    line("\n\(failures == 0 ? "Everything passed." : "\(failures) checks failed.")")
    exit(failures == 0 ? 0 : 1)
  }
}

/// A number with some significant digits.
func short(_ value: Double) -> String {
  if value == 0 || !value.isFinite { return "\(value)" }
  let magnitude = value.magnitude
  if magnitude >= 100 && magnitude < 1e15 { return "\(Int(value.rounded()))" }
  if magnitude >= 0.01 && magnitude < 100 { return "\((value * 1000).rounded() / 1000)" }
  var (mantissa, exponent) = (value, 0)
  while mantissa.magnitude < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  while mantissa.magnitude >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  return "\((mantissa * 100).rounded() / 100)e\(exponent)"
}

/// The seconds that a closure takes.
func seconds(_ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  return clock.measure(body) / .seconds(1)
}

/// The median of the seconds that some runs take, after one that does not count.
func medianSeconds(_ runs: Int, _ body: () -> Void) -> Double {
  body()
  return (0..<runs).map { _ in seconds(body) }.sorted()[runs / 2]
}

/// Writes a line to standard error.
func log(_ text: String) {
  let line = "\(text)\n"
  write(2, line, line.utf8.count)
}

func stop(_ message: String) -> Never {
  log("GPUCheck: \(message)")
  exit(1)
}
