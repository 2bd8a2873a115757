// Random numbers, the same bits as the plain functions in random.c give, many at a time.

#define CK_BLOCKS (CK_VECTOR_BYTES / 4)  // of four words; two vectors of them, so that their chains overlap
typedef uint64_t CKBlocks __attribute__((ext_vector_type(CK_BLOCKS)));
typedef uint64_t CKBlockHalves __attribute__((ext_vector_type(2 * CK_BLOCKS)));

static void randomWords(uint64_t seed, uint64_t stream, uint64_t first, size_t count, uint32_t *words) {
  const size_t before = (size_t)(-first % 4) < count ? (size_t)(-first % 4) : count;
  CKPhilox(seed, stream, first, before, words);
  words += before;
  first += before;
  count -= before;
  const uint64_t low = UINT32_MAX;
  CKBlocks lane;
  CK_UNROLL for (size_t i = 0; i < CK_BLOCKS; i++) { lane[i] = i; }
  for (; count >= 4 * CK_BLOCKS; count -= 4 * CK_BLOCKS, first += 4 * CK_BLOCKS, words += 4 * CK_BLOCKS) {
    // Each counter is the low half of a lane.
    const CKBlocks block = first / 4 + lane;
    CKBlocks c0 = block & low, c1 = block >> 32;
    CKBlocks c2 = (CKBlocks)(stream & low), c3 = (CKBlocks)(stream >> 32);
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    CK_UNROLL for (int round = 0; round < 10; round++) {
      const CKBlocks even = c0 * 0xD2511F53u, odd = c2 * 0xCD9E8D57u;
      c0 = (odd >> 32) ^ c1 ^ key0;
      c1 = odd & low;
      c2 = (even >> 32) ^ c3 ^ key1;
      c3 = even & low;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    CKBlockHalves result;
    result.even = c0 | c1 << 32;
    result.odd = c2 | c3 << 32;
    memcpy(words, &result, sizeof result);
  }
  CKPhilox(seed, stream, first, count, words);
}

// log u, u normal: twice the series of artanh((m - 1) / (m + 1)) with u = m * 2^e and m in [sqrt(1/2), sqrt(2)). At most
// some 2^-50 of the result is wrong.
CK_INLINE double preciseLogarithm(double u) {
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  bits -= 0x3fe6a09e667f3bcdu;
  const double e = (double)((int32_t)(bits >> 32) >> 20);
  bits = (bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu;
  double m;
  memcpy(&m, &bits, sizeof m);
  const double s = (m - 1) / (m + 1), z = s * s;
  double p = 1.0 / 21;
  p = CK_FMA(p, z, 1.0 / 19);
  p = CK_FMA(p, z, 1.0 / 17);
  p = CK_FMA(p, z, 1.0 / 15);
  p = CK_FMA(p, z, 1.0 / 13);
  p = CK_FMA(p, z, 1.0 / 11);
  p = CK_FMA(p, z, 1.0 / 9);
  p = CK_FMA(p, z, 1.0 / 7);
  p = CK_FMA(p, z, 1.0 / 5);
  p = CK_FMA(p, z, 1.0 / 3);
  return CK_FMA(e, 0.69314718055994530942, CK_FMA(2 * s * z, p, 2 * s));
}

// The logarithm, the angle and their product are computed to some 2^-48; where that leaves open to which float32 a number
// is rounded, once in a million, the plain function decides.
static void normalPairs(size_t count, const uint32_t *words, double mean, double deviation, float *y) {
  for (size_t start = 0; start < count; start += normalPairsBlock) {
    const size_t end = count - start < normalPairsBlock ? count : start + normalPairsBlock;
    uint32_t open = 0;
    CK_SIMD for (size_t i = start; i < end; i++) {
      const double u = ((double)words[2 * i] + 0.5) * 0x1p-32, turn = ((double)words[2 * i + 1] + 0.5) * 0x1p-32;
      const double radius = deviation * __builtin_elementwise_sqrt(-2 * preciseLogarithm(u));
      // The nearest quarter of a turn, in the low bits of the sum, and what is left.
      const double magic = 0x1.8p52, sum = 4 * turn + magic;
      uint64_t quarter;
      memcpy(&quarter, &sum, sizeof quarter);
      const double x = (turn - 0.25 * (sum - magic)) * 6.28318530717958647693, z = x * x;
      double c = -1.0 / 87178291200;
      c = CK_FMA(c, z, 1.0 / 479001600);
      c = CK_FMA(c, z, -1.0 / 3628800);
      c = CK_FMA(c, z, 1.0 / 40320);
      c = CK_FMA(c, z, -1.0 / 720);
      c = CK_FMA(c, z, 1.0 / 24);
      c = CK_FMA(c, z, -0.5);
      c = CK_FMA(c, z, 1.0);
      double s = -1.0 / 1307674368000;
      s = CK_FMA(s, z, 1.0 / 6227020800);
      s = CK_FMA(s, z, -1.0 / 39916800);
      s = CK_FMA(s, z, 1.0 / 362880);
      s = CK_FMA(s, z, -1.0 / 5040);
      s = CK_FMA(s, z, 1.0 / 120);
      s = CK_FMA(s, z, -1.0 / 6);
      s = CK_FMA(s * z, x, x);
      const double cosine = quarter & 1 ? s : c, sine = quarter & 1 ? c : s;
      const double first = mean + radius * ((quarter + 1) & 2 ? -cosine : cosine);
      const double second = mean + radius * (quarter & 2 ? -sine : sine);
      const double doubt = 0x1p-45 * (fabs(radius) + fabs(mean));
      y[2 * i] = (float)first;
      y[2 * i + 1] = (float)second;
      // Also where NaN or an infinity comes in.
      open |= !((float)(first - doubt) == (float)(first + doubt)) | !((float)(second - doubt) == (float)(second + doubt));
    }
    if (open) { CKNormalPairs(end - start, words + 2 * start, mean, deviation, y + 2 * start); }
  }
}

#undef CK_BLOCKS
