#include "GPUKernels.h"

#include "CUDADriver.h"

const char *GPUKernelsPTX(void) {
  static const char text[] =
#include "kernels.ptx.inc.h"
    ;
  return text;
}

#define CUDA_NAME(name, parameters) #name,

const char *const *CUDADriverNames(void) {
  static const char *const names[] = {CUDA_FUNCTIONS(CUDA_NAME) NULL};
  return names;
}
