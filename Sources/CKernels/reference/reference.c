// Plain loops that say what the other variants must compute. Float32 is computed in double precision and rounded.
#include "../templates/common.h"

#define CK_REFERENCE
#define CK_VARIANT CKKernelsReference
#define CK_NAME "reference"

// Widths of the panels: odd ones, so that callers cannot rely on anything.
#define CK_PANEL_ROWS(T) 3
#define CK_PANEL_COLUMNS(T) 5
#define CK_LANE_COUNT(T) 2
#define CK_LANE_OUTPUTS 3

#include "../templates/halves.inc.h"

static void randomWords(uint64_t seed, uint64_t stream, uint64_t first, size_t count, uint32_t *words) {
  CKPhilox(seed, stream, first, count, words);
}

static void normalPairs(size_t count, const uint32_t *words, double mean, double deviation, float *y) {
  CKNormalPairs(count, words, mean, deviation, y);
}

static uint8_t checkIndices(size_t count, const int64_t *x, int64_t bound, bool ignores, int64_t ignored, bool narrows,
                            void *y) {
  uint8_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const bool isIgnored = ignores && x[i] == ignored;
    if (isIgnored) { found |= 2; } else if (x[i] < 0 || x[i] >= bound) { found |= 1; }
    const int64_t index = isIgnored ? 0 : x[i];
    if (narrows) { ((int32_t *)y)[i] = (int32_t)index; } else { ((int64_t *)y)[i] = index; }
  }
  return found;
}

#define CK_TEMPLATE "../reference/reference.inc.h"
#include "../templates/types.inc.h"
#define CK_TEMPLATE "../reference/reference-interleaved.inc.h"
#define CK_FLOATS_ONLY
#include "../templates/types.inc.h"
#define CK_TEMPLATE "../reference/reference-recurrent.inc.h"
#define CK_FLOATS_ONLY
#include "../templates/types.inc.h"
#define CK_TEMPLATE "../reference/reference-floats.inc.h"
#define CK_FLOATS_ONLY
#include "../templates/types.inc.h"

#include "../templates/table.inc.h"
