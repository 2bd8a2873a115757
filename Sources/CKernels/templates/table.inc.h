// The entry points of one variant: they choose the body for the element type. CK_VARIANT names the table.

#ifdef CK_REFERENCE
#define CK_FLATTEN(...)
#else
// Makes one loop of two where all operands allow it (dense in both, or constant in both), or where one has length 1.
static void flatten(size_t *inner, size_t *outer, CKSource **sources, int count) {
  bool regular = true;
  for (int i = 0; i < count; i++) { regular &= sources[i]->outer == sources[i]->inner * (ptrdiff_t)*inner; }
  if (*inner == 1) {
    for (int i = 0; i < count; i++) { sources[i]->inner = sources[i]->outer; }
    regular = true;
  }
  if (regular) {
    *inner *= *outer;
    *outer = 1;
  }
}
#define CK_FLATTEN(...) \
  CKSource *sources[] = {__VA_ARGS__}; \
  flatten(&inner, &outer, sources, sizeof sources / sizeof *sources)
#endif

static void map(CKMap operation, CKType type, size_t inner, size_t outer, CKSource x, void *y) {
  CK_FLATTEN(&x);
  CK_DISPATCH(type, map, operation, inner, outer, x, y)
}

static void zip(CKZip operation, CKType type, size_t inner, size_t outer, CKSource a, CKSource b, void *y) {
  CK_FLATTEN(&a, &b);
  CK_DISPATCH(type, zip, operation, inner, outer, a, b, y)
}

static void compare(CKCompare operation, CKType type, size_t inner, size_t outer, CKSource a, CKSource b,
                    uint8_t *y) {
  CK_FLATTEN(&a, &b);
  CK_DISPATCH(type, compare, operation, inner, outer, a, b, y)
}

static void choose(CKType type, size_t inner, size_t outer, CKSource condition, CKSource a, CKSource b, void *y) {
  CK_FLATTEN(&condition, &a, &b);
  CK_DISPATCH(type, select, inner, outer, condition, a, b, y)
}

static void copy(CKType from, CKType to, size_t inner, size_t outer, CKSource x, void *y, ptrdiff_t yInner,
                 ptrdiff_t yOuter) {
#ifndef CK_REFERENCE
  if (yOuter == 1 && yInner != 1) {  // writes go along the memory
    const size_t count = inner;
    inner = outer;
    outer = count;
    x = (CKSource){x.data, x.outer, x.inner};
    yOuter = yInner;
    yInner = 1;
  }
  CKSource target = {y, yInner, yOuter};
  CK_FLATTEN(&x, &target);
  yInner = target.inner;
  yOuter = target.outer;
  if (from == to && x.outer == 1 && x.inner != 1 && yInner == 1 && inner > 1 && outer > 1) {
    switch (from) {
    case CKTypeFloat32:
    case CKTypeInt32: copyTransposedFloat32(inner, outer, x.data, x.inner, y, yOuter); return;
    case CKTypeFloat64:
    case CKTypeInt64: copyTransposedFloat64(inner, outer, x.data, x.inner, y, yOuter); return;
    default: break;
    }
  }
  if (from == to && x.inner == -1 && yInner == 1) {
    switch (from) {
    case CKTypeFloat32:
    case CKTypeInt32: copyReversedFloat32(inner, outer, x.data, x.outer, y, yOuter); return;
    case CKTypeFloat64:
    case CKTypeInt64: copyReversedFloat64(inner, outer, x.data, x.outer, y, yOuter); return;
    default: break;
    }
  }
#endif
  if (isHalf(from) || isHalf(to)) {
    copyHalves(from, to, inner, outer, x, y, yInner, yOuter);
    return;
  }
  CK_DISPATCH(from, copy, to, inner, outer, x, y, yInner, yOuter)
}

static void update(CKUpdate operation, CKType type, size_t count, CKUpdateFactors factors, const void *u,
                   const void *v, void *y) {
  CK_DISPATCH_FLOATS(type, update, operation, count, factors, u, v, y)
}

static void reduceRows(CKReduce operation, CKType type, size_t rows, size_t columns, const void *x, void *y) {
  CK_DISPATCH(type, reduceRows, operation, rows, columns, x, y)
}

static void reduceColumns(CKReduce operation, CKType type, size_t rows, size_t columns, const void *x, void *y) {
  CK_DISPATCH(type, reduceColumns, operation, rows, columns, x, y)
}

static void argmaxRows(CKType type, size_t rows, size_t columns, const void *x, int64_t *y) {
  CK_DISPATCH(type, argmaxRows, rows, columns, x, y)
}

// An entry point whose body is that of its name for float or double.
#define CK_FLOATS(name, parameters, ...) \
  static void name CK_AFTER_TYPE parameters { CK_DISPATCH_FLOATS(type, name, __VA_ARGS__) }
#define CK_AFTER_TYPE(...) (CKType type, __VA_ARGS__)

CK_FLOATS(huber, (size_t count, double width, double slope, bool isDerivative, const void *x, const void *target,
          void *y),
          count, width, slope, isDerivative, x, target, y)
CK_FLOATS(softmaxRows, (size_t rows, size_t columns, const void *x, void *y), rows, columns, x, y)
CK_FLOATS(logSoftmaxRows, (size_t rows, size_t columns, const void *x, void *y), rows, columns, x, y)
CK_FLOATS(logSumExpRows, (size_t rows, size_t columns, const void *x, void *y), rows, columns, x, y)
CK_FLOATS(rowMoments, (size_t rows, size_t columns, const void *x, double *moments), rows, columns, x, moments)
CK_FLOATS(rowProducts, (size_t rows, size_t columns, const void *dy, const void *x, const double *centers,
          double *sums),
          rows, columns, dy, x, centers, sums)
CK_FLOATS(combineRows, (size_t rows, size_t columns, const CKRowMap *maps, const void *u, const void *v,
          const void *weight, const void *bias, void *y),
          rows, columns, maps, u, v, weight, bias, y)
CK_FLOATS(pack, (size_t width, size_t count, size_t depth, CKSource source, void *panels),
          width, count, depth, source, panels)
CK_FLOATS(packPatches, (const CKPatches *patches, const void *image, size_t depthStart, size_t depthCount,
          size_t columnStart, size_t columnCount, void *panels),
          patches, image, depthStart, depthCount, columnStart, columnCount, panels)
CK_FLOATS(packPatchesTransposed, (const CKPatches *patches, const void *image, size_t depthStart, size_t depthCount,
          size_t columnStart, size_t columnCount, void *panels),
          patches, image, depthStart, depthCount, columnStart, columnCount, panels)
CK_FLOATS(sumPatches, (const CKPatches *patches, size_t firstRow, size_t rowCount, const void *products,
          ptrdiff_t tapStep, size_t firstOutputRow, size_t outputRows, void *image),
          patches, firstRow, rowCount, products, tapStep, firstOutputRow, outputRows, image)
CK_FLOATS(multiplyPanels, (size_t rows, size_t columns, size_t depth, const void *leftPanels, const void *rightPanels,
          void *c, ptrdiff_t cRow, bool accumulate),
          rows, columns, depth, leftPanels, rightPanels, c, cRow, accumulate)
CK_FLOATS(multiplyRows, (size_t rows, size_t columns, size_t depth, CKSource left, const void *rightPanels, void *c,
          ptrdiff_t cRow, bool accumulate),
          rows, columns, depth, left, rightPanels, c, cRow, accumulate)
CK_FLOATS(multiplyMatrices, (size_t rows, size_t columns, size_t depth, CKSource left, const void *right,
          ptrdiff_t rightRow, void *c, ptrdiff_t cRow, bool accumulate),
          rows, columns, depth, left, right, rightRow, c, cRow, accumulate)
CK_FLOATS(multiplyVector, (size_t columns, size_t depth, const void *x, CKSource b, void *y), columns, depth, x, b, y)
CK_FLOATS(convolveInterleaved, (const CKInterleavedConvolution *shape, const void *x, const void *panels,
          const void *bias, void *y),
          shape, x, panels, bias, y)
CK_FLOATS(interleavedWeightGradients, (const CKInterleavedConvolution *shape, const void *x, const void *dy, void *dw),
          shape, x, dy, dw)
CK_FLOATS(interleavedBiasGradients, (const CKInterleavedConvolution *shape, const void *dy, void *db), shape, dy, db)
CK_FLOATS(averagePoolInterleaved, (const CKWindow *window, size_t planes, const void *x, void *y), window, planes, x, y)

CK_FLOATS(maxPoolInterleaved, (const CKWindow *window, size_t planes, const void *x, void *y), window, planes, x, y)

static void activationPoolInterleavedGradient(CKZip derivative, bool isMaximum, CKType type, const CKWindow *window,
                                              size_t planes, const void *dy, const void *x, void *dx, void *sums) {
  CK_DISPATCH_FLOATS(type, activationPoolInterleavedGradient, derivative, isMaximum, window, planes, dy, x, dx, sums)
}

CK_FLOATS(averagePool, (const CKWindow *window, size_t planes, const void *x, void *y), window, planes, x, y)
CK_FLOATS(averagePoolGradient, (const CKWindow *window, size_t planes, const void *dy, void *dx),
          window, planes, dy, dx)
CK_FLOATS(maxPoolIndices, (const CKWindow *window, size_t planes, const void *x, int32_t *indices),
          window, planes, x, indices)

#define CK_BY_INDEX(name) \
  static bool name(CKType type, size_t planes, size_t xCount, size_t yCount, const void *x, const void *indices, \
                   bool areWide, void *y) { \
    return type == CKTypeFloat32 ? name##Float32(planes, xCount, yCount, x, indices, areWide, y) \
                                 : name##Float64(planes, xCount, yCount, x, indices, areWide, y); \
  }
CK_BY_INDEX(gatherPlanes)
CK_BY_INDEX(scatterAddPlanes)

static void recurrentStep(CKRecurrent kind, CKType type, size_t rows, size_t hidden, const CKRecurrentStep *step) {
  CK_DISPATCH_FLOATS(type, recurrentStep, kind, rows, hidden, step)
}

static void recurrentStepGradient(CKRecurrent kind, CKType type, size_t rows, size_t hidden,
                                  const CKRecurrentStepGradient *step) {
  CK_DISPATCH_FLOATS(type, recurrentStepGradient, kind, rows, hidden, step)
}

const CKKernels CK_VARIANT = {
  .name = CK_NAME,
  .map = map,
  .zip = zip,
  .compare = compare,
  .select = choose,
  .copy = copy,
  .update = update,
  .huber = huber,
  .reduceRows = reduceRows,
  .reduceColumns = reduceColumns,
  .argmaxRows = argmaxRows,
  .softmaxRows = softmaxRows,
  .logSoftmaxRows = logSoftmaxRows,
  .logSumExpRows = logSumExpRows,
  .rowMoments = rowMoments,
  .rowProducts = rowProducts,
  .combineRows = combineRows,
  .panelRows = {CK_PANEL_ROWS(float), CK_PANEL_ROWS(double)},
  .panelColumns = {CK_PANEL_COLUMNS(float), CK_PANEL_COLUMNS(double)},
  .pack = pack,
  .packPatches = packPatches,
  .packPatchesTransposed = packPatchesTransposed,
  .sumPatches = sumPatches,
  .multiplyPanels = multiplyPanels,
  .multiplyRows = multiplyRows,
  .multiplyMatrices = multiplyMatrices,
  .multiplyVector = multiplyVector,
  .lanes = {CK_LANE_COUNT(float), CK_LANE_COUNT(double)},
  .interleavedOutputs = CK_LANE_OUTPUTS,
  .convolveInterleaved = convolveInterleaved,
  .interleavedWeightGradients = interleavedWeightGradients,
  .interleavedBiasGradients = interleavedBiasGradients,
  .averagePoolInterleaved = averagePoolInterleaved,
  .maxPoolInterleaved = maxPoolInterleaved,
  .activationPoolInterleavedGradient = activationPoolInterleavedGradient,
  .recurrentStep = recurrentStep,
  .recurrentStepGradient = recurrentStepGradient,
  .averagePool = averagePool,
  .averagePoolGradient = averagePoolGradient,
  .maxPoolIndices = maxPoolIndices,
  .gatherPlanes = gatherPlanes,
  .scatterAddPlanes = scatterAddPlanes,
  .checkIndices = checkIndices,
  .randomWords = randomWords,
  .normalPairs = normalPairs,
};
