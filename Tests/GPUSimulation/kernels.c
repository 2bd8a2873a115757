// The kernels as host code.
#include "simulation.h"

#pragma clang diagnostic ignored "-Wunused-function"
#include "../../Sources/GPUKernels/texts/kernels.inc.h"

// Two wrong kernels, which tests must find.

// Reverses x [256] by way of shared memory, but does not wait.
KERNEL(testMissingBarrier, GPUReduction, BUFFER(const float) x, BUFFER(float) y) {
  SHARED(float, cells, GPUBlock);
  cells[THREAD()] = x[THREAD()];
  y[THREAD()] = cells[n.reduced - 1 - THREAD()];
}

// Writes one element too many.
KERNEL(testOverrun, GPUReduction, BUFFER(float) y) {
  for (uint32_t i = THREAD(); i <= n.reduced; i += THREADS()) { y[i] = 0; }
}
