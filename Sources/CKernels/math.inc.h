// Branch-free float32 functions in a form that the vectoriser handles, at most 2 ulp over the whole range (denormals
// and infinities included); float64 takes the C library's. CK_FMA is the variant's fused or plain a * b + c.

CK_INLINE float bitsToFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

CK_INLINE uint32_t floatToBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

CK_INLINE float powerOfTwo(int32_t n) { return bitsToFloat((uint32_t)(n + 127) << 23); }

CK_INLINE float exponentialFloat32(float x) {
  // Beyond these bounds the result is infinite or zero anyway; comparisons in this form let NaN pass.
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  // Adding 1.5 * 2^23 rounds to an integer, found in the low bits of the sum.
  const float magic = 12582912.0f, scaled = CK_FMA(x, 1.44269504088896341f, magic);
  const int32_t n = (int32_t)(floatToBits(scaled) - floatToBits(magic));
  const float k = scaled - magic;
  // ln 2 in two parts, the first short enough for an exact product with k.
  float r = CK_FMA(k, -0.693359375f, x);
  r = CK_FMA(k, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = CK_FMA(p, r, 1.3981999507e-3f);
  p = CK_FMA(p, r, 8.3334519073e-3f);
  p = CK_FMA(p, r, 4.1665795894e-2f);
  p = CK_FMA(p, r, 1.6666665459e-1f);
  p = CK_FMA(p, r, 5.0000001201e-1f);
  p = CK_FMA(p, r * r, r) + 1.0f;
  // Two factors, since 2^n alone may be out of range; only the second product can round.
  const int32_t half = (int32_t)((uint32_t)n << 1) >> 2;
  return p * powerOfTwo(half) * powerOfTwo((int32_t)((uint32_t)n - (uint32_t)half));
}

CK_INLINE float logarithmFloat32(float x) {
  const int denormal = x < 1.17549435e-38f;
  const float scaled = denormal ? x * 8388608.0f : x;
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)): the offset moves the binade's border there.
  const uint32_t bits = floatToBits(scaled) - 0x3f3504f3u;
  const float e = (float)((int32_t)bits >> 23) - (denormal ? 23.0f : 0.0f);
  const float f = bitsToFloat((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f, z = f * f;
  float p = 7.0376836292e-2f;
  p = CK_FMA(p, f, -1.1514610310e-1f);
  p = CK_FMA(p, f, 1.1676998740e-1f);
  p = CK_FMA(p, f, -1.2420140846e-1f);
  p = CK_FMA(p, f, 1.4249322787e-1f);
  p = CK_FMA(p, f, -1.6668057665e-1f);
  p = CK_FMA(p, f, 2.0000714765e-1f);
  p = CK_FMA(p, f, -2.4999993993e-1f);
  p = CK_FMA(p, f, 3.3333331174e-1f);
  float y = CK_FMA(p * f, z, e * -2.12194440e-4f);
  y = CK_FMA(z, -0.5f, y);
  y = CK_FMA(e, 0.693359375f, f + y);
  y = x < INFINITY ? y : x;  // infinity and NaN
  y = x == 0.0f ? -INFINITY : y;
  return x < 0.0f ? NAN : y;
}

CK_INLINE float hyperbolicTangentFloat32(float x) {
  const float a = fabsf(x), z = x * x;
  float p = -5.70498872745e-3f;  // near zero the quotient below would cancel
  p = CK_FMA(p, z, 2.06390887954e-2f);
  p = CK_FMA(p, z, -5.37397155531e-2f);
  p = CK_FMA(p, z, 1.33314422036e-1f);
  p = CK_FMA(p, z, -3.33332819422e-1f);
  const float small = CK_FMA(p * z, x, x);
  const float large = 1.0f - 2.0f / (exponentialFloat32(2.0f * a) + 1.0f);
  return bitsToFloat(floatToBits(a < 0.625f ? small : large) | (floatToBits(x) & 0x80000000u));  // keeps -0
}

CK_INLINE float sigmoidFloat32(float x) {
  // exp(-|x|) cannot overflow, so that very negative x keep their (denormal) results. The quotient enters only in
  // n - n * w, which is e / (1 + e) or 1 / (1 + e) again: its rounding errors count less there.
  const float e = exponentialFloat32(x < 0.0f ? x : -x), w = e / (1.0f + e), n = x < 0.0f ? e : 1.0f;
  return CK_FMA(-n, w, n);
}

CK_INLINE float powerFloat32(float a, float b) { return powf(a, b); }

CK_INLINE double exponentialFloat64(double x) { return exp(x); }
CK_INLINE double logarithmFloat64(double x) { return log(x); }
CK_INLINE double hyperbolicTangentFloat64(double x) { return tanh(x); }
CK_INLINE double powerFloat64(double a, double b) { return pow(a, b); }

CK_INLINE double sigmoidFloat64(double x) {
  const double e = exp(-fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
