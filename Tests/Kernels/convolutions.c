#include "driver.h"

static ptrdiff_t lanesOf(const CKKernels *kernels, CKType type) {
  return (ptrdiff_t)kernels->lanes[type == CKTypeFloat32 ? 0 : 1];
}

// Images [images, pixels] from `first` on as [pixels, lanes], and back.
static Cells interleave(Cells images, ptrdiff_t pixels, ptrdiff_t first, ptrdiff_t lanes) {
  const Cells result = uninitialized(images.type, (size_t)(pixels * lanes));
  for (ptrdiff_t i = 0; i < pixels * lanes; i++) {
    store(result, (size_t)i, valueAt(images, (size_t)((first + i % lanes) * pixels + i / lanes)));
  }
  return result;
}

static void deinterleave(Cells inLanes, ptrdiff_t pixels, ptrdiff_t first, ptrdiff_t lanes, Cells images) {
  for (ptrdiff_t i = 0; i < pixels * lanes; i++) {
    store(images, (size_t)((first + i % lanes) * pixels + i / lanes), valueAt(inLanes, (size_t)i));
  }
}

static CKInterleavedConvolution randomConvolution(void) {
  CKInterleavedConvolution s = {.channels = draw(1, 3), .kernelHeight = draw(1, 6), .kernelWidth = draw(1, 7),
                         .outputs = draw(1, 13), .outputHeight = draw(1, 3), .outputWidth = draw(1, 9),
                         .strideY = draw(1, 2), .strideX = draw(1, 3), .dilationY = draw(1, 2), .dilationX = draw(1, 2)};
  s.height = (s.outputHeight - 1) * s.strideY + (s.kernelHeight - 1) * s.dilationY + draw(1, 2);
  s.width = (s.outputWidth - 1) * s.strideX + (s.kernelWidth - 1) * s.dilationX + draw(1, 2);
  s.firstRow = draw(0, 2);
  s.firstColumn = draw(0, 2);
  s.endRow = s.height - draw(0, 3);
  s.endColumn = s.width - draw(0, 3);
  if (draw(0, 1)) {  // padding that is not in memory
    s.padY = draw(1, 4);
    s.padX = draw(1, 4);
    s.height = s.height - s.padY - draw(1, 3);
    s.width = s.width - s.padX - draw(1, 3);
    if (s.height < 1) { s.height = 1; }
    if (s.width < 1) { s.width = 1; }
    s.firstRow = s.firstColumn = 0;
    s.endRow = s.height;
    s.endColumn = s.width;
  }
  if (s.endRow < s.firstRow) { s.endRow = s.firstRow; }
  if (s.endColumn < s.firstColumn) { s.endColumn = s.firstColumn; }
  return s;
}

// As many images as the set has lanes; the reference takes its own number of them at a time.
static void testInterleaved(CKType type) {
  const double tolerance = type == CKTypeFloat32 ? 1e-4 : 1e-12;
  const ptrdiff_t images = lanesOf(set, type) > 2 ? lanesOf(set, type) : 2;
  for (int round = 0; round < 60; round++) {
    const CKInterleavedConvolution s = randomConvolution();
    const ptrdiff_t taps = s.channels * s.kernelHeight * s.kernelWidth, inputs = s.channels * s.height * s.width;
    const ptrdiff_t outputs = s.outputs * s.outputHeight * s.outputWidth;
    const Cells x = randomCells(type, (size_t)(images * inputs)), dy = randomCells(type, (size_t)(images * outputs));
    const Cells weight = randomCells(type, (size_t)(s.outputs * taps)), bias = randomCells(type, (size_t)s.outputs);
    for (ptrdiff_t i = 0; i < images * inputs; i++) {  // zero outside the given rows and columns
      const ptrdiff_t row = i / s.width % s.height, column = i % s.width;
      if (row < s.firstRow || row >= s.endRow || column < s.firstColumn || column >= s.endColumn) {
        store(x, (size_t)i, 0);
      }
    }
    Cells ys[2], dws[2], dbs[2];
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      const ptrdiff_t lanes = lanesOf(kernels, type);
      const size_t width = kernels->interleavedOutputs;
      const Cells panels = uninitialized(type, ((size_t)s.outputs + width - 1) / width * width * (size_t)taps);
      kernels->pack(type, width, (size_t)s.outputs, (size_t)taps, (CKSource){weight.data, 1, taps}, panels.data);
      ys[i] = uninitialized(type, (size_t)(images * outputs));
      dws[i] = uninitialized(type, weight.count);
      dbs[i] = uninitialized(type, bias.count);
      for (size_t j = 0; j < weight.count; j++) { store(dws[i], j, 0); }
      for (size_t j = 0; j < bias.count; j++) { store(dbs[i], j, 0); }
      for (ptrdiff_t first = 0; first < images; first += lanes) {
        const Cells in = interleave(x, inputs, first, lanes), cotangents = interleave(dy, outputs, first, lanes);
        const Cells y = uninitialized(type, cotangents.count), dw = uninitialized(type, weight.count);
        kernels->convolveInterleaved(type, &s, in.data, panels.data, round % 2 ? bias.data : NULL, y.data);
        checkMargin("convolveInterleaved", y);
        deinterleave(y, outputs, first, lanes, ys[i]);
        if (s.padY != 0) { continue; }
        kernels->interleavedWeightGradients(type, &s, in.data, cotangents.data, dw.data);
        checkMargin("interleavedWeightGradients", dw);
        for (size_t j = 0; j < dw.count; j++) { store(dws[i], j, valueAt(dws[i], j) + valueAt(dw, j)); }
        const Cells db = uninitialized(type, bias.count);
        kernels->interleavedBiasGradients(type, &s, cotangents.data, db.data);
        checkMargin("interleavedBiasGradients", db);
        for (size_t j = 0; j < db.count; j++) { store(dbs[i], j, valueAt(dbs[i], j) + valueAt(db, j)); }
      }
    }
    compareWithin("convolveInterleaved", (size_t)taps, ys[0], ys[1], 0, tolerance, NULL);
    compareWithin("interleavedWeightGradients", (size_t)taps, dws[0], dws[1], 0, tolerance, NULL);
    compareWithin("interleavedBiasGradients", (size_t)taps, dbs[0], dbs[1], 0, tolerance, NULL);
    freeAll();
  }
}

static CKWindow randomWindow(int isMaximum) {
  for (;;) {
    const int isUsual = (int)draw(0, 1), isTwo = (int)draw(0, 1);
    CKWindow w = {.height = draw(1, 20), .width = draw(1, 40), .kernelHeight = isUsual ? 2 : draw(1, 4),
                  .kernelWidth = isUsual ? 2 : draw(1, 4), .strideY = isTwo ? 2 : draw(1, 4),
                  .strideX = isTwo ? 2 : draw(1, 4), .dilationY = isMaximum ? draw(1, 2) : 1,
                  .dilationX = isMaximum ? draw(1, 2) : 1, .countIncludesPadding = draw(0, 1) == 1};
    w.padY = draw(0, w.kernelHeight / 2);
    w.padX = draw(0, w.kernelWidth / 2);
    const ptrdiff_t reachY = w.dilationY * (w.kernelHeight - 1), reachX = w.dilationX * (w.kernelWidth - 1);
    const ptrdiff_t spanY = w.height + 2 * w.padY - reachY - 1, spanX = w.width + 2 * w.padX - reachX - 1;
    // A dilated window in the padding could miss the image altogether.
    if (spanY < 0 || spanX < 0 || reachY >= w.height + w.padY || reachX >= w.width + w.padX
        || (w.padY > 0 && w.height < w.dilationY) || (w.padX > 0 && w.width < w.dilationX)) {
      continue;
    }
    w.outputHeight = spanY / w.strideY + 1;
    w.outputWidth = spanX / w.strideX + 1;
    return w;
  }
}

// 2 x 2 next to each other, which cover the image.
static CKWindow usualWindow(void) {
  const ptrdiff_t height = draw(1, 8), width = draw(1, 12);
  return (CKWindow){2 * height, 2 * width, 2, 2, height, width, 2, 2, 0, 0, 1, 1, true};
}

static void testPools(CKType type) {
  const double slack = type == CKTypeFloat32 ? 1e-5 : 1e-13;
  for (int round = 0; round < 120; round++) {
    const size_t planes = (size_t)draw(1, 4);
    const CKWindow average = randomWindow(0), maximum = randomWindow(1);
    const size_t inputs = planes * (size_t)(average.height * average.width);
    const size_t outputs = planes * (size_t)(average.outputHeight * average.outputWidth);
    const Cells x = randomCells(type, inputs), dy = randomCells(type, outputs);
    const size_t places = planes * (size_t)(maximum.height * maximum.width);
    const Cells image = round % 2 ? wildCells(type, places) : randomCells(type, places);
    Cells ys[2], dxs[2], indices[2];
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      ys[i] = uninitialized(type, outputs);
      dxs[i] = uninitialized(type, inputs);
      indices[i] = uninitialized(CKTypeInt32, planes * (size_t)(maximum.outputHeight * maximum.outputWidth));
      kernels->averagePool(type, &average, planes, x.data, ys[i].data);
      kernels->averagePoolGradient(type, &average, planes, dy.data, dxs[i].data);
      kernels->maxPoolIndices(type, &maximum, planes, image.data, indices[i].data);
    }
    compareWithin("averagePool", planes, ys[0], ys[1], 0, slack, NULL);
    compareWithin("averagePoolGradient", planes, dxs[0], dxs[1], 0, slack, NULL);
    compareExactly("maxPoolIndices", planes, indices[0], indices[1]);
    freeAll();
  }
}

static void testInterleavedPools(CKType type) {
  static const CKZip derivatives[] = {CKZipReluGradient, CKZipSigmoidGradient, CKZipTanhGradient};
  const double slack = type == CKTypeFloat32 ? 1e-5 : 1e-13;
  const ptrdiff_t lanes = lanesOf(set, type);
  for (int round = 0; round < 120; round++) {
    const int isMaximum = round % 2;
    const CKWindow w = round % 12 < 4 ? usualWindow() : randomWindow(isMaximum);
    const size_t planes = (size_t)draw(1, 3);
    const ptrdiff_t inputs = (ptrdiff_t)planes * w.height * w.width;
    const ptrdiff_t outputs = (ptrdiff_t)planes * w.outputHeight * w.outputWidth;
    const Cells x = randomCells(type, (size_t)(inputs * lanes)), dy = randomCells(type, (size_t)(outputs * lanes));
    const Cells y = uninitialized(type, dy.count), expected = uninitialized(type, dy.count);
    const size_t images = planes * (size_t)lanes, pixels = (size_t)(w.height * w.width),
                 pooled = (size_t)(w.outputHeight * w.outputWidth);
    const Cells indices = uninitialized(CKTypeInt32, dy.count);
    if (isMaximum) {
      reference->maxPoolIndices(type, &w, images, x.data, indices.data);
      reference->gatherPlanes(type, images, pixels, pooled, x.data, indices.data, false, expected.data);
      set->maxPoolInterleaved(type, &w, planes, interleave(x, inputs, 0, lanes).data, y.data);
    } else {
      reference->averagePool(type, &w, images, x.data, expected.data);
      set->averagePoolInterleaved(type, &w, planes, interleave(x, inputs, 0, lanes).data, y.data);
    }
    checkMargin("poolInterleaved", y);
    const Cells results = uninitialized(type, y.count);
    deinterleave(y, outputs, 0, lanes, results);
    compareWithin("poolInterleaved", (size_t)isMaximum, results, expected, 0, isMaximum ? 0 : slack, NULL);
    // And back through the activation, image by image.
    const CKZip derivative = derivatives[round / 2 % 3];
    const Cells dx = uninitialized(type, x.count), sums = uninitialized(type, planes), right = uninitialized(type, planes);
    const Cells found = uninitialized(type, x.count), product = uninitialized(type, x.count);
    if (isMaximum) {
      reference->scatterAddPlanes(type, images, pooled, pixels, dy.data, indices.data, false, product.data);
    } else {
      reference->averagePoolGradient(type, &w, images, dy.data, product.data);
    }
    reference->zip(derivative, type, x.count, 1, dense(product), dense(x), product.data);
    set->activationPoolInterleavedGradient(derivative, isMaximum, type, &w, planes, interleave(dy, outputs, 0, lanes).data,
                                     interleave(x, inputs, 0, lanes).data, dx.data, sums.data);
    deinterleave(dx, inputs, 0, lanes, found);
    double slacks[3], totals[3] = {0};
    for (size_t i = 0; i < x.count; i++) {
      totals[i % (size_t)inputs / (size_t)(w.height * w.width)] += valueAt(product, i);
    }
    for (size_t plane = 0; plane < planes; plane++) {
      slacks[plane] = type == CKTypeFloat32 ? 1e-3 : 1e-11;
      store(right, plane, totals[plane]);
    }
    // The derivative of a number of up to 4 makes 20 of an error of 1.
    compareWithin("activationPoolInterleavedGradient", (size_t)derivative, found, product, 0, 20 * slack, NULL);
    compareWithin("sums of activationPoolInterleavedGradient", (size_t)derivative, sums, right, 0, 0, slacks);
    freeAll();
  }
}

static void testGather(CKType type) {
  for (int round = 0; round < 80; round++) {
    const size_t planes = (size_t)draw(0, 4), xCount = randomSize() + 1, yCount = randomSize();
    const Cells x = randomCells(type, planes * xCount), dy = randomCells(type, planes * yCount);
    const bool areWide = round % 2;
    const Cells indices = uninitialized(areWide ? CKTypeInt64 : CKTypeInt32, planes * yCount);
    for (size_t i = 0; i < indices.count; i++) {
      const int32_t index = (int32_t)draw(0, (ptrdiff_t)xCount - 1);
      if (areWide) { ((int64_t *)indices.data)[i] = index; } else { ((int32_t *)indices.data)[i] = index; }
    }
    // Some rounds have a wide index out of range; what results hold is undefined then.
    const bool isWrong = areWide && indices.count > 0 && round % 8 == 1;
    if (isWrong) { ((int64_t *)indices.data)[indices.count - 1] = round % 16 == 1 ? -1 : (int64_t)xCount; }
    Cells ys[2], dxs[2], fits = uninitialized(CKTypeBool, 2), expected = uninitialized(CKTypeBool, 2);
    for (int i = 0; i < 2; i++) { ((uint8_t *)expected.data)[i] = !isWrong; }
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      ys[i] = uninitialized(type, dy.count);
      dxs[i] = uninitialized(type, x.count);
      ((uint8_t *)fits.data)[0] =
        kernels->gatherPlanes(type, planes, xCount, yCount, x.data, indices.data, areWide, ys[i].data);
      ((uint8_t *)fits.data)[1] =
        kernels->scatterAddPlanes(type, planes, yCount, xCount, dy.data, indices.data, areWide, dxs[i].data);
      compareExactly("what gatherPlanes finds", planes, fits, expected);
    }
    if (!isWrong) {
      compareExactly("gatherPlanes", planes, ys[0], ys[1]);
      compareWithin("scatterAddPlanes", planes, dxs[0], dxs[1], 0, type == CKTypeFloat32 ? 1e-4 : 1e-12, NULL);
    }
    freeAll();
  }
}

// Some rounds have an index out of range (what y holds is undefined then), some one to ignore.
static void testIndices(void) {
  for (int round = 0; round < 120; round++) {
    const int64_t bound = draw(1, 50), ignored = round % 2 ? -100 : draw(0, bound - 1);
    const bool ignores = round % 3 != 0, narrows = draw(0, 1) == 1;
    const Cells x = uninitialized(CKTypeInt64, randomSize() + 2);
    for (size_t i = 0; i < x.count; i++) { ((int64_t *)x.data)[i] = draw(0, bound - 1); }
    if (round % 4 == 0) { ((int64_t *)x.data)[draw(0, (ptrdiff_t)x.count - 1)] = round % 8 ? bound : INT64_MIN; }
    if (round % 5 == 0) { ((int64_t *)x.data)[draw(0, (ptrdiff_t)x.count - 1)] = ignored; }
    Cells ys[2], flags[2];
    for (int i = 0; i < 2; i++) {
      ys[i] = uninitialized(narrows ? CKTypeInt32 : CKTypeInt64, x.count);
      flags[i] = uninitialized(CKTypeUInt8, 1);
      *(uint8_t *)flags[i].data =
        (i ? reference : set)->checkIndices(x.count, x.data, bound, ignores, ignored, narrows, ys[i].data);
    }
    compareExactly("what checkIndices finds", (size_t)round, flags[0], flags[1]);
    if (!(*(uint8_t *)flags[1].data & 1)) { compareExactly("checkIndices", (size_t)round, ys[0], ys[1]); }
    freeAll();
  }
}

void testConvolutions(void) {
  testIndices();
  for (size_t i = 0; i < COUNT(floatTypes); i++) {
    testInterleaved(floatTypes[i]);
    testPools(floatTypes[i]);
    testInterleavedPools(floatTypes[i]);
    testGather(floatTypes[i]);
  }
}
