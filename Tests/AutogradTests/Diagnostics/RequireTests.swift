import TestSupport
import Testing

@testable import Autograd

@Suite struct RequireTests {
  @Test func passingConditionComputesNoMessage() {
    let calls = EventCounter()
    func message() -> String {
      calls.increment()
      return "never"
    }
    require(true, message())
    #expect(calls.count == 0)
  }

  @Test func theMessageIsPrinted() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { require(1 > 2, "matmul: \(1) is not \(2)") }
    let text = result?.errorText ?? ""
    #expect(text.contains("RequireTests.swift:"), "\(text)")
    expect(result, names: "matmul: 1 is not 2")
  }

  @Test func failStops() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { fail("the end") }
    expect(result, names: "the end")
  }
}
