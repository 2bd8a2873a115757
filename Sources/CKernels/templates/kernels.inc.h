// One variant of all kernels. The including file sets CK_VARIANT (the table's name), CK_NAME, CK_VECTOR_BYTES and
// CK_FMA(a, b, c).

#include "tuning.h"
#include "math.inc.h"
#include "halves.inc.h"
#include "random.inc.h"
#include "indices.inc.h"

#define CK_TEMPLATE "elementwise.inc.h"
#include "types.inc.h"
#define CK_TEMPLATE "update.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "reduce.inc.h"
#include "types.inc.h"
#define CK_TEMPLATE "norm.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "gemm.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "pack.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "im2col.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "col2im.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "interleaved.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "recurrent.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"
#define CK_TEMPLATE "pool.inc.h"
#define CK_FLOATS_ONLY
#include "types.inc.h"

#define CK_PANEL_ROWS(T) CK_TILE_ROWS
#define CK_PANEL_COLUMNS(T) (CK_TILE_VECTORS * CK_VECTOR_BYTES / sizeof(T))
#define CK_LANE_COUNT(T) (CK_VECTOR_BYTES / sizeof(T))
#include "table.inc.h"
