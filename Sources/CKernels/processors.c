// The C library declares these functions only when asked to, before its first header.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#endif

#include "CKernels.h"

size_t CKAllowedProcessors(void) {
#if defined(__linux__)
  cpu_set_t sets[64];  // 65,536 processors; the kernel refuses a set that is too small
  memset(sets, 0, sizeof sets);
  return sched_getaffinity(0, sizeof sets, sets) == 0 ? (size_t)CPU_COUNT_S(sizeof sets, sets) : 0;
#else
  return 0;
#endif
}
