import TestSupport
import Testing

@testable import Autograd

@Suite struct FailureContextTests {
  private final class Scope: Sendable {
    let name: String
    init(_ name: String) { self.name = name }

    static func path(_ running: [AnyObject]) -> String {
      running.map { ($0 as? Scope)?.name ?? "?" }.joined(separator: ".")
    }

    func running<Result>(_ body: () throws -> Result) rethrows -> Result {
      FailureContext.enter(self, describedBy: Scope.path)
      defer { FailureContext.leave() }
      return try body()
    }
  }

  private struct Refused: Error {}

  @Test func thePathNamesWhatRuns() {
    #expect(FailureContext.path() == nil)
    let (outer, inner) = (Scope("net"), Scope("7"))
    outer.running {
      #expect(FailureContext.path() == "net")
      let value = inner.running {
        #expect(FailureContext.path() == "net.7")
        return 5
      }
      #expect(value == 5 && FailureContext.path() == "net")
    }
    #expect(FailureContext.path() == nil)
  }

  @Test func errorsLeaveTheScope() {
    let scope = Scope("net")
    #expect(throws: Refused.self) {
      try scope.running { throw Refused() }
    }
    #expect(FailureContext.path() == nil)
  }

  @Test func threadsHaveTheirOwnScopes() async {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<8 {
        group.addTask {
          let scope = Scope("\(index)")
          return (0..<1_000).allSatisfy { _ in
            scope.running { FailureContext.path() == "\(index)" }
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func failureNamesTheRunningModule() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let (outer, inner) = (Scope("LeNet.net"), Scope("7"))
      outer.running {
        inner.running { require(false, "expected 400, got [128, 256]") }
      }
    }
    expect(result, names: "LeNet.net.7", "400", "[128, 256]")
  }
}
