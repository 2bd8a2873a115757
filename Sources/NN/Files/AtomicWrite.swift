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
  let (temporary, descriptor, target) = try beginWriting(to: path)
  var code: Int32 = 0
  pieces { if code == 0 { code = writeAll($0, to: descriptor) } }
  // A full disk may show only now.
  if code == 0, fsync(descriptor) != 0 { code = errno }
  // Before it is closed, so that it is locked as long as it has this name.
  if code == 0, rename(temporary, target) != 0 { code = errno }
  if code == 0 { syncFolder(of: target) }
  if code != 0 { unlink(temporary) }
  if close(descriptor) != 0, code == 0 { code = errno }
  if code != 0 { throw OpenFile.systemError(path, "cannot write", code: code) }
}

/// Makes a file's new name last through a power cut, where the file system can.
private func syncFolder(of path: String) {
  let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  if descriptor < 0 { return }
  fsync(descriptor)
  close(descriptor)
}

/// Throws the error that writing a file would end with before its first byte, and changes nothing.
package func checkWritable(_ path: String) throws(FileError) {
  let (temporary, descriptor, _) = try beginWriting(to: path)
  unlink(temporary)
  close(descriptor)
}

/// Makes the temporary file for a path, locked, and tells which file it is to replace.
private func beginWriting(
  to path: String
) throws(FileError) -> (temporary: String, descriptor: Int32, target: String) {
  let target = resolvingLinks(in: path)
  var existing = stat()
  let exists = stat(target, &existing) == 0
  if exists, existing.st_mode & S_IFMT != S_IFREG {
    let isFolder = existing.st_mode & S_IFMT == S_IFDIR
    throw FileError(
      path, "cannot write: " + (isFolder ? "it is a folder" : "it is not a regular file"))
  }

  let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
  while true {
    // Independent of the file's own name, which may be as long as names can be.
    let temporary = folder + temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 36)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw OpenFile.systemError(path, "cannot write") }
    // The lock ends with the process; `removeLeftovers` of another one may have been faster.
    var status = stat()
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK,
      fstat(descriptor, &status) == 0, status.st_nlink > 0
    {
      if exists { fchmod(descriptor, existing.st_mode & 0o777) }
      return (temporary, descriptor, target)
    }
    close(descriptor)
  }
}

private let temporaryPrefix = ".writing-"

/// Removes what processes that ended while they wrote left in a folder, not what others are writing.
///
/// Where the file system knows no locks, everything stays.
package func removeLeftovers(in folder: String) {
  for name in fileNames(in: folder) {
    let number = name.dropFirst(temporaryPrefix.count)
    guard name.hasPrefix(temporaryPrefix), UInt64(number, radix: 36) != nil else { continue }
    let path = folder + "/" + name
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    if descriptor < 0 { continue }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      flock(descriptor, LOCK_EX | LOCK_NB) == 0
    {
      unlink(path)
    }
    close(descriptor)
  }
}

/// The names of a folder's entries, in no order; none if it cannot be read.
package func fileNames(in folder: String) -> [String] {
  guard let entries = opendir(folder) else { return [] }
  defer { closedir(entries) }
  var names: [String] = []
  while let entry = readdir(entries) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
      })
  }
  return names
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
