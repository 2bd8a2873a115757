// Steps of optimizers and running averages, and Huber's loss, for one floating-point type (a template, see types.inc.h).

#define CK_UPDATE(operation, expression) \
  case operation: \
    CK_SIMD for (size_t i = 0; i < count; i++) { y[i] = keep * y[i] + scale * (expression); } \
    break;

static void NAME(update)(CKUpdate operation, size_t count, CKUpdateFactors factors, const T *u, const T *v, T *y) {
  const T keep = (T)factors.keep, scale = (T)factors.scale;
  const T root = (T)factors.root, epsilon = (T)factors.epsilon;
  switch (operation) {
  CK_UPDATE(CKUpdateAdd, u[i])
  CK_UPDATE(CKUpdateAddProduct, u[i] * v[i])
  CK_UPDATE(CKUpdateAddQuotient, u[i] / (root * __builtin_elementwise_sqrt(v[i]) + epsilon))
  }
}

#undef CK_UPDATE

#define CK_HUBER(quotient, result) \
  CK_SIMD for (size_t i = 0; i < count; i++) { \
    const T error = x[i] - target[i], larger = CK_LARGER(quotient, -limit); \
    const T derivative = CK_SMALLER(larger, limit); \
    y[i] = (result); \
  }
#define CK_HUBER_BY_WIDTH(result) \
  if (width == 1) { CK_HUBER(error, result) } else { CK_HUBER(error / unit, result) }

static void NAME(huber)(size_t count, double width, double slope, bool isDerivative, const T *x, const T *target, T *y) {
  const T limit = (T)slope, unit = (T)width, half = (T)(0.5 * width);
  if (isDerivative) {
    CK_HUBER_BY_WIDTH(derivative)
  } else {
    CK_HUBER_BY_WIDTH(derivative * (error - derivative * half))
  }
}

#undef CK_HUBER
#undef CK_HUBER_BY_WIDTH
