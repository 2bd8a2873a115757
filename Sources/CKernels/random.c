#include "templates/common.h"

void CKPhilox(uint64_t seed, uint64_t stream, uint64_t first, size_t count, uint32_t *words) {
  while (count > 0) {
    const uint64_t block = first / 4;
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    CK_UNROLL for (int round = 0; round < 10; round++) {
      const uint64_t even = (uint64_t)0xD2511F53u * c0, odd = (uint64_t)0xCD9E8D57u * c2;
      c0 = (uint32_t)(odd >> 32) ^ c1 ^ key0;
      c1 = (uint32_t)odd;
      c2 = (uint32_t)(even >> 32) ^ c3 ^ key1;
      c3 = (uint32_t)even;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    const uint32_t result[4] = {c0, c1, c2, c3};
    const size_t skip = first % 4, part = 4 - skip < count ? 4 - skip : count;
    memcpy(words, result + skip, part * sizeof *words);
    words += part;
    first += part;
    count -= part;
  }
}

void CKNormalPairs(size_t count, const uint32_t *words, double mean, double deviation, float *y) {
  for (size_t i = 0; i < count; i++) {
    const double u = ((double)words[2 * i] + 0.5) * 0x1p-32, turn = ((double)words[2 * i + 1] + 0.5) * 0x1p-32;
    const double radius = sqrt(-2 * log(u)), angle = 2 * 3.14159265358979323846 * turn;
    y[2 * i] = (float)(mean + deviation * radius * cos(angle));
    y[2 * i + 1] = (float)(mean + deviation * radius * sin(angle));
  }
}
