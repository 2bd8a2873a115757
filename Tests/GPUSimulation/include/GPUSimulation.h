// A driver for NVIDIA GPUs in the memory of the host, which runs the kernels' text compiled as host code.
//
// Addresses have bit 62 set, so that the processor cannot read them; memory is filled with NaN when it is allocated,
// between bytes that show an overrun; the threads of a block are fibers.
#ifndef GPUSIMULATION_H
#define GPUSIMULATION_H

#include <stdint.h>

/// The lowest bits of a device's ordinal say how it runs; each of the 64 devices has memory of its own.
enum {
  GPUSimulationDeferred = 1,   // launches and uploads wait for the next call that must
  GPUSimulationBackwards = 2,  // a block's threads, and the blocks, run from the last one to the first
};

/// The simulated function of a name in the driver's library; NULL if there is none.
void *_Nullable GPUSimulationFunction(const char *_Nonnull name);

/// How many allocations of a device were found to be overrun when they were freed.
int GPUSimulationOverruns(int ordinal);

/// How many kernels a device has been given.
int GPUSimulationLaunches(int ordinal);

#endif
