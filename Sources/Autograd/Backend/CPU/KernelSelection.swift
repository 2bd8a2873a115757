internal import CKernels
internal import Platform

/// The primitives that all numeric work goes through, on the processor.
///
/// They see arrays, sizes and strides, never tensors or tapes, and check nothing but what would
/// touch foreign memory. Inner loops are C (`CKernels`); the extensions in this folder split the work, by the
/// thresholds in `Tuning`. Here the kernel set is chosen.
enum CPU {
  /// The kernel sets that this processor can run, best first; the last is the plain reference.
  // Unsafe only in name: Swift does not know that C's tables of functions are constants. They are never
  // written, and the list is made once.
  nonisolated(unsafe) static let available: [UnsafePointer<CKKernels>] = {
    var sets: [UnsafePointer<CKKernels>] = []
    var next = CKAvailableKernels()
    while let set = next.pointee {
      sets.append(set)
      next += 1
    }
    return sets
  }()

  /// The kernel set in use: the best one, or the one that the environment variable AUTOGRAD_KERNELS
  /// names (avx512, avx2, baseline or reference), unless that is empty.
  // Unsafe only in name: a copy of one of these tables, made once and never written again.
  nonisolated(unsafe) static let kernels: CKKernels = {
    var isUnoptimized = false
    assert(
      {
        isUnoptimized = true
        return true
      }())
    if isUnoptimized {
      let warning = """
        Autograd: this is an unoptimized build, about fifty times slower; build with -c release, or with \
        swift build -Xcc -O3 -Xswiftc -O\n
        """
      _ = write(2, warning, warning.utf8.count)
    }
    if let kernelProblem { fail(kernelProblem) }
    return available[wantedName.flatMap(names.firstIndex(of:)) ?? 0].pointee
  }()

  private static var names: [String] { available.map { String(cString: $0.pointee.name) } }

  private static var wantedName: String? {
    getenv("AUTOGRAD_KERNELS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What is wrong with AUTOGRAD_KERNELS, nil if nothing is.
  fileprivate static var kernelProblem: String? {
    guard let wanted = wantedName, !names.contains(wanted) else { return nil }
    return
      "AUTOGRAD_KERNELS is \"\(wanted)\"; this processor has \(names.joined(separator: ", "))"
  }

  /// The name of the kernel set in use.
  static var kernelName: String { String(cString: kernels.name) }
}

extension Device {
  /// What is wrong with the environment variable AUTOGRAD_KERNELS, in one line, nil if nothing is; the first operation
  /// would stop the program with it.
  package static var kernelProblem: String? { CPU.kernelProblem }
}
