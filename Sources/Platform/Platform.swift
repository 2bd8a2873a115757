// The platform's C library: system calls and elementary functions of scalars.
//
// This is the only file that names it. The other targets write `internal import Platform`, so that
// none of its declarations become part of their interface.

#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Musl)
  @_exported import Musl
#elseif canImport(Darwin)
  @_exported import Darwin
#elseif canImport(Android)
  @_exported import Android
#elseif canImport(WASILibc)
  @_exported import WASILibc
#else
  #error("Platform.swift knows no C library of this platform.")
#endif

/// A number of the thread that calls this, which no other living thread has; never 0.
public func currentThread() -> UInt {
  #if canImport(Glibc)
    pthread_self()
  #else
    unsafeBitCast(pthread_self(), to: UInt.self)
  #endif
}
