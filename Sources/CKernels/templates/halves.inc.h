// Half-precision numbers are only stored: they are copied as they are, and converted from and to float32, rounded to
// the nearest, ties to even. Where that happens: operations widen them before they compute (Tape/Differentiable.swift). Bit code without branches, which the vectorizer handles; CK_REFERENCE has arithmetic.

#ifdef CK_REFERENCE

// A half from its fields: `bits` of mantissa, the exponent of the smallest normal number.
CK_INLINE float halfToFloat(uint32_t word, int bits, int smallest) {
  const int exponent = (int)((word & 0x7fff) >> bits), mantissa = (int)(word & ((1u << bits) - 1));
  const int largest = 0x7fff >> bits;
  const double size = exponent == largest ? (mantissa ? NAN : INFINITY)
                      : exponent == 0     ? ldexp(mantissa, smallest - bits)
                                          : ldexp(mantissa + (1 << bits), exponent - 1 + smallest - bits);
  return (float)(word & 0x8000 ? -size : size);
}

CK_INLINE uint16_t floatToHalf(float value, int bits, int smallest) {
  const uint32_t sign = signbit(value) ? 0x8000 : 0, infinity = (0x7fffu >> bits) << bits;
  if (value != value) { return (uint16_t)(sign | infinity | 1u << (bits - 1)); }
  const double size = fabs((double)value);
  int exponent = size == 0 || isinf(size) ? smallest : ilogb(size);
  if (exponent < smallest) { exponent = smallest; }
  const double units = isinf(size) ? INFINITY : rint(ldexp(size, bits - exponent));
  // A carry out of the mantissa becomes the next exponent.
  const double code = ldexp(exponent - smallest, bits) + units;
  return (uint16_t)(sign | (code > infinity ? infinity : (uint32_t)code));
}

CK_INLINE float float16ToFloat(uint16_t word) { return halfToFloat(word, 10, -14); }
CK_INLINE float bfloat16ToFloat(uint16_t word) { return halfToFloat(word, 7, -126); }
CK_INLINE uint16_t floatToFloat16(float value) { return floatToHalf(value, 10, -14); }
CK_INLINE uint16_t floatToBFloat16(float value) { return floatToHalf(value, 7, -126); }

#else

CK_INLINE float float16ToFloat(uint16_t word) {
  const uint32_t fields = (uint32_t)(word & 0x7fff) << 13, sign = (uint32_t)(word & 0x8000) << 16;
  // A product moves the exponent to float32's, denormals included.
  const uint32_t finite = floatToBits(bitsToFloat(fields) * 0x1p112f);
  return bitsToFloat(sign | (fields >= 0x0f800000 ? fields | 0x7f800000 : finite));
}

CK_INLINE float bfloat16ToFloat(uint16_t word) { return bitsToFloat((uint32_t)word << 16); }

CK_INLINE uint16_t floatToFloat16(float value) {
  const uint32_t bits = floatToBits(value), size = bits & 0x7fffffff, sign = (bits ^ size) >> 16;
  const uint32_t normal = (size - 0x38000000 + 0x0fff + ((size >> 13) & 1)) >> 13;
  // Below 2^-14 the sum with 1/2 has its last bit where a float16 has it.
  const uint32_t small = floatToBits(bitsToFloat(size) + 0.5f) - 0x3f000000;
  const uint32_t large = size > 0x7f800000 ? 0x7e00 : 0x7c00;
  return (uint16_t)(sign | (size >= 0x47800000 ? large : size < 0x38800000 ? small : normal));
}

CK_INLINE uint16_t floatToBFloat16(float value) {
  const uint32_t bits = floatToBits(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16 & 0x8000) | 0x7fc0 : rounded);
}

#endif

CK_INLINE bool isHalf(CKType type) { return type == CKTypeFloat16 || type == CKTypeBFloat16; }

#define CK_COPY_HALVES(FROM, TO, expression) \
  for (size_t o = 0; o < outer; o++) { \
    const FROM *in = (const FROM *)x.data + (ptrdiff_t)o * x.outer; \
    TO *out = (TO *)y + (ptrdiff_t)o * yOuter; \
    if (x.inner == 1 && yInner == 1) { \
      CK_SIMD for (size_t i = 0; i < inner; i++) { const FROM v = in[i]; out[i] = expression; } \
    } else { \
      for (ptrdiff_t i = 0; i < (ptrdiff_t)inner; i++) { const FROM v = in[i * x.inner]; out[i * yInner] = expression; } \
    } \
  }

/// `copy` between two arrays of which at least one holds halves; the other is of that type or float32.
static void copyHalves(CKType from, CKType to, size_t inner, size_t outer, CKSource x, void *y, ptrdiff_t yInner,
                       ptrdiff_t yOuter) {
  if (from == to) {
    CK_COPY_HALVES(uint16_t, uint16_t, v)
  } else if (from == CKTypeFloat16 && to == CKTypeFloat32) {
    CK_COPY_HALVES(uint16_t, float, float16ToFloat(v))
  } else if (from == CKTypeBFloat16 && to == CKTypeFloat32) {
    CK_COPY_HALVES(uint16_t, float, bfloat16ToFloat(v))
  } else if (from == CKTypeFloat32 && to == CKTypeFloat16) {
    CK_COPY_HALVES(float, uint16_t, floatToFloat16(v))
  } else if (from == CKTypeFloat32 && to == CKTypeBFloat16) {
    CK_COPY_HALVES(float, uint16_t, floatToBFloat16(v))
  } else {
    __builtin_trap();
  }
}

#undef CK_COPY_HALVES
