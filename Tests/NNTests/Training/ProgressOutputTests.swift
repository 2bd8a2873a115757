import Foundation
import Testing

@testable import NN

@Suite struct ProgressOutputTests {
  @Test func aPipeIsNoTerminalAndGetsEveryByte() throws {
    let pipe = Pipe()
    let output = ProgressOutput(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor)
    #expect(output.columns() == nil)
    output.write("epoch 1\n")
    output.write("")
    output.write("épo\n")
    try pipe.fileHandleForWriting.close()
    #expect(pipe.fileHandleForReading.readDataToEndOfFile() == Data("epoch 1\népo\n".utf8))
  }

  /// Whether the system has pseudo-terminals: sandboxes may have none.
  private static let hasTerminals: Bool = {
    var (leader, follower): (Int32, Int32) = (-1, -1)
    guard openpty(&leader, &follower, nil, nil, nil) == 0 else { return false }
    close(leader)
    close(follower)
    return true
  }()

  @Test(.enabled(if: hasTerminals, "there are no pseudo-terminals"))
  func aTerminalHasColumns() throws {
    var (leader, follower): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 57, ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&leader, &follower, nil, nil, &size) == 0)
    defer {
      close(leader)
      close(follower)
    }
    let term = ProcessInfo.processInfo.environment["TERM"] ?? ""
    let canRedraw = !term.isEmpty && term != "dumb"
    let output = ProgressOutput(fileDescriptor: follower)
    #expect(output.columns() == (canRedraw ? 57 : nil))
    size.ws_col = 99
    try #require(ioctl(follower, UInt(TIOCSWINSZ), &size) == 0)
    #expect(output.columns() == (canRedraw ? 99 : nil))
    size.ws_col = 0
    try #require(ioctl(follower, UInt(TIOCSWINSZ), &size) == 0)
    #expect(output.columns() == (canRedraw ? 80 : nil))
  }

  @Test func aClosedDescriptorIsIgnored() {
    ProgressOutput(fileDescriptor: -1).write("lost")
    #expect(ProgressOutput(fileDescriptor: -1).columns() == nil)
  }
}
