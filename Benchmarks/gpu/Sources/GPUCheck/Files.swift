#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct Missing: Error, CustomStringConvertible {
  let description: String
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw Missing(description: "\(path) cannot be read") }
  defer { fclose(file) }
  fseek(file, 0, SEEK_END)
  let size = ftell(file)
  rewind(file)
  return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    count = fread(buffer.baseAddress, 1, size, file)
  }
}

func stop(_ message: String) -> Never {
  let line = "GPUCheck: \(message)\n"
  write(2, line, line.utf8.count)
  exit(1)
}

/// Ends with 1 if something failed.
func finish(_ page: Page) -> Never {
  print("\n\(page.failures == 0 ? "Everything passed." : "\(page.failures) checks failed.")")
  exit(page.failures == 0 ? 0 : 1)
}

/// Writes what was printed.
func flush() { fflush(nil) }
