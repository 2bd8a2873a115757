// Branch-free float32 functions in a form that the vectorizer handles, at most 2 ulp over the whole range (denormals
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
  const int32_t lower = (int32_t)((uint32_t)n << 1) >> 2;
  return p * powerOfTwo(lower) * powerOfTwo((int32_t)((uint32_t)n - (uint32_t)lower));
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

CK_INLINE float logarithmOf1PlusFloat32(float x) {
  // What the sum loses of x is known exactly, and enters by the logarithm's derivative.
  const float u = 1.0f + x, lost = x - (u - 1.0f), y = logarithmFloat32(u) + lost / u;
  return x == -1.0f ? -INFINITY : x < INFINITY && x != 0.0f ? y : x;  // infinity, NaN and the sign of zero
}

CK_INLINE float hyperbolicTangentFloat32(float x) {
  const float a = fabsf(x), z = x * x;
  float p = -5.70498872745e-3f;  // near zero the quotient below would cancel
  p = CK_FMA(p, z, 2.06390887954e-2f);
  p = CK_FMA(p, z, -5.37397155531e-2f);
  p = CK_FMA(p, z, 1.33314422036e-1f);
  p = CK_FMA(p, z, -3.33332819422e-1f);
  const float small = CK_FMA(p * z, a, a);
  const float large = 1.0f - 2.0f / (exponentialFloat32(2.0f * a) + 1.0f);
  return bitsToFloat(floatToBits(a < 0.625f ? small : large) | (floatToBits(x) & 0x80000000u));
}

CK_INLINE float sigmoidFloat32(float x) {
  // exp(-|x|) cannot overflow, so that very negative x keep their (denormal) results. The quotient enters only in
  // n - n * w, which is e / (1 + e) or 1 / (1 + e) again: its rounding errors count less there.
  const float e = exponentialFloat32(x < 0.0f ? x : -x), w = e / (1.0f + e), n = x < 0.0f ? e : 1.0f;
  return CK_FMA(-n, w, n);
}

// The error function's series near zero, of a = |x|, as far as 0.92.
CK_INLINE float smallErrorFunctionFloat32(float a) {
  const float z = a * a;
  float p = -5.975918e-4f;
  p = CK_FMA(p, z, 4.990686e-3f);
  p = CK_FMA(p, z, -2.6765281e-2f);
  p = CK_FMA(p, z, 1.1281792e-1f);
  p = CK_FMA(p, z, -3.7612492e-1f);
  p = CK_FMA(p, z, 1.2837915e-1f);
  return CK_FMA(p, a, a);
}

// One minus the error function of a >= 0.92: the exponential of a polynomial, fitted as far as 6.
CK_INLINE float largeComplementFloat32(float a) {
  a = a > 12.0f ? 12.0f : a;  // the result is zero there; the comparison lets NaN pass
  float q = -1.1164174e-6f;
  q = CK_FMA(q, a, 3.5758803e-5f);
  q = CK_FMA(q, a, -5.1192427e-4f);
  q = CK_FMA(q, a, 4.380407e-3f);
  q = CK_FMA(q, a, -2.541856e-2f);
  q = CK_FMA(q, a, 1.08471476e-1f);
  q = CK_FMA(q, a, 6.333604e-1f);
  q = CK_FMA(q, a, 1.294348e-1f);
  q = CK_FMA(q, a, -1.4571512e-4f);
  return exponentialFloat32(-(a + q));
}

CK_INLINE float errorFunctionFloat32(float x) {
  const float a = fabsf(x);
  const float y = a < 0.92f ? smallErrorFunctionFloat32(a) : 1.0f - largeComplementFloat32(a);
  return bitsToFloat((floatToBits(y) & 0x7fffffffu) | (floatToBits(x) & 0x80000000u));
}

// The probability that a standard normal variable is below x. Below zero it is half the exponential of -a * p(a),
// a = |x|, so that no digits cancel. p is fitted as far as 8.5, least of all where the probability is small, and is
// taken in even and odd powers: two short chains of operations instead of a long one.
CK_INLINE float normalDistributionFloat32(float x) {
  float a = fabsf(x);
  a = a > 17.0f ? 17.0f : a;  // the exponential is zero there; the comparison lets NaN pass
  const float z = a * a;
  float odd = 8.1881807e-11f;
  odd = CK_FMA(odd, z, 1.00290232e-7f);
  odd = CK_FMA(odd, z, 1.18505986e-5f);
  odd = CK_FMA(odd, z, 2.23896117e-4f);
  odd = CK_FMA(odd, z, -4.7893920e-3f);
  odd = CK_FMA(odd, z, 3.18308353e-1f);
  float even = -4.3062358e-9f;
  even = CK_FMA(even, z, -1.36105701e-6f);
  even = CK_FMA(even, z, -6.7404631e-5f);
  even = CK_FMA(even, z, -3.7413076e-5f);
  even = CK_FMA(even, z, 3.63411494e-2f);
  even = CK_FMA(even, z, 7.978847027e-1f);
  const float c = 0.5f * exponentialFloat32(-a * CK_FMA(odd, a, even));
  return x < 0.0f ? c : 1.0f - c;
}

// Its derivative.
CK_INLINE float normalDensityFloat32(float x) { return 0.398942280f * exponentialFloat32(-0.5f * x * x); }


CK_INLINE float exponentialMinus1Float32(float x) {
  const float bounded = x > 89.0f ? 89.0f : x < -30.0f ? -30.0f : x;  // -1 and infinity beyond; NaN passes
  const float magic = 12582912.0f, scaled = CK_FMA(bounded, 1.44269504088896341f, magic);
  const int32_t n = (int32_t)(floatToBits(scaled) - floatToBits(magic));
  const float k = scaled - magic;
  float r = CK_FMA(k, -0.693359375f, bounded);
  r = CK_FMA(k, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;  // the exponential's series less its first two terms, as above
  p = CK_FMA(p, r, 1.3981999507e-3f);
  p = CK_FMA(p, r, 8.3334519073e-3f);
  p = CK_FMA(p, r, 4.1665795894e-2f);
  p = CK_FMA(p, r, 1.6666665459e-1f);
  p = CK_FMA(p, r, 5.0000001201e-1f);
  p = CK_FMA(p, r * r, r);
  // 2^n (1 + p) - 1 as 2^n p + (2^n - 1), half of it first where 2^n is out of range (and 1 is nothing).
  const int isHuge = n > 100;
  const float power = powerOfTwo(isHuge ? n - 1 : n);
  const float y = CK_FMA(power, p, isHuge ? power : power - 1.0f);
  return x == 0.0f ? x : isHuge ? 2.0f * y : y;  // keeps the sign of zero
}

// The sine of x + turns quarter turns, for |x| up to a million, in double precision: what remains of x beside the
// nearest multiple of pi / 2, which is exact as long as a multiple of its first 33 bits is; then Taylor's series.
#define CK_HAS_PLAIN_SINE(x) (fabsf(x) <= 1e6f)
CK_INLINE float sineFloat32(float x, int64_t turns) {
  const double magic = 6755399441055744.0, scaled = x * 0.63661977236758134308 + magic;  // 1.5 * 2^52
  int64_t n;
  memcpy(&n, &scaled, sizeof n);
  n += turns;
  const double k = scaled - magic, r = x - k * 0x1.921fb544p0 - k * 0x1.0b4611a626331p-34, z = r * r;
  const double odd = r * (1 + z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880)))));
  const double even = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 - z * (1.0 / 3628800)))));
  const double y = n & 1 ? even : odd;
  return (float)(n & 2 ? -y : y);
}

// The power in double precision, 2^(b log2 |a|), for a that is neither zero nor denormal and finite a and b.
#define CK_HAS_PLAIN_POWER(a, b) \
  ((fabsf(a) >= 1.17549435e-38f) & (fabsf(a) <= 3.402823466e38f) & (fabsf(b) <= 1e9f))
CK_INLINE float powerFloat32(float a, float b) {
  // |a| = m * 2^e with m in [sqrt(1/2), sqrt(2)); log2 m is a series in f = (m - 1) / (m + 1), at most 0.172.
  const uint32_t bits = (floatToBits(a) & 0x7fffffffu) - 0x3f3504f3u;
  const double e = (double)((int32_t)bits >> 23), m = bitsToFloat((bits & 0x007fffffu) + 0x3f3504f3u);
  const double f = (m - 1) / (m + 1), z = f * f;
  const double series = 1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z / 13)))));
  double t = b * (e + f * series * 2.88539008177792681472);  // 2 / ln 2
  t = t > 200 ? 200 : t < -200 ? -200 : t;
  const double magic = 6755399441055744.0, scaled = t + magic, r = (t - (scaled - magic)) * 0.69314718055994530942;
  int64_t n;
  memcpy(&n, &scaled, sizeof n);
  const int64_t exponent = (int64_t)((uint64_t)(n + 1023) << 52);
  double power;
  memcpy(&power, &exponent, sizeof power);
  const double root = 1 + r * (1 + r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720
    + r * (1.0 / 5040 + r * (1.0 / 40320))))))));
  // For negative a, an odd b gives a negative power, and a b with a fraction NaN (all bits of the exponent and the first
  // one of the mantissa). Masks instead of conditions: on a constant b the compiler would split the loop.
  const uint32_t odd = (2.0f * __builtin_elementwise_trunc(0.5f * b) != b) * 0x80000000u;
  const uint32_t fractional = (__builtin_elementwise_trunc(b) != b) * 0x7fc00000u;
  const uint32_t isNegative = (uint32_t)((int32_t)floatToBits(a) >> 31);
  const uint32_t y = floatToBits((float)(root * power));
  return bitsToFloat((y ^ (isNegative & odd)) | (isNegative & fractional));
}

// The angle of the point (x, y) for all values, within 1 ulp: a multiple k of pi / 4 plus or minus the arc tangent of the
// smaller side over the larger one, or, if that is above tan(pi / 8), of that angle less pi / 4. What rounding the
// quotient and the sum leaves is added with the arc tangent's series.
CK_INLINE float arcTangentFloat32(float y, float x) {
  const float a = fabsf(x), b = fabsf(y), less = a < b ? a : b, more = a < b ? b : a;
  const int isTurned = (less >= 0.414213562f * more) & (less != 0.0f);
  const double top = isTurned ? (double)less - more : less, bottom = isTurned ? (double)less + more : more;
  const double quotient = less == more ? 0 : top / bottom;  // also of two zeros or infinities
  const float t = (float)quotient, z = t * t;
  float p = -0.060782183f;
  p = CK_FMA(p, z, 0.10593813f);
  p = CK_FMA(p, z, -0.14243533f);
  p = CK_FMA(p, z, 0.19998471f);
  p = CK_FMA(p, z, -0.33333316f);
  const float rest = CK_FMA(p * z, t, (float)(quotient - t));
  const uint32_t isLeft = floatToBits(x) & 0x80000000u, sign = isLeft ^ (a < b ? 0x80000000u : 0);
  float k = isTurned ? 1.0f : 0.0f;
  k = a < b ? 2.0f - k : k;
  k = isLeft ? 4.0f - k : k;
  // pi / 4 in two parts, the first short enough for exact multiples.
  const float multiple = k * 0x1.921fbp-1f, term = bitsToFloat(floatToBits(t) ^ sign), sum = multiple + term;
  const float lost = multiple - sum + term + (bitsToFloat(floatToBits(rest) ^ sign) + k * 0x1.5110b4p-23f);
  return bitsToFloat(floatToBits(sum + lost) | (floatToBits(y) & 0x80000000u));
}

// The remainder of a division rounded towards zero, whose quotient is short enough to be found exactly.
#define CK_HAS_SHORT_QUOTIENT(u, v) \
  ((fabsf(u) <= fabsf(v) * 1e8f) & (fabsf(u) <= 3.402823466e38f) & (fabsf(v) <= 3.402823466e38f) & ((v) != 0.0f))
CK_INLINE float shortRemainder(float u, float v) {
  const double quotient = __builtin_elementwise_trunc((double)u / v);
  const float rest = (float)(u - quotient * v);
  return bitsToFloat((floatToBits(rest) & 0x7fffffffu) | (floatToBits(u) & 0x80000000u));
}

// That of the division rounded down.
CK_INLINE float roundedDown(float rest, float v) {
  return rest != 0.0f && (rest < 0.0f) != (v < 0.0f) ? rest + v : rest;
}

CK_INLINE double exponentialFloat64(double x) { return exp(x); }
CK_INLINE double logarithmFloat64(double x) { return log(x); }
CK_INLINE double hyperbolicTangentFloat64(double x) { return tanh(x); }
CK_INLINE double logarithmOf1PlusFloat64(double x) { return log1p(x); }
CK_INLINE double exponentialMinus1Float64(double x) { return expm1(x); }
CK_INLINE double arcTangentFloat64(double y, double x) { return atan2(y, x); }
CK_INLINE double errorFunctionFloat64(double x) { return erf(x); }
CK_INLINE double normalDistributionFloat64(double x) { return 0.5 * erfc(x * -0.70710678118654752440); }
CK_INLINE double normalDensityFloat64(double x) { return 0.39894228040143267794 * exp(-0.5 * x * x); }

CK_INLINE double sigmoidFloat64(double x) {
  const double e = exp(-fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
