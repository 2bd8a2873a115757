internal import Platform

/// Writes a file whole or not at all, in pieces that a closure passes to the function it gets.
///
/// The pieces go to a temporary file in the same folder, which then takes the file's name: a reader
/// sees the old content or the new, and a failure (no such folder, disk full, no permission) leaves
/// the old one and no temporary file. An existing file keeps its permissions, and a symbolic link
/// stays one.
package func writeAtomically(
  to path: String, _ pieces: (_ write: (UnsafeRawBufferPointer) -> Void) -> Void
) throws(FileError) {
  let target = resolvingLinks(in: path)
  func failure(_ code: Int32) -> FileError {
    OpenFile.systemError(path, "cannot write", code: code)
  }
  var existing = stat()
  let exists = stat(target, &existing) == 0
  if exists, existing.st_mode & S_IFMT != S_IFREG {
    let isFolder = existing.st_mode & S_IFMT == S_IFDIR
    throw FileError(
      path, "cannot write: " + (isFolder ? "it is a folder" : "it is not a regular file"))
  }

  // Independent of the file's own name, which may be as long as names can be.
  let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
  let temporary = folder + ".writing-" + String(UInt64.random(in: .min ... .max), radix: 36)
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  if descriptor < 0 { throw failure(errno) }
  if exists { fchmod(descriptor, existing.st_mode & 0o777) }
  var code: Int32 = 0
  pieces { if code == 0 { code = writeAll($0, to: descriptor) } }
  // A full disk may show only now.
  if code == 0, fsync(descriptor) != 0 { code = errno }
  if close(descriptor) != 0, code == 0 { code = errno }
  if code == 0, rename(temporary, target) != 0 { code = errno }
  if code != 0 {
    unlink(temporary)
    throw failure(code)
  }
}

/// Writes bytes, whole or not at all.
package func writeAtomically(_ bytes: some Collection<UInt8>, to path: String) throws(FileError) {
  try writeAtomically(to: path) { write in
    bytes.withContiguousStorageIfAvailable { write(UnsafeRawBufferPointer($0)) }
      ?? Array(bytes).withUnsafeBytes { write($0) }
  }
}

/// Makes a folder, and those above it that are missing; one that is there already is fine.
package func makeFolder(_ path: String) throws(FileError) {
  var made = path.hasPrefix("/") ? "/" : ""
  for name in path.split(separator: "/") {
    made += name + "/"
    var existing = stat()
    if stat(made, &existing) == 0 { continue }
    if mkdir(made, 0o777) != 0 && errno != EEXIST {
      throw OpenFile.systemError(path, "cannot make the folder")
    }
  }
}

/// Writes a text in UTF-8, whole or not at all.
package func writeAtomically(_ text: String, to path: String) throws(FileError) {
  try writeAtomically(text.utf8, to: path)
}

/// The path of the file that a symbolic link leads to, and any other path as it is.
private func resolvingLinks(in path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// Writes all bytes; returns 0 or the code of the error.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
    if count < 0, errno == EINTR { continue }
    if count <= 0 { return count == 0 ? EIO : errno }
    rest = rest.dropFirst(count)
  }
  return 0
}
