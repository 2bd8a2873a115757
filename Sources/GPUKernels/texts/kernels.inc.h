// All kernels. A family is a file; those that include themselves by CK_TEMPLATE exist once for each element type (see
// CKernels/templates/types.inc.h, from whose folder the paths start), and their names end in it: mapFloat32.
#include "dialect.h"
#include "special.inc.h"

#define CK_TEMPLATE "../../GPUKernels/texts/elementwise.inc.h"
#include "../../CKernels/templates/types.inc.h"

#define CK_TEMPLATE "../../GPUKernels/texts/reduce.inc.h"
#include "../../CKernels/templates/types.inc.h"

#define CK_FLOATS_ONLY
#define CK_TEMPLATE "../../GPUKernels/texts/matmul.inc.h"
#include "../../CKernels/templates/types.inc.h"

#define CK_FLOATS_ONLY
#define CK_TEMPLATE "../../GPUKernels/texts/indices.inc.h"
#include "../../CKernels/templates/types.inc.h"

#define CK_FLOATS_ONLY
#define CK_TEMPLATE "../../GPUKernels/texts/convolution.inc.h"
#include "../../CKernels/templates/types.inc.h"

#include "rows.inc.h"
#include "checks.inc.h"
