// The language of the GPU kernels: C, with the words below for what a GPU has besides. One text becomes PTX (as CUDA C,
// by clang without any SDK, see Scripts/make-ptx) and host code (for the simulated driver in Tests/GPUSimulation, which
// defines the words itself). With `__global` in BUFFER it is OpenCL C 3.0, as clang 19 accepts it; so its keywords
// (kernel, half, global) are no names here, numbers come in one struct by value, and buffers are arguments of their own.
//
// Fused multiply-adds are written out (CK_FMA) and everything else is rounded once, so that results have the same bits
// on every device. Arrays that shall stay in registers need UNROLL around every loop over them.

#if defined(__CUDA__)
// The inline functions of CKernels carry no attribute; here they are for the device too.
#pragma clang force_cuda_host_device begin

// KERNEL(name, type of the struct of numbers, buffers...) { ... }: the struct is called n.
#define KERNEL(name, numbers, ...) KERNEL_NAMED(name, numbers, __VA_ARGS__)
#define KERNEL_NAMED(name, numbers, ...) \
  extern "C" __attribute__((global, launch_bounds(GPUBlock))) void name(__VA_ARGS__, const numbers n)
// An argument that points to the device's memory.
#define BUFFER(type) type *
// An array that the threads of a block share; its contents are undefined at first.
#define SHARED(type, name, count) __attribute__((shared)) type name[count]
// A pointer to such an array.
#define LOCAL(type) type *
// Waits for the other threads of the block; every one of them must get here.
#define BARRIER() __syncthreads()
#define THREAD() __nvvm_read_ptx_sreg_tid_x()
#define THREADS() __nvvm_read_ptx_sreg_ntid_x()
#define BLOCK() __nvvm_read_ptx_sreg_ctaid_x()
#elif !defined(KERNEL)
#error "Define KERNEL, BUFFER, SHARED, LOCAL, BARRIER, THREAD, THREADS and BLOCK first."
#endif

#define CK_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define UNROLL _Pragma("clang loop unroll(full)")

#include "../include/GPUKernels.h"
#include "../../CKernels/templates/common.h"
#include "../../CKernels/templates/math.inc.h"
#include "../../CKernels/templates/halves.inc.h"

// The element that a thread of an element-wise kernel works on.
CK_INLINE uint32_t element(void) { return BLOCK() * THREADS() + THREAD(); }

// Declares the element i, and at[0 ..< operands], where each operand has it; the threads past the last one return.
#define ELEMENT(operands) \
  const uint32_t i = element(); \
  if (i >= n.count) { return; } \
  int32_t at[operands]; \
  uint32_t rest = i; \
  UNROLL for (int o = 0; o < operands; o++) { at[o] = 0; } \
  for (uint32_t axis = n.rank - 1; axis > 0; axis--) { \
    const uint32_t next = rest / n.sizes[axis], index = rest - next * n.sizes[axis]; \
    UNROLL for (int o = 0; o < operands; o++) { at[o] += (int32_t)index * n.strides[o * GPUAxes + axis]; } \
    rest = next; \
  } \
  UNROLL for (int o = 0; o < operands; o++) { at[o] += (int32_t)rest * n.strides[o * GPUAxes]; }

// The values of a block's threads, a power of two of them, combined in a fixed order; every thread gets the result.
#define DEFINE_COMBINE(name, type, combine) \
  CK_INLINE type name(LOCAL(type) cells, type value) { \
    const uint32_t t = THREAD(); \
    cells[t] = value; \
    BARRIER(); \
    for (uint32_t count = THREADS(), next; count > 1; count = next) { \
      next = count >= 4 ? count / 4 : 1; \
      if (t < next) { \
        cells[t] = count >= 4 ? combine(combine(cells[t], cells[t + 2 * next]), \
                                        combine(cells[t + next], cells[t + 3 * next])) \
                              : combine(cells[t], cells[t + next]); \
      } \
      BARRIER(); \
    } \
    const type result = cells[0]; \
    BARRIER(); \
    return result; \
  }

#define PLUS(u, v) ((u) + (v))
DEFINE_COMBINE(sumOfDoubles, double, PLUS)
DEFINE_COMBINE(sumOfIntegers, uint64_t, PLUS)
