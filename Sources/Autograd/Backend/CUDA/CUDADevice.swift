internal import GPUKernels
internal import Platform
import Synchronization

/// The kernels, by the first part of their names; the second part is the element type.
enum CUDAKernel: Int, CaseIterable {
  case map, zip, compare, select, fill, update, copy
  case reduceRows, reduceColumns, argmax, squares, rows
  case matmul, smallMatmul
  case convolution, convolutionInput, convolutionWeight
  case averagePool, averagePoolGradient, maxPoolIndices
  case gatherPlanes, scatterPlanes, scatterManyPlanes
  case gatherRows, scatterRows, scatterAddRows
  case checkIndices, lastWriters

  /// The name of the kernel for a type, nil for those that exist once.
  func name(_ dtype: DType?) -> String {
    switch dtype {
    case nil: "\(self)"
    case .float32: "\(self)Float32"
    case .float64: "\(self)Float64"
    case .int32: "\(self)Int32"
    case .int64: "\(self)Int64"
    case .uint8, .bool: "\(self)UInt8"
    case .float16: "\(self)Float16"
    case .bfloat16: "\(self)BFloat16"
    }
  }
}

/// An NVIDIA GPU: its memory, and kernels in one order for all threads (the default stream).
package final class CUDADevice: Accelerator {
  package let name: String
  package let fallback = Fallback()
  private let library: CUDALibrary
  private let device: Int32

  /// What the driver made, and the checks of indices whose results are not known yet.
  // Unchecked only in name: the mutex guards the addresses, and what they refer to is never freed.
  private struct State: @unchecked Sendable {
    var context: UnsafeMutableRawPointer?
    var module: UnsafeMutableRawPointer?
    /// By kernel and type; the others by name.
    var functions = [Function?](repeating: nil, count: CUDAKernel.allCases.count * typeSlots)
    var checks = IndexChecks()
  }
  private let state = Mutex(State())

  /// A kernel in the driver's hands.
  // Unchecked only in name: the driver's handle is a constant that any thread may use.
  struct Function: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
  }

  /// - Parameters:
  ///   - library: The driver.
  ///   - ordinal: The driver's number of the device.
  package init(_ library: CUDALibrary, ordinal: Int) throws(CUDALibrary.Problem) {
    self.library = library
    var device: Int32 = 0
    try library.check(library.functions.cuDeviceGet(&device, Int32(ordinal)), "cuDeviceGet")
    var characters = [CChar](repeating: 0, count: 256)
    try library.check(
      library.functions.cuDeviceGetName(&characters, 256, device), "cuDeviceGetName")
    self.device = device
    let model = String(
      decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    name = "gpu \(ordinal) (\(model))"
  }

  private func check(_ status: Int32, _ function: StaticString) {
    if status != 0 { fail("\(name): \(function) failed: \(library.errorName(status))") }
  }

  // MARK: Context

  /// The device whose context is current on a thread.
  private static let currentDevice: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Makes the context current on this thread, and makes it first if need be (about 0.1 s).
  private var functions: CUDADriver {
    let own = UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    if pthread_getspecific(Self.currentDevice) != own {
      state.withLock { state in
        if state.context == nil {
          check(
            library.functions.cuDevicePrimaryCtxRetain(&state.context, device),
            "cuDevicePrimaryCtxRetain")
        }
        check(library.functions.cuCtxSetCurrent(state.context), "cuCtxSetCurrent")
      }
      pthread_setspecific(Self.currentDevice, own)
    }
    return library.functions
  }

  // MARK: Memory

  package func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
    var address: UInt64 = 0
    let status = functions.cuMemAlloc_v2(&address, byteCount)
    if status == 2 { return nil }  // CUDA_ERROR_OUT_OF_MEMORY
    check(status, "cuMemAlloc")
    return UnsafeMutableRawPointer(bitPattern: UInt(address))
  }

  package func free(_ address: UnsafeMutableRawPointer) {
    check(functions.cuMemFree_v2(address.onDevice), "cuMemFree")
  }

  package func upload(
    _ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer
  ) {
    check(functions.cuMemcpyHtoD_v2(target.onDevice, source, byteCount), "cuMemcpyHtoD")
  }

  package func download(
    _ source: UnsafeRawPointer, byteCount: Int, to target: UnsafeMutableRawPointer
  ) {
    check(functions.cuMemcpyDtoH_v2(target, source.onDevice, byteCount), "cuMemcpyDtoH")
    stopAtWrongIndex()
  }

  package func willReadOnHost() {}

  /// Waits for everything that the device was given.
  package func synchronize() {
    check(functions.cuCtxSynchronize(), "cuCtxSynchronize")
    stopAtWrongIndex()
  }

  /// Sets the bytes of an array to zero.
  func clear(_ y: NDArray) {
    let byteCount = y.count * y.dtype.byteCount
    if byteCount == 0 { return }
    check(functions.cuMemsetD8Async(y.data.onDevice, 0, byteCount, nil), "cuMemsetD8Async")
  }

  // MARK: Kernels

  package func run(_ primitive: Primitive, _ inputs: [NDArray], into outputs: [NDArray]) -> Bool {
    // The kernels count in 32 bits.
    for array in inputs where array.span.count > Int32.max { return false }
    for array in outputs where array.span.count > Int32.max { return false }
    if outputs.allSatisfy({ $0.count == 0 }) { return true }
    return runElementwise(primitive, inputs, outputs[0])
      ?? runReduction(primitive, inputs, outputs[0])
      ?? runMatMul(primitive, inputs, outputs[0])
      ?? runConvolution(primitive, inputs, outputs[0])
      ?? runIndexing(primitive, inputs, outputs[0]) ?? false
  }

  /// The most threads of a block.
  static var largestBlock: Int { Int(GPUBlock) }

  /// The blocks that give every element a thread.
  static func blocks(for count: Int) -> Int { (count + largestBlock - 1) / largestBlock }

  /// The threads of a block that works on a row: a power of two, for sums in a tree.
  static func threads(forRow columns: Int) -> Int {
    var threads = 32
    while threads < largestBlock && threads < columns { threads *= 2 }
    return threads
  }

  /// Gives the device a kernel to run after everything before.
  ///
  /// - Parameters:
  ///   - dtype: The element type that the kernel is for, nil if it exists once.
  ///   - blocks: How many blocks; nothing happens for 0.
  ///   - threads: The threads of each.
  ///   - arrays: The kernel's buffers.
  ///   - cell: A last buffer that is no array.
  ///   - numbers: Its numbers.
  func launch<Numbers: BitwiseCopyable>(
    _ kernel: CUDAKernel, _ dtype: DType?, blocks: Int, threads: Int = largestBlock,
    _ arrays: [NDArray], cell: UnsafeMutableRawPointer? = nil, _ numbers: Numbers
  ) {
    launch(
      function(kernel, dtype), blocks: blocks, threads: threads, arrays, cell: cell, numbers)
  }

  func launch<Numbers: BitwiseCopyable>(
    _ function: Function, blocks: Int, threads: Int, _ arrays: [NDArray],
    cell: UnsafeMutableRawPointer? = nil, _ numbers: Numbers
  ) {
    if blocks == 0 { return }
    let buffers = arrays.count + (cell == nil ? 0 : 1)
    let functions = functions
    withExtendedLifetime(arrays) {
      withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 2 * buffers + 1) {
        memory in
        // First the addresses, then where the arguments are found.
        let start = memory.baseAddress!
        for index in 0..<buffers {
          (start + index).initialize(to: index < arrays.count ? arrays[index].data : cell)
          (start + buffers + index).initialize(to: UnsafeMutableRawPointer(start + index))
        }
        withUnsafePointer(to: numbers) { numbers in
          (start + 2 * buffers).initialize(to: UnsafeMutableRawPointer(mutating: numbers))
          check(
            functions.cuLaunchKernel(
              function.handle, UInt32(blocks), 1, 1, UInt32(threads), 1, 1, 0, nil, start + buffers,
              nil), "cuLaunchKernel")
        }
      }
    }
  }

  /// A slot for each element type, and one for kernels that exist once.
  private static let typeSlots = DType.allCases.count + 1

  private func function(_ kernel: CUDAKernel, _ dtype: DType?) -> Function {
    let slot = kernel.rawValue * Self.typeSlots + (dtype.map { Int($0.rawValue) + 1 } ?? 0)
    if let known = state.withLock({ $0.functions[slot] }) { return known }
    let found = function(named: kernel.name(dtype))
    state.withLock { $0.functions[slot] = found }
    return found
  }

  /// A kernel by its whole name.
  func function(named name: String) -> Function {
    let functions = functions
    return state.withLock { state in
      if state.module == nil { state.module = loadModule(functions) }
      var handle: UnsafeMutableRawPointer?
      let status = functions.cuModuleGetFunction(&handle, state.module, name)
      guard status == 0, let handle else {
        fail("\(self.name): kernel \(name): \(library.errorName(status))")
      }
      return Function(handle: handle)
    }
  }

  /// Lets the driver compile the kernels, which takes about a second the first time and milliseconds from its cache.
  private func loadModule(_ functions: CUDADriver) -> UnsafeMutableRawPointer? {
    var module: UnsafeMutableRawPointer?
    var log = [CChar](repeating: 0, count: 4096)
    let length = log.count
    let status = log.withUnsafeMutableBytes { log in
      var options: [Int32] = [5, 6]  // CU_JIT_ERROR_LOG_BUFFER and its size
      var values = [log.baseAddress, UnsafeMutableRawPointer(bitPattern: length)]
      return functions.cuModuleLoadDataEx(&module, GPUKernelsPTX(), 2, &options, &values)
    }
    if status != 0 {
      let text = String(
        decoding: log.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      fail("\(name): cuModuleLoadDataEx failed: \(library.errorName(status)) \(text)")
    }
    return module
  }

  // MARK: Checks of indices

  /// Notes a check of indices that a kernel makes later.
  ///
  /// - Returns: Its number, and the cell in the host's memory where the kernel leaves it with a wrong index.
  func noteIndexCheck(_ range: IndexRange) -> (number: Int, cell: UnsafeMutableRawPointer) {
    let functions = functions
    let checked = IndexChecks.Check(range: range, running: FailureContext.running)
    let (number, address) = state.withLock { state in
      if state.checks.cell == nil {
        check(functions.cuMemAllocHost_v2(&state.checks.cell, 16), "cuMemAllocHost")
        state.checks.cell?.initializeMemory(as: Int.self, repeating: 0, count: 2)
      }
      return (state.checks.add(checked), UInt(bitPattern: state.checks.cell))
    }
    return (number, UnsafeMutableRawPointer(bitPattern: address)!)
  }

  /// After a wait: stops the program if a kernel found a wrong index.
  private func stopAtWrongIndex() {
    guard let message = state.withLock({ $0.checks.message }) else { return }
    fail("\(name): \(message)")
  }
}

/// The last checks of indices, which kernels make after the operation has returned.
private struct IndexChecks {
  struct Check {
    let range: IndexRange
    /// The modules that asked for it.
    let running: FailureContext.Running
  }

  /// Two numbers: the check that found a wrong index (0 for none) and that index.
  var cell: UnsafeMutableRawPointer?
  private var count = 0
  private var last: [Check] = []
  private static let capacity = 1024

  mutating func add(_ check: Check) -> Int {
    if last.count < Self.capacity {
      last.append(check)
    } else {
      last[count % Self.capacity] = check
    }
    count += 1
    return count
  }

  /// What was wrong, nil if nothing.
  var message: String? {
    guard let cell, cell.load(as: Int.self) != 0 else { return nil }
    let (number, index) = (cell.load(as: Int.self), cell.load(fromByteOffset: 8, as: Int.self))
    let check = last[(number - 1) % Self.capacity]
    let prefix = check.running.path.map { "\($0): " } ?? ""
    return prefix + check.range.message(index)
  }
}

extension UnsafeRawPointer {
  fileprivate var onDevice: UInt64 { UInt64(UInt(bitPattern: self)) }
}

extension UnsafeMutableRawPointer {
  fileprivate var onDevice: UInt64 { UInt64(UInt(bitPattern: self)) }
}
