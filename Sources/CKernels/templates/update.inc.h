// Steps of optimizers and running averages for one floating-point type (a template, see types.inc.h).

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
