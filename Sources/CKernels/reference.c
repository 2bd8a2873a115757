// Plain loops that say what the other variants must compute. Float32 is computed in double precision and rounded.
#include "common.h"

#define CK_REFERENCE
#define CK_VARIANT CKKernelsReference
#define CK_NAME "reference"

// Widths of the panels: odd ones, so that callers cannot rely on anything.
#define CK_PANEL_ROWS(T) 3
#define CK_PANEL_COLUMNS(T) 5
#define CK_LANE_COUNT(T) 2
#define CK_LANE_OUTPUTS 3

#include "halves.inc.h"

static void randomWords(uint64_t seed, uint64_t stream, uint64_t first, size_t count, uint32_t *words) {
  CKPhilox(seed, stream, first, count, words);
}

static void normalPairs(size_t count, const uint32_t *words, double mean, double deviation, float *y) {
  CKNormalPairs(count, words, mean, deviation, y);
}

#define CK_TEMPLATE "reference.inc.h"
#include "types.inc.h"
#define CK_TEMPLATE "reference-lanes.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "reference-floats.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"

#include "table.inc.h"
