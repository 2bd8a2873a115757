#include "../templates/common.h"

const CKKernels *const *CKAvailableKernels(void) {
#if defined(__x86_64__)
  static const CKKernels *const all[] = {&CKKernelsAVX512, &CKKernelsAVX2, &CKKernelsBaseline, &CKKernelsReference,
                                         NULL};
  // A list that lacks the first or the first two is the end of the full one. The processor's features are looked up
  // in a table that the program fills in when it starts.
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
    && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return all + (avx512 ? 0 : avx2 ? 1 : 2);
#else
  static const CKKernels *const all[] = {&CKKernelsBaseline, &CKKernelsReference, NULL};
  return all;
#endif
}
