#include "driver.h"

static size_t index(CKType type) { return type == CKTypeFloat32 ? 0 : 1; }

static size_t panelSize(size_t count, size_t width, size_t depth) { return (count + width - 1) / width * width * depth; }

// The panels' elements (i, k) at i * depth + k, those that fill up the last panel included.
static Cells unpacked(Cells panels, size_t count, size_t width, size_t depth) {
  const size_t whole = panelSize(count, width, 1);
  const Cells result = uninitialized(panels.type, whole * depth);
  for (size_t i = 0; i < whole; i++) {
    for (size_t k = 0; k < depth; k++) {
      store(result, i * depth + k, valueAt(panels, i / width * width * depth + k * width + i % width));
    }
  }
  return result;
}

static void testPack(CKType type) {
  for (int round = 0; round < 90; round++) {
    const size_t widths[] = {set->panelRows[index(type)], set->panelColumns[index(type)], set->interleavedOutputs};
    const size_t width = widths[round % 3], count = (randomSize() + 1) * (round % 4 == 0 ? 5 : 1), depth = randomSize();
    const CKSource source = randomSource(type, depth, count, 0);
    const size_t size = panelSize(count, width, depth);
    const Cells found = uninitialized(type, size), expected = uninitialized(type, size);
    set->pack(type, width, count, depth, source, found.data);
    reference->pack(type, width, count, depth, source, expected.data);
    compareExactly("pack", width, found, expected);
    freeAll();
  }
}

static CKPatches randomPatches(int round) {
  for (;;) {
    CKPatches p = {.channels = draw(1, 3), .height = draw(1, 12), .width = draw(1, 14), .kernelHeight = draw(1, 5),
                   .kernelWidth = draw(1, 5), .strideY = draw(1, 3), .strideX = draw(1, 3), .padY = draw(-2, 4),
                   .padX = draw(-2, 4), .dilationY = draw(1, 3), .dilationX = draw(1, 3),};
    if (round % 40 == 39) { p.width = 4000; }  // rows that fit in no buffer on the stack
    p.imageStep = p.channels * p.height * p.width + draw(0, 9);
    const ptrdiff_t spanY = p.height - 1 + 2 * p.padY - p.dilationY * (p.kernelHeight - 1);
    const ptrdiff_t spanX = p.width - 1 + 2 * p.padX - p.dilationX * (p.kernelWidth - 1);
    p.outputHeight = spanY / p.strideY + 1 + draw(0, 2);
    p.outputWidth = spanX / p.strideX + 1 + draw(0, 2);
    if (spanY >= 0 && spanX >= 0) { return p; }
  }
}

static void testPatches(CKType type) {
  for (int round = 0; round < 160; round++) {
    const CKPatches patches = randomPatches(round);
    const ptrdiff_t images = round % 2 == 0 ? 1 : draw(2, 9);
    const Cells image = randomCells(type, (size_t)(patches.imageStep * images));
    const ptrdiff_t taps = patches.channels * patches.kernelHeight * patches.kernelWidth;
    const ptrdiff_t pixels = patches.outputHeight * patches.outputWidth * images;
    for (int isTransposed = 0; isTransposed < 2; isTransposed++) {
      const ptrdiff_t depths = isTransposed ? pixels : taps, columns = isTransposed ? taps : pixels;
      const ptrdiff_t depthStart = round % 3 == 0 ? draw(0, depths - 1) : 0;
      const size_t depth = (size_t)draw(1, depths - depthStart > 320 ? 320 : depths - depthStart);
      // Callers start at multiples of a panel.
      const ptrdiff_t width = (ptrdiff_t)set->panelColumns[index(type)];
      const ptrdiff_t start = draw(0, (columns - 1) / width) * width;
      const size_t count = (size_t)draw(1, columns - start > 512 ? 512 : columns - start);
      Cells elements[2];
      for (int i = 0; i < 2; i++) {
        const CKKernels *kernels = i ? reference : set;
        const size_t own = kernels->panelColumns[index(type)];
        const Cells panels = uninitialized(type, panelSize(count, own, depth));
        (isTransposed ? kernels->packPatchesTransposed : kernels->packPatches)(
          type, &patches, image.data, (size_t)depthStart, depth, (size_t)start, count, panels.data);
        checkMargin("packPatches", panels);
        elements[i] = unpacked(panels, count, own, depth);
        for (size_t j = count * depth; j < elements[i].count; j++) {
          if (valueAt(elements[i], j) != 0) { ((uint8_t *)elements[i].data)[0] ^= 1; }  // makes the comparison fail
        }
        elements[i].count = count * depth;
        elements[i] = copied(elements[i]);
      }
      compareExactly(isTransposed ? "packPatchesTransposed" : "packPatches", count, elements[0], elements[1]);
    }
    freeAll();
  }
}

// Of all output rows or some; what lies around the products is NaN.
static void testSumPatches(CKType type) {
  const size_t slack = 64 / typeSize(type);
  for (int round = 0; round < 160; round++) {
    const CKPatches p = randomPatches(round);
    const size_t taps = (size_t)(p.channels * p.kernelHeight * p.kernelWidth), gap = (size_t)round % 3;
    const size_t firstRow = (size_t)draw(0, p.height - 1), rows = (size_t)draw(0, p.height - (ptrdiff_t)firstRow);
    const size_t firstOutput = round % 2 ? (size_t)p.outputHeight / 2 : 0;
    const size_t outputs = (size_t)p.outputHeight - firstOutput, tapStep = outputs * (size_t)p.outputWidth + gap;
    const Cells products = randomCells(type, taps * tapStep + 2 * slack);
    for (size_t i = 0; i < products.count; i++) {
      const size_t at = i - slack;
      if (i < slack || at >= taps * tapStep || at % tapStep >= tapStep - gap) { store(products, i, NAN); }
    }
    const Cells image = randomCells(type, (size_t)(p.channels * p.height * p.width));
    Cells results[2];
    for (int i = 0; i < 2; i++) {
      results[i] = copied(image);
      (i ? reference : set)->sumPatches(type, &p, firstRow, rows, (const char *)products.data + slack * typeSize(type),
                                        (ptrdiff_t)tapStep, firstOutput, outputs, results[i].data);
    }
    compareWithin("sumPatches", taps, results[0], results[1], 0, type == CKTypeFloat32 ? 1e-4 : 1e-13, NULL);
    freeAll();
  }
}

static void testMatrices(CKType type) {
  for (int round = 0; round < 80; round++) {
    const size_t rows = randomSize() + 1, depth = round % 10 == 0 ? 320 : randomSize(), gap = (size_t)round % 3;
    // Whole panels too, for the product of unpacked matrices.
    const size_t columns = round % 2 ? set->panelColumns[index(type)] * (size_t)draw(1, 4) : 3 * randomSize() + 1;
    const Cells a = randomCells(type, rows * depth), b = randomCells(type, depth * (columns + gap));
    const CKSource left = {a.data, round % 4 < 2 ? 1 : (ptrdiff_t)rows, round % 4 < 2 ? (ptrdiff_t)depth : 1};
    const CKSource right = {b.data, (ptrdiff_t)(columns + gap), 1};
    const Cells start = randomCells(type, rows * (columns + gap));
    const double slack = (type == CKTypeFloat32 ? 0x1p-21 : 0x1p-50) * 16 * (double)(depth + 1);
    const bool accumulates = round / 2 % 2;
    Cells results[2][3], vectors[2][2];
    for (int i = 0; i < 2; i++) {
      const CKKernels *kernels = i ? reference : set;
      const size_t height = kernels->panelRows[index(type)], width = kernels->panelColumns[index(type)];
      const Cells leftPanels = uninitialized(type, panelSize(rows, height, depth));
      const Cells rightPanels = uninitialized(type, panelSize(columns, width, depth));
      kernels->pack(type, height, rows, depth, left, leftPanels.data);
      kernels->pack(type, width, columns, depth, right, rightPanels.data);
      const ptrdiff_t step = (ptrdiff_t)(columns + gap);
      for (int j = 0; j < 3; j++) { results[i][j] = copied(start); }
      kernels->multiplyPanels(type, rows, columns, depth, leftPanels.data, rightPanels.data, results[i][0].data, step,
                              accumulates);
      kernels->multiplyRows(type, rows, columns, depth, left, rightPanels.data, results[i][1].data, step, accumulates);
      if (round % 2) {
        kernels->multiplyMatrices(type, rows, columns, depth, left, b.data, step, results[i][2].data, step,
                                  accumulates);
      }
      // Columns with neighbors a row apart, and contiguous columns.
      const CKSource contiguous = {b.data, 1, (ptrdiff_t)depth};
      for (int j = 0; j < 2; j++) {
        vectors[i][j] = uninitialized(type, columns);
        kernels->multiplyVector(type, columns, depth, a.data, j ? contiguous : right, vectors[i][j].data);
      }
    }
    static const char *names[] = {"multiplyPanels", "multiplyRows", "multiplyMatrices"};
    for (int j = 0; j < 3; j++) { compareWithin(names[j], depth, results[0][j], results[1][j], 0, slack, NULL); }
    for (int j = 0; j < 2; j++) { compareWithin("multiplyVector", depth, vectors[0][j], vectors[1][j], 0, slack, NULL); }
    freeAll();
  }
}

void testProducts(void) {
  for (size_t i = 0; i < COUNT(floatTypes); i++) {
    testPack(floatTypes[i]);
    testPatches(floatTypes[i]);
    testSumPatches(floatTypes[i]);
    testMatrices(floatTypes[i]);
  }
}
