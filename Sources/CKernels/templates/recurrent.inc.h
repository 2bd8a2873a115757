// Steps of recurrent networks for one floating-point type (a template, see types.inc.h). Each number is computed by the
// operations, and in the order, of the layers' element-wise operations, so that it is the same bit for bit.

#define CK_GATE(part, function) \
  CK_SIMD_CHAINS for (size_t i = (part) * hidden; i < ((part) + 1) * hidden; i++) { \
    activations[i] = NAME(function)(inputs[i] + (products[i] + bias[i])); \
  }

static void NAME(lstmRow)(size_t hidden, const T *inputs, const T *products, const T *bias, const T *previous,
                          T *activations, T *cell, T *state) {
  CK_GATE(0, sigmoid)
  CK_GATE(1, sigmoid)
  CK_GATE(2, hyperbolicTangent)
  CK_GATE(3, sigmoid)
  const T *input = activations, *forget = input + hidden, *candidate = forget + hidden, *output = candidate + hidden;
  T *tangent = activations + 4 * hidden;
  CK_SIMD_CHAINS for (size_t i = 0; i < hidden; i++) {
    const T c = forget[i] * previous[i] + input[i] * candidate[i], t = NAME(hyperbolicTangent)(c);
    cell[i] = c;
    tangent[i] = t;
    state[i] = output[i] * t;
  }
}

static void NAME(gruRow)(size_t hidden, const T *inputs, const T *products, const T *bias, const T *previous,
                         T *activations, T *state) {
  CK_GATE(0, sigmoid)
  CK_GATE(1, sigmoid)
  const T *reset = activations, *update = reset + hidden;
  T *candidate = activations + 2 * hidden, *product = candidate + hidden;
  CK_SIMD_CHAINS for (size_t i = 0; i < hidden; i++) {
    const T p = products[2 * hidden + i] + bias[2 * hidden + i];
    const T n = NAME(hyperbolicTangent)(inputs[2 * hidden + i] + reset[i] * p);
    product[i] = p;
    candidate[i] = n;
    state[i] = n + update[i] * (previous[i] - n);
  }
}

#undef CK_GATE

static void NAME(recurrentStep)(CKRecurrent kind, size_t rows, size_t hidden, const CKRecurrentStep *step) {
  const T *inputs = step->inputs, *products = step->products, *bias = step->bias, *previous = step->previous;
  T *activations = step->activations, *cell = step->cell, *state = step->state;
  for (size_t row = 0; row < rows; row++, state += hidden) {
    switch (kind) {
    case CKRecurrentTanh:
      CK_SIMD_CHAINS for (size_t i = 0; i < hidden; i++) {
        state[i] = NAME(hyperbolicTangent)(inputs[i] + (products[i] + bias[i]));
      }
      break;
    case CKRecurrentRelu:
      CK_SIMD for (size_t i = 0; i < hidden; i++) {
        const T v = inputs[i] + (products[i] + bias[i]);
        state[i] = v <= 0 ? 0 : v;
      }
      break;
    case CKRecurrentLSTM:
      NAME(lstmRow)(hidden, inputs, products, bias, previous, activations, cell, state);
      activations += 5 * hidden;
      cell += hidden;
      break;
    case CKRecurrentGRU:
      NAME(gruRow)(hidden, inputs, products, bias, previous, activations, state);
      activations += 4 * hidden;
      break;
    }
    const size_t gates = kind == CKRecurrentLSTM ? 4 : kind == CKRecurrentGRU ? 3 : 1;
    inputs += gates * hidden;
    products += gates * hidden;
    if (gates > 1) { previous += hidden; }
  }
}

#define CK_SIGMOID_GRADIENT(u, v) ((u) * (v) * (1 - (v)))
#define CK_TANH_GRADIENT(u, v) ((u) * (1 - (v) * (v)))

static void NAME(lstmRowGradient)(size_t hidden, const T *dy, const T *product, const T *activations, const T *previous,
                                  T *direct, T *dcell, T *dinputs) {
  const T *input = activations, *forget = input + hidden, *candidate = forget + hidden, *output = candidate + hidden,
          *tangent = output + hidden;
  CK_SIMD for (size_t i = 0; i < hidden; i++) {
    const T dh = dy[i] + direct[i] + product[i], t = tangent[i], o = output[i], f = forget[i], in = input[i],
            g = candidate[i], u = dh * o, dc = dcell[i] + CK_TANH_GRADIENT(u, t);
    const T dIn = dc * g, dForget = dc * previous[i], dCandidate = dc * in, dOutput = dh * t;
    dinputs[i] = CK_SIGMOID_GRADIENT(dIn, in);
    dinputs[hidden + i] = CK_SIGMOID_GRADIENT(dForget, f);
    dinputs[2 * hidden + i] = CK_TANH_GRADIENT(dCandidate, g);
    dinputs[3 * hidden + i] = CK_SIGMOID_GRADIENT(dOutput, o);
    dcell[i] = dc * f;
    direct[i] = (T)-0.0;
  }
}

static void NAME(gruRowGradient)(size_t hidden, const T *dy, const T *product, const T *activations, const T *previous,
                                 T *direct, T *dinputs, T *dproducts) {
  const T *reset = activations, *update = reset + hidden, *candidate = update + hidden, *inner = candidate + hidden;
  CK_SIMD for (size_t i = 0; i < hidden; i++) {
    const T dh = dy[i] + direct[i] + product[i], r = reset[i], z = update[i], n = candidate[i], d = dh * z;
    const T u = dh - d, da = CK_TANH_GRADIENT(u, n), dReset = da * inner[i], dUpdate = dh * (previous[i] - n);
    dinputs[i] = dproducts[i] = CK_SIGMOID_GRADIENT(dReset, r);
    dinputs[hidden + i] = dproducts[hidden + i] = CK_SIGMOID_GRADIENT(dUpdate, z);
    dinputs[2 * hidden + i] = da;
    dproducts[2 * hidden + i] = da * r;
    direct[i] = d;
  }
}

static void NAME(recurrentStepGradient)(CKRecurrent kind, size_t rows, size_t hidden,
                                        const CKRecurrentStepGradient *step) {
  const T *dy = step->dy, *product = step->product, *activations = step->activations, *previous = step->previous,
          *state = step->state;
  T *direct = step->direct, *dcell = step->dcell, *dinputs = step->dinputs, *dproducts = step->dproducts;
  for (size_t row = 0; row < rows; row++, dy += hidden, product += hidden, direct += hidden) {
    switch (kind) {
    case CKRecurrentTanh:
      CK_SIMD for (size_t i = 0; i < hidden; i++) {
        const T dh = dy[i] + direct[i] + product[i];
        dinputs[i] = CK_TANH_GRADIENT(dh, state[i]);
        direct[i] = (T)-0.0;
      }
      break;
    case CKRecurrentRelu:
      CK_SIMD for (size_t i = 0; i < hidden; i++) {
        const T dh = dy[i] + direct[i] + product[i];
        dinputs[i] = state[i] <= 0 ? 0 : dh;
        direct[i] = (T)-0.0;
      }
      break;
    case CKRecurrentLSTM:
      NAME(lstmRowGradient)(hidden, dy, product, activations, previous, direct, dcell, dinputs);
      activations += 5 * hidden;
      dcell += hidden;
      break;
    case CKRecurrentGRU:
      NAME(gruRowGradient)(hidden, dy, product, activations, previous, direct, dinputs, dproducts);
      activations += 4 * hidden;
      dproducts += 3 * hidden;
      break;
    }
    const size_t gates = kind == CKRecurrentLSTM ? 4 : kind == CKRecurrentGRU ? 3 : 1;
    dinputs += gates * hidden;
    if (gates > 1) { previous += hidden; } else { state += hidden; }
  }
}

#undef CK_SIGMOID_GRADIENT
#undef CK_TANH_GRADIENT
