// Indices checked and copied in one pass. v is in 0 ..< bound if neither v nor bound - 1 - v is negative: the signs of
// all of them are collected with `or`, which needs no branch and no comparison of 64-bit integers.

#define CK_CHECK_INDICES(T) \
  for (size_t i = 0; i < count; i++) { \
    const int64_t v = ignores && x[i] == ignored ? 0 : x[i]; \
    isIgnored |= ignores & (x[i] == ignored); \
    signs |= v | (int64_t)((uint64_t)bound - 1 - (uint64_t)v); \
    ((T *)y)[i] = (T)v; \
  }

static uint8_t checkIndices(size_t count, const int64_t *x, int64_t bound, bool ignores, int64_t ignored, bool narrows,
                            void *y) {
  int64_t signs = 0;
  uint8_t isIgnored = 0;
  if (narrows) {
    CK_CHECK_INDICES(int32_t)
  } else {
    CK_CHECK_INDICES(int64_t)
  }
  return (uint8_t)((signs < 0) | isIgnored << 1);
}

#undef CK_CHECK_INDICES
