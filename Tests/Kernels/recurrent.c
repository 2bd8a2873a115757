#include "driver.h"

// Three units in the last place of each activation, which are at most 1, and twice that where they are multiplied.
static double slackOf(CKType type) { return type == CKTypeFloat32 ? 3e-6 : 1e-14; }

static void testSteps(CKType type, CKRecurrent kind) {
  const size_t gates = kind == CKRecurrentLSTM ? 4 : kind == CKRecurrentGRU ? 3 : 1;
  const size_t saved = kind == CKRecurrentLSTM ? 5 : kind == CKRecurrentGRU ? 4 : 0;
  const size_t rows = (size_t)draw(1, 4), hidden = randomSize() + 1, count = rows * hidden;
  const Cells inputs = randomCells(type, gates * count), products = randomCells(type, gates * count),
              bias = randomCells(type, gates * hidden), previous = randomCells(type, count),
              dy = randomCells(type, count), product = randomCells(type, count), direct = randomCells(type, count),
              dcell = randomCells(type, count);
  Cells results[2][3], gradients[2][4];
  for (int i = 0; i < 2; i++) {
    const CKKernels *kernels = i ? reference : set;
    const Cells activations = uninitialized(type, saved * count), cell = copied(previous),
                state = uninitialized(type, count);
    const CKRecurrentStep step = {inputs.data, products.data, bias.data, cell.data, activations.data, cell.data, state.data};
    kernels->recurrentStep(kind, type, rows, hidden, &step);
    results[i][0] = activations;
    results[i][1] = cell;
    results[i][2] = state;
    // Back from the reference's activations: those of the set were compared.
    const Cells dinputs = uninitialized(type, gates * count),
                dproducts = kind == CKRecurrentGRU ? uninitialized(type, gates * count) : copied(dinputs);
    const Cells d = copied(direct), dc = copied(dcell);
    CKRecurrentStepGradient back = {dy.data, product.data, state.data, activations.data, previous.data,
                                    d.data, dinputs.data, dc.data, dproducts.data};
    kernels->recurrentStepGradient(kind, type, rows, hidden, &back);
    gradients[i][0] = dinputs;
    gradients[i][1] = kind == CKRecurrentGRU ? dproducts : dinputs;
    gradients[i][2] = d;
    gradients[i][3] = dc;
  }
  for (int j = 0; j < 3; j++) {
    compareWithin("recurrentStep", (size_t)kind, results[0][j], results[1][j], 0, 4 * slackOf(type), NULL);
  }
  for (int j = 0; j < 4; j++) {
    if (j != 1 || kind == CKRecurrentGRU) {
      compareWithin("recurrentStepGradient", (size_t)kind, gradients[0][j], gradients[1][j], 0, 200 * slackOf(type), NULL);
    }
  }
  freeAll();
}

void testRecurrent(void) {
  for (size_t i = 0; i < COUNT(floatTypes); i++) {
    for (int kind = 0; kind <= CKRecurrentGRU; kind++) {
      for (int round = 0; round < 12; round++) { testSteps(floatTypes[i], (CKRecurrent)kind); }
    }
  }
}
