import Foundation
import NN
internal import Platform
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One transfer from a server into an open file, continuing at the end of what the file holds.
///
/// URLSession calls its delegate on a queue of its own; the caller's thread sleeps, wakes ten times
/// a second to report progress, and gives up when nothing has arrived for a while. That watch is
/// our own, because URLSession's time limits differ between platforms.
final class Transfer: NSObject, URLSessionDataDelegate {
  private struct State {
    /// Where the next byte goes: the file's size.
    var received: Int
    var total: Int?
    /// Whether the answer was one whose body belongs into the file.
    var isAccepted = false
    var hasAnswer = false
    /// Whether the file's content cannot be continued, so that the transfer must start anew.
    var mustRestart = false
    var failure: FileError?
    /// Set when the caller stops watching: after that the file may be closed, and nothing is
    /// written any more.
    var isAbandoned = false
    /// When `received` was last seen to have grown by enough, and what it was then.
    var mark = (time: ContinuousClock.now, received: 0)
  }

  /// How many bytes must arrive before the patience ends: a server that drips could go on for days.
  static let leastByteCount = 1 << 14

  private let url: URL
  private let part: Int32
  private let maximum: Int
  private let patience: Double
  private let state: Mutex<State>
  private let ended = DispatchSemaphore(value: 0)

  /// Prepares a transfer from `url` into the open file `part`, which must stay open while `run`
  /// runs.
  init(url: URL, part: Int32, maximum: Int, patience: Double) {
    self.url = url
    self.part = part
    self.maximum = maximum
    self.patience = patience
    let received = Int(max(0, lseek(part, 0, SEEK_END)))
    state = Mutex(State(received: received, mark: (.now, received)))
  }

  /// Transfers the file and returns when all of it is there.
  /// - Returns: False if the file's content cannot be continued: it must be emptied and transferred
  ///   anew, by another object, since this one may still hear from its session.
  func run(progress: (_ received: Int, _ total: Int?) -> Void) throws(FileError) -> Bool {
    let offset = state.withLock { $0.received }
    var request = URLRequest(
      url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: patience * 2)
    // A file that is packed already must not be packed for the way, and unpacked on arrival, once
    // more.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }

    let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
    defer {
      state.withLock { $0.isAbandoned = true }
      session.invalidateAndCancel()
    }
    session.dataTask(with: request).resume()
    while ended.wait(timeout: .now() + 0.1) == .timedOut {
      let (now, failure) = state.withLock { state in
        if state.received - state.mark.received >= Self.leastByteCount {
          state.mark = (.now, state.received)
        }
        if state.mark.time.duration(to: .now) > .seconds(patience) && state.failure == nil {
          state.failure = self.silence(state)
        }
        return (state, state.failure)
      }
      if let failure { throw failure }
      if now.mustRestart { return false }
      if now.isAccepted { progress(now.received, now.total) }
    }
    let now = state.withLock { $0 }
    if let failure = now.failure { throw failure }
    if now.mustRestart { return false }
    progress(now.received, now.total)
    return true
  }

  /// The error for a server that went silent, or never spoke.
  private func silence(_ state: State) -> FileError {
    let seconds = "for \(Int(patience.rounded(.up))) seconds"
    let count = max(0, state.received - state.mark.received)
    return state.hasAnswer
      ? brokenOff(
        state, count == 0 ? "nothing arrived \(seconds)" : "only \(count) bytes arrived \(seconds)")
      : FileError(url.absoluteString, "does not answer \(seconds)", unavailable: true)
  }

  private func brokenOff(_ state: State, _ reason: String) -> FileError {
    let total = state.total.map { " of \($0)" } ?? ""
    return FileError(
      url.absoluteString,
      "the transfer broke off after \(state.received)\(total) bytes (\(reason)); try again to resume"
    )
  }

  /// Drops what the file holds.
  private static func empty(_ part: Int32, _ state: inout State) -> Bool {
    if state.received > 0 && ftruncate(part, 0) != 0 { return false }
    (state.received, state.mark.received) = (0, 0)
    return lseek(part, 0, SEEK_SET) == 0
  }

  /// The error for what the system just refused.
  private func unsaved() -> FileError {
    OpenFile.systemError(url.absoluteString, "the download cannot be saved")
  }

  // MARK: What the server says

  /// Takes note of the answer when its first bytes arrive, or when it ends without any.
  private func noteAnswer(_ response: URLResponse?, _ state: inout State) {
    guard !state.hasAnswer, !state.isAbandoned, let response = response as? HTTPURLResponse else {
      return
    }
    state.hasAnswer = true
    state.isAccepted = accept(response, &state)
  }

  /// Decides whether the body of an answer belongs into the file, and prepares the file for it.
  private func accept(_ response: HTTPURLResponse, _ state: inout State) -> Bool {
    var length = response.expectedContentLength >= 0 ? Int(response.expectedContentLength) : nil
    switch response.statusCode {
    case 200:
      guard Self.empty(part, &state) else {
        state.failure = unsaved()
        return false
      }
      state.total = length
    case 206 where state.received > 0:
      guard let range = ContentRange(response.value(forHTTPHeaderField: "Content-Range")),
        range.start == state.received
      else {
        state.mustRestart = true
        return false
      }
      state.total = range.total
      length = range.total
    case 416 where state.received > 0:
      state.mustRestart = true
      return false
    default:
      state.failure = FileError(
        url.absoluteString, "the server answered \(response.statusCode), expected 200 (OK)")
      return false
    }
    if let length, length > maximum {
      state.failure = FileError(
        url.absoluteString, "states \(length) bytes, expected at most \(maximum)")
      return false
    }
    return true
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let response = dataTask.response
    let goesOn = state.withLock { state in
      noteAnswer(response, &state)
      guard state.isAccepted && !state.isAbandoned && state.failure == nil else { return false }
      guard state.received + data.count <= maximum else {
        state.failure = FileError(
          url.absoluteString, "has more than the \(maximum) bytes expected at most")
        // More of the same can only be too much again.
        _ = Self.empty(part, &state)
        return false
      }
      guard data.withUnsafeBytes({ writeAll($0, to: part) }) == 0 else {
        state.failure = unsaved()
        return false
      }
      state.received += data.count
      return true
    }
    if !goesOn { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    let response = task.response
    state.withLock { state in
      noteAnswer(response, &state)
      guard state.failure == nil && !state.mustRestart && !state.isAbandoned else { return }
      if let error {
        state.failure = failure(for: error, state)
      } else if let total = state.total, state.received != total {
        state.failure = brokenOff(state, "the server closed the connection")
      }
    }
    ended.signal()
  }

  /// The error for what URLSession reports.
  private func failure(for error: any Error, _ state: State) -> FileError {
    if state.hasAnswer { return brokenOff(state, error.localizedDescription) }
    let noServer: [URLError.Code] = [
      .cannotFindHost, .dnsLookupFailed, .cannotConnectToHost, .networkConnectionLost,
      .notConnectedToInternet, .timedOut, .dataNotAllowed, .internationalRoamingOff,
    ]
    let isUnavailable = (error as? URLError).map { noServer.contains($0.code) } ?? false
    return FileError(
      url.absoluteString, "cannot be reached (\(error.localizedDescription))",
      unavailable: isUnavailable)
  }
}

/// The first byte and the total of a header such as `Content-Range: bytes 100-199/200`.
package struct ContentRange {
  let start: Int
  let total: Int?

  package init?(_ header: String?) {
    let words = header?.split(separator: " ") ?? []
    let parts = words.last?.split(whereSeparator: { "-/".contains($0) }) ?? []
    guard words.count == 2, words[0].lowercased() == "bytes", parts.count == 3,
      let start = Int(parts[0])
    else { return nil }
    (self.start, total) = (start, Int(parts[2]))
  }
}
