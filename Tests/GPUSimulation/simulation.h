// The words of the kernels' dialect (Sources/GPUKernels/texts/dialect.h) as host code.
#ifndef SIMULATION_H
#define SIMULATION_H

#include <stddef.h>
#include <stdint.h>

#include "GPUSimulation.h"

typedef struct Kernel {
  const char *name;
  void (*run)(void *const *arguments);  // as one thread; pointers without the bit that marks the device's addresses
  int buffers;
  size_t numbers;  // bytes
  struct Kernel *next;
} Kernel;

/// The thread that runs.
typedef struct Position {
  uint32_t thread, threads, block;
} Position;

extern __thread Position position;

void addKernel(Kernel *kernel);

/// Runs a block's threads, each until the next barrier, in order or backwards.
void runBlock(const Kernel *kernel, void *const *arguments, int isBackwards);

/// Waits for the other threads of the block.
void waitAtBarrier(void);

#define BUFFER(type) type *
#define LOCAL(type) type *
#define SHARED(type, name, count) static __thread type name[count]
#define BARRIER() waitAtBarrier()
#define THREAD() position.thread
#define THREADS() position.threads
#define BLOCK() position.block

// Every kernel enters itself into the list.
#define KERNEL(name, numbers, ...) KERNEL_NAMED(name, numbers, COUNT(__VA_ARGS__), __VA_ARGS__)
#define KERNEL_NAMED(name, numbers, count, ...) KERNEL_COUNTED(name, numbers, count, __VA_ARGS__)
#define KERNEL_COUNTED(name, numbers, count, ...) \
  static void name(__VA_ARGS__, const numbers n); \
  static void name##Run(void *const *a) { name(ARGUMENTS_##count, *(const numbers *)a[count]); } \
  __attribute__((constructor)) static void name##Add(void) { \
    static Kernel kernel = {#name, name##Run, count, sizeof(numbers), NULL}; \
    addKernel(&kernel); \
  } \
  static void name(__VA_ARGS__, const numbers n)
#define COUNT(...) COUNT_(__VA_ARGS__, 4, 3, 2, 1, 0)
#define COUNT_(a, b, c, d, count, ...) count
#define ARGUMENTS_1 a[0]
#define ARGUMENTS_2 a[0], a[1]
#define ARGUMENTS_3 a[0], a[1], a[2]
#define ARGUMENTS_4 a[0], a[1], a[2], a[3]

#endif
