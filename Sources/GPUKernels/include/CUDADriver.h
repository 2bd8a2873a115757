// The functions of NVIDIA's driver (libcuda.so.1) that are used, as found by name: no SDK's header is needed.
#ifndef CUDADRIVER_H
#define CUDADRIVER_H

#include <stddef.h>
#include <stdint.h>

#define CUDA_FUNCTIONS(X) \
  X(cuInit, (unsigned flags)) \
  X(cuDriverGetVersion, (int *_Nonnull version)) \
  X(cuDeviceGetCount, (int *_Nonnull count)) \
  X(cuDeviceGet, (int *_Nonnull device, int ordinal)) \
  X(cuDeviceGetName, (char *_Nonnull name, int length, int device)) \
  X(cuDeviceGetAttribute, (int *_Nonnull value, int attribute, int device)) \
  X(cuDevicePrimaryCtxRetain, (void *_Nullable *_Nonnull context, int device)) \
  X(cuCtxSetCurrent, (void *_Nullable context)) \
  X(cuCtxSynchronize, (void)) \
  X(cuModuleLoadDataEx, (void *_Nullable *_Nonnull module, const void *_Nonnull text, unsigned count, \
                         int *_Nullable options, void *_Nullable *_Nullable values)) \
  X(cuModuleGetFunction, (void *_Nullable *_Nonnull function, void *_Nullable module, const char *_Nonnull name)) \
  X(cuLaunchKernel, (void *_Nullable function, unsigned blocks, unsigned blocksY, unsigned blocksZ, unsigned threads, \
                     unsigned threadsY, unsigned threadsZ, unsigned sharedBytes, void *_Nullable stream, \
                     void *_Nullable *_Nullable parameters, void *_Nullable *_Nullable extra)) \
  X(cuMemAlloc_v2, (uint64_t *_Nonnull address, size_t bytes)) \
  X(cuMemFree_v2, (uint64_t address)) \
  X(cuMemAllocHost_v2, (void *_Nullable *_Nonnull address, size_t bytes)) \
  X(cuMemcpyHtoD_v2, (uint64_t target, const void *_Nonnull source, size_t bytes)) \
  X(cuMemcpyDtoH_v2, (void *_Nonnull target, uint64_t source, size_t bytes)) \
  X(cuMemsetD8Async, (uint64_t target, unsigned char value, size_t bytes, void *_Nullable stream)) \
  X(cuGetErrorName, (int status, const char *_Nullable *_Nonnull name))

#define CUDA_FIELD(name, parameters) int (*_Nonnull name) parameters;

/// The functions, each of which returns a status: 0 for success.
typedef struct CUDADriver {
  CUDA_FUNCTIONS(CUDA_FIELD)
} CUDADriver;

/// Their names in the same order, and NULL.
const char *_Nullable const *_Nonnull CUDADriverNames(void);

#endif
