import Foundation
import Synchronization
import Testing

/// A web server on 127.0.0.1 for tests: one connection at a time, one request a connection, answers
/// as the test says.
final class LocalServer: Sendable {
  /// What comes back for a request: bytes as they go over the wire, or nil for a server that stays
  /// silent.
  typealias Answer = @Sendable (_ request: String) -> [UInt8]?

  /// Whether a server on this machine can be reached: sandboxes may have no loopback interface.
  static let isReachable: Bool = {
    guard let server = try? LocalServer(answer: { _ in nil }) else { return false }
    let client = newSocket()
    defer { close(client) }
    return withLoopback(port: server.port) { connect(client, $0, $1.pointee) == 0 }.result
  }()

  let port: UInt16
  private let listener: Int32
  private let received = Mutex<[String]>([])

  /// The requests so far: request line and headers.
  var requests: [String] { received.withLock { $0 } }

  /// - Parameters:
  ///   - drip: How many bytes are sent every 20 ms; nil for all at once.
  ///   - answer: What comes back for a request.
  init(drip: Int? = nil, answer: @escaping Answer) throws {
    (listener, port) = try Self.bound()
    guard listen(listener, 8) == 0 else { throw POSIXError(.EADDRINUSE) }
    let thread = Thread { [listener, weak self] in
      var silent: [Int32] = []
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        let request = Self.readHead(connection)
        self?.received.withLock { $0.append(request) }
        if let bytes = answer(request) {
          if let drip {
            // In pieces, until the other side hangs up.
            for start in stride(from: 0, to: bytes.count, by: drip) {
              guard Self.send(Array(bytes[start...].prefix(drip)), connection) else { break }
              usleep(20_000)
            }
          } else {
            Self.send(bytes, connection)
          }
          shutdown(connection, Int32(SHUT_WR))
          close(connection)
        } else {
          silent.append(connection)
        }
      }
      for connection in silent { close(connection) }
      // Here, not in `deinit`: another server could get the number while this thread still accepts by it.
      close(listener)
    }
    thread.start()
  }

  /// Ends the thread: `accept` fails from now on.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  func address(_ name: String = "file.gz") -> String { "http://127.0.0.1:\(port)/\(name)" }

  /// A port on which nobody listens: it was free a moment ago.
  static func unusedPort() throws -> UInt16 {
    let (descriptor, port) = try bound()
    close(descriptor)
    return port
  }

  /// An answer with a body; the length in the header can be made a lie.
  static func response(
    _ status: String = "200 OK", _ headers: [String] = [], body: [UInt8] = [], length: Int? = nil
  ) -> [UInt8] {
    let lines =
      ["HTTP/1.1 \(status)", "Content-Length: \(length ?? body.count)", "Connection: close"]
      + headers
    return Array((lines + ["", ""]).joined(separator: "\r\n").utf8) + body
  }

  /// The first byte of a range request.
  static func rangeStart(_ request: String) -> Int? {
    let line = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("range: bytes=") }
    return line.flatMap { Int($0.dropFirst("range: bytes=".count).dropLast()) }
  }

  private static func newSocket() -> Int32 {
    #if canImport(Darwin)
      socket(AF_INET, SOCK_STREAM, 0)
    #else
      socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
  }

  /// Passes the address 127.0.0.1 and its size to a system call; also returns the port afterwards.
  private static func withLoopback<Result>(
    port: UInt16,
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> (result: Result, port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &size) }
    }
    return (result, UInt16(bigEndian: address.sin_port))
  }

  private static func bound() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = newSocket()
    let (isBound, port) = withLoopback(port: 0) {
      bind(descriptor, $0, $1.pointee) == 0 && getsockname(descriptor, $0, $1) == 0
    }
    guard descriptor >= 0 && isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    return (descriptor, port)
  }

  private static func readHead(_ connection: Int32) -> String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0 else { break }
      bytes += piece[..<count]
      if bytes.suffix(4) == [13, 10, 13, 10] { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Sends as much as the other side takes: it may hang up in between, which must not end the
  /// process.
  ///
  /// - Returns: Whether all were sent.
  @discardableResult
  private static func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
    #if canImport(Darwin)
      var yes: Int32 = 1
      setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, flags)
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test, with a line that says so, where no local server can be reached.
  static var needsLoopback: Self {
    .enabled(if: LocalServer.isReachable, "there is no loopback network")
  }
}
