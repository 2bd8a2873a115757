// Float32 functions at the arguments that the CPU gives to the C library: those whose value the short code of
// math.inc.h does not reach. They are rare, so each element takes its own branch.

// The sine of x + turns quarter turns for any x.
CK_INLINE float anySine(float x, int64_t turns) {
  if (CK_HAS_PLAIN_SINE(x)) { return sineFloat32(x, turns); }
  if (!(fabsf(x) < INFINITY)) { return NAN; }
  // Payne and Hanek: |x| = m * 2^e with a mantissa of 32 bits times the bits of 2 / pi that count, as fixed-point
  // numbers with two digits in front of the point (modulo four quarter turns).
  const uint32_t digits[8] = {0,           0x28be60dbu, 0x9391054au, 0x7f09d5f4u,
                              0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau};
  const uint32_t bits = floatToBits(x) & 0x7fffffffu, e = (bits >> 23) - 126u;
  const uint32_t m = (bits << 8) | 0x80000000u, word = e >> 5, shift = e & 31u;
  uint32_t part[4];
  UNROLL for (uint32_t i = 0; i < 4; i++) {
    part[i] = word == 0 ? digits[i] : word == 1 ? digits[i + 1] : word == 2 ? digits[i + 2]
              : word == 3 ? digits[i + 3] : i < 3 ? digits[i + 4] : 0;
  }
  if (shift > 0) {
    UNROLL for (int i = 0; i < 3; i++) { part[i] = part[i] << shift | part[i + 1] >> (32u - shift); }
  }
  uint64_t p = (uint64_t)m * part[2];
  p = (uint64_t)m * part[1] + (p >> 32);
  p += (uint64_t)(m * part[0]) << 32;
  int64_t n = (int64_t)(p >> 62);
  p &= 0x3fffffffffffffffu;
  if (p & 0x2000000000000000u) {
    p -= 0x4000000000000000u;
    n++;
  }
  const double angle = (double)(int64_t)p * 0x1.921fb54442d18p-62, r = x < 0 ? -angle : angle, z = r * r;
  n = (x < 0 ? -n : n) + turns;
  const double odd = r * (1 + z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880)))));
  const double even = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 - z * (1.0 / 3628800)))));
  const double y = n & 1 ? even : odd;
  return (float)(n & 2 ? -y : y);
}

CK_INLINE float anyPower(float a, float b) {
  if (CK_HAS_PLAIN_POWER(a, b)) { return powerFloat32(a, b); }
  const float size = fabsf(a);
  if (b == 0 || a == 1) { return 1; }
  if (a != a || b != b) { return NAN; }
  if (fabsf(b) == INFINITY) { return size == 1 ? 1 : (size < 1) == (b < 0) ? INFINITY : 0; }
  const int isOdd = 2 * __builtin_elementwise_trunc(0.5f * b) != b && __builtin_elementwise_trunc(b) == b;
  if (size == 0 || size == INFINITY) {
    const float y = (size == 0) == (b < 0) ? INFINITY : 0;
    return isOdd ? bitsToFloat(floatToBits(y) | (floatToBits(a) & 0x80000000u)) : y;
  }
  if (size >= 1.17549435e-38f) { return powerFloat32(a, b); }
  // A denormal number, made normal: the power is below or above everything unless b is small.
  if (fabsf(b) >= 1.25f || a < 0) {
    if (a < 0 && __builtin_elementwise_trunc(b) != b) { return NAN; }
    if (b == 1) { return a; }
    const float y = b < 0 ? INFINITY : 0;
    return a < 0 && isOdd ? -y : y;
  }
  const float root = powerFloat32(size * 16777216.0f, b);
  return root * powerFloat32(2, -24 * b);
}

// The remainder of the division rounded toward zero; it is exact.
CK_INLINE float anyRemainder(float u, float v) {
  if (CK_HAS_SHORT_QUOTIENT(u, v)) { return shortRemainder(u, v); }
  if (!(fabsf(u) < INFINITY) || v != v || v == 0) { return NAN; }
  if (fabsf(v) == INFINITY) { return u; }
  const double divisor = fabsf(v);
  double rest = fabsf(u);
  while (rest >= divisor) {
    // A multiple of the divisor whose quotient has at most 26 bits, so that the product with it is exact.
    double scaled = divisor;
    while (scaled * 67108864.0 < rest) { scaled *= 33554432.0; }
    rest -= __builtin_elementwise_trunc(rest / scaled) * scaled;
    if (rest < 0) { rest += scaled; }
  }
  return u < 0 ? -(float)rest : (float)rest;
}
