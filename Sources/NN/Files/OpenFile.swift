internal import Platform

/// A file opened by POSIX calls, closed at the end of its life.
///
/// Foundation's own reading and writing reports a full disk or a folder in the way only vaguely,
/// and in different words on each platform; `errno` says exactly what happened.
package struct OpenFile: ~Copyable {
  package let path: String
  package let descriptor: Int32

  private init(_ path: String, _ flags: Int32, orThrow problem: String) throws(FileError) {
    // Without O_NONBLOCK a FIFO would wait for its other end.
    let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else { throw Self.systemError(path, problem) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
      close(descriptor)
      throw FileError(path, "\(problem): it is a FIFO")
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Opens an existing file for reading.
  package static func reading(_ path: String) throws(FileError) -> OpenFile {
    try OpenFile(path, O_RDONLY, orThrow: "cannot be opened")
  }

  /// Opens a file for writing and reading, creates it if need be, and keeps what it holds.
  package static func updating(_ path: String) throws(FileError) -> OpenFile {
    try OpenFile(path, O_RDWR | O_CREAT, orThrow: "cannot be written")
  }

  /// The error that names a path, what could not be done with it, and the system's reason, that of
  /// `errno` unless another code is given.
  package static func systemError(_ path: String, _ what: String, code: Int32? = nil) -> FileError {
    FileError(path, "\(what): \(String(cString: strerror(code ?? errno)))")
  }

  /// The size in bytes at this moment.
  package func size() throws(FileError) -> Int { Int(try status().st_size) }

  /// Whether the path leads to this file still: another process may have renamed or removed it.
  package func isAtPath() throws(FileError) -> Bool {
    var named = stat()
    let opened = try status()
    return stat(path, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  private func status() throws(FileError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Self.systemError(path, "cannot be examined")
    }
    return status
  }

  /// Passes the whole file, from its start, to a function, piece by piece.
  ///
  /// It ends at the size that the system states now, so that a device without an end, or a file
  /// that somebody keeps writing to, cannot go on forever.
  package func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) throws(FileError) {
    let size = try size()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { piece.deallocate() }
    var offset: off_t = 0
    while true {
      let wanted = min(piece.count, size - Int(offset))
      let count = pread(descriptor, piece.baseAddress, wanted, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.systemError(path, "cannot be read") }
      guard count > 0 else { return }
      body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      offset += off_t(count)
    }
  }

  /// Calls a closure with the bytes of a whole file, mapped into memory where the file allows it.
  ///
  /// No second copy of them is made. The file must not be cut short meanwhile: like every program that maps one, this
  /// one would end with SIGBUS. Files that `writeAtomically` replaces are not.
  package static func withContents<Result>(
    of path: String, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    let file = try reading(path)
    let size = try file.size()
    if size > 0, let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0),
      start != MAP_FAILED
    {
      defer { munmap(start, size) }
      return try body(UnsafeRawBufferPointer(start: start, count: size))
    }
    let bytes = try contents(of: path, maximum: .max)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(buffer))
  }

  /// Reads a whole file, refusing one of more than `maximum` bytes.
  package static func contents(of path: String, maximum: Int) throws(FileError) -> [UInt8] {
    let file = try reading(path)
    let size = try file.size()
    guard size <= maximum else {
      throw FileError(path, "has \(size) bytes, expected at most \(maximum)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    try file.forEachPiece { bytes.append(contentsOf: $0) }
    return bytes
  }
}
