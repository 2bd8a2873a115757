// The simulated driver under the names of NVIDIA's functions, for programs that load libcuda.so.1: see `simulate`.
#include "CUDADriver.h"
#include "GPUSimulation.h"

#define CUDA_EXPORT(name, parameters) \
  static void *name##Simulated(void) { return GPUSimulationFunction(#name); } \
  __attribute__((ifunc(#name "Simulated"))) int name parameters;

CUDA_FUNCTIONS(CUDA_EXPORT)
