import Foundation
import NN
internal import Platform

/// How far a download is.
public struct DownloadProgress: Sendable, Equatable {
  /// The name of the file that is being downloaded.
  public let name: String

  /// The bytes on disk so far, those of an earlier, interrupted download included.
  public let received: Int

  /// The bytes there will be, nil while the server has not said.
  public let total: Int?
}

/// Downloads files: checked, resumed, and never half written.
enum Download {
  /// Downloads a file, and returns when it is there.
  ///
  /// The bytes go to `path` with `.part` appended, which takes the final name only after its
  /// checksum matched. What an interrupted download left there is continued by a range request, or
  /// replaced if the server knows no ranges.
  /// - Parameters:
  ///   - address: An http or https address; redirects are followed.
  ///   - path: Where the file shall be. Its folder is created if need be.
  ///   - sha256: The checksum of the file, 64 hexadecimal digits.
  ///   - maximum: How many bytes the file may have at most, so that no server can fill the disk.
  ///   - patience: How many seconds may pass without a single byte before the download is given up.
  ///   - progress: Called about ten times a second, on the calling thread, and once at the end.
  /// - Throws: A `FileError`: unavailable if no server answered; otherwise the server's refusal, a
  ///   transfer that broke off (its part is kept, and the next call continues it), a wrong checksum
  ///   (its part is removed), or a folder or disk that takes no more.
  static func fetch(
    _ address: String, to path: String, sha256: String, maximum: Int = 1 << 30,
    patience: Double = 15, progress: ((DownloadProgress) -> Void)? = nil
  ) throws(FileError) {
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()),
      url.host != nil
    else {
      throw FileError(address, "is not an http or https address")
    }
    let target = URL(fileURLWithPath: path)
    // Where this fails, opening the part fails too, and says why.
    try? makeFolder(target.deletingLastPathComponent().path)
    let part = try OpenFile.updating(path + ".part")
    try lock(part)

    if try checksum(part) != sha256.lowercased() {
      do throws(FileError) {
        try transfer(url, to: part, name: target.lastPathComponent, maximum, patience, progress)
      } catch {
        if try part.size() == 0 { unlink(part.path) }
        throw error
      }
      let found = try checksum(part)
      guard found == sha256.lowercased() else {
        unlink(part.path)
        throw FileError(
          address, "has the SHA-256 checksum \(found), expected \(sha256); it was not kept")
      }
    }
    guard fsync(part.descriptor) == 0, rename(part.path, path) == 0 else {
      throw OpenFile.systemError(path, "cannot be written")
    }
  }

  /// Fills the part, from its start if the server cannot continue it.
  private static func transfer(
    _ url: URL, to part: borrowing OpenFile, name: String, _ maximum: Int, _ patience: Double,
    _ progress: ((DownloadProgress) -> Void)?
  ) throws(FileError) {
    func attempt() throws(FileError) -> Bool {
      let transfer = Transfer(url: url, part: part.descriptor, maximum: maximum, patience: patience)
      return try transfer.run { received, total in
        progress?(DownloadProgress(name: name, received: received, total: total))
      }
    }
    if try attempt() { return }
    guard ftruncate(part.descriptor, 0) == 0 else {
      throw OpenFile.systemError(part.path, "cannot be emptied")
    }
    // An empty part has nothing to continue, so this one succeeds or throws.
    _ = try attempt()
  }

  private static func checksum(_ file: borrowing OpenFile) throws(FileError) -> String {
    var checksum = SHA256()
    try file.forEachPiece { checksum.update($0) }
    return checksum.hexadecimal()
  }

  /// Keeps two processes from writing to the same part.
  private static func lock(_ part: borrowing OpenFile) throws(FileError) {
    let isLocked = flock(part.descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    // Another process may also have finished, and renamed the part, between our opening and our
    // locking it.
    guard !isLocked, try part.isAtPath() else {
      throw FileError(part.path, "is being downloaded by another process")
    }
  }
}
