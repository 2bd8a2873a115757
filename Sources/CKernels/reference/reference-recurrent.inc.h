// Reference steps of recurrent networks (a template, see types.inc.h): one element at a time, by the reference's
// element-wise operations.

static void NAME(recurrentStep)(CKRecurrent kind, size_t rows, size_t hidden, const CKRecurrentStep *step) {
  const size_t gates = kind == CKRecurrentLSTM ? 4 : kind == CKRecurrentGRU ? 3 : 1;
  for (size_t at = 0; at < rows * hidden; at++) {
    const size_t row = at / hidden, i = at % hidden;
    const T *x = (const T *)step->inputs + row * gates * hidden + i;
    T sums[4], products[4];
    for (size_t gate = 0; gate < gates; gate++) {
      products[gate] = ((const T *)step->products)[(row * gates + gate) * hidden + i]
        + ((const T *)step->bias)[gate * hidden + i];
      sums[gate] = x[gate * hidden] + products[gate];
    }
    T *state = (T *)step->state + at;
    if (kind == CKRecurrentTanh) { *state = NAME(mapped)(CKMapTanh, sums[0]); }
    if (kind == CKRecurrentRelu) { *state = NAME(mapped)(CKMapRelu, sums[0]); }
    if (kind == CKRecurrentLSTM) {
      T *a = (T *)step->activations + row * 5 * hidden + i;
      for (size_t gate = 0; gate < 4; gate++) {
        a[gate * hidden] = NAME(mapped)(gate == 2 ? CKMapTanh : CKMapSigmoid, sums[gate]);
      }
      const T cell = a[hidden] * ((const T *)step->previous)[at] + a[0] * a[2 * hidden];
      ((T *)step->cell)[at] = cell;
      a[4 * hidden] = NAME(mapped)(CKMapTanh, cell);
      *state = a[3 * hidden] * a[4 * hidden];
    }
    if (kind == CKRecurrentGRU) {
      T *a = (T *)step->activations + row * 4 * hidden + i;
      a[0] = NAME(mapped)(CKMapSigmoid, sums[0]);
      a[hidden] = NAME(mapped)(CKMapSigmoid, sums[1]);
      a[2 * hidden] = NAME(mapped)(CKMapTanh, x[2 * hidden] + a[0] * products[2]);
      a[3 * hidden] = products[2];
      *state = a[2 * hidden] + a[hidden] * (((const T *)step->previous)[at] - a[2 * hidden]);
    }
  }
}

static void NAME(recurrentStepGradient)(CKRecurrent kind, size_t rows, size_t hidden,
                                        const CKRecurrentStepGradient *step) {
  for (size_t at = 0; at < rows * hidden; at++) {
    const size_t row = at / hidden, i = at % hidden;
    T *direct = (T *)step->direct + at;
    const T dh = ((const T *)step->dy)[at] + *direct + ((const T *)step->product)[at];
    const T state = ((const T *)step->state)[at];
    *direct = (T)-0.0;
    if (kind == CKRecurrentTanh) { ((T *)step->dinputs)[at] = NAME(zipped)(CKZipTanhGradient, dh, state); }
    if (kind == CKRecurrentRelu) { ((T *)step->dinputs)[at] = NAME(zipped)(CKZipReluGradient, dh, state); }
    if (kind == CKRecurrentLSTM) {
      const T *a = (const T *)step->activations + row * 5 * hidden + i;
      T *dcell = (T *)step->dcell + at, *d = (T *)step->dinputs + row * 4 * hidden + i;
      const T dc = *dcell + NAME(zipped)(CKZipTanhGradient, dh * a[3 * hidden], a[4 * hidden]);
      d[0] = NAME(zipped)(CKZipSigmoidGradient, dc * a[2 * hidden], a[0]);
      d[hidden] = NAME(zipped)(CKZipSigmoidGradient, dc * ((const T *)step->previous)[at], a[hidden]);
      d[2 * hidden] = NAME(zipped)(CKZipTanhGradient, dc * a[0], a[2 * hidden]);
      d[3 * hidden] = NAME(zipped)(CKZipSigmoidGradient, dh * a[4 * hidden], a[3 * hidden]);
      *dcell = dc * a[hidden];
    }
    if (kind == CKRecurrentGRU) {
      const T *a = (const T *)step->activations + row * 4 * hidden + i;
      T *d = (T *)step->dinputs + row * 3 * hidden + i, *dp = (T *)step->dproducts + row * 3 * hidden + i;
      const T n = a[2 * hidden], da = NAME(zipped)(CKZipTanhGradient, dh - dh * a[hidden], n);
      d[0] = dp[0] = NAME(zipped)(CKZipSigmoidGradient, da * a[3 * hidden], a[0]);
      d[hidden] = dp[hidden] =
        NAME(zipped)(CKZipSigmoidGradient, dh * (((const T *)step->previous)[at] - n), a[hidden]);
      d[2 * hidden] = da;
      dp[2 * hidden] = da * a[0];
      *direct = dh * a[hidden];
    }
  }
}
