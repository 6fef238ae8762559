// Random masks, from a generator that counts: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011. Value k hangs on the key and on k alone, whatever the vector width.
#pragma once

#include <bit>
#include <type_traits>

#include "api.hpp"
#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

// Words of 32 bits, each in the low half of a lane whose high half holds anything.
typedef std::uint64_t Words __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
constexpr int WORD_LANES = RECURRA_VECTOR_BYTES / sizeof(std::uint64_t);

// Products of the low halves of all lanes, 64 bits each.
RECURRA_INLINE Words multiply_low(Words a, std::uint32_t b) {
  const Words factor = b - Words{};
#if RECURRA_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Words)_mm512_mul_epu32((__m512i)a, (__m512i)factor);
#elif RECURRA_VECTOR_BYTES == 32 && defined(__AVX2__)
  return (Words)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#elif RECURRA_VECTOR_BYTES == 16 && defined(__SSE2__)
  return (Words)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#elif defined(__aarch64__)
  return (Words)vmull_n_u32(vmovn_u64((uint64x2_t)a), b);
#else
  return (a & 0xFFFFFFFF) * factor;
#endif
}

constexpr int BLOCKS_A_RUN = 16, WORDS_A_RUN = 4 * BLOCKS_A_RUN;

// The words of the blocks that the counters from `first` on make, first word 0 of each, then word 1 and so on.
RECURRA_INLINE void philox(std::uint64_t key, std::uint64_t first, std::uint64_t *words) {
  constexpr int VECTORS = BLOCKS_A_RUN / WORD_LANES;
  Words c[4][VECTORS], key0 = (key & 0xFFFFFFFF) - Words{}, key1 = (key >> 32) - Words{};
#pragma GCC unroll 16
  for (int v = 0; v < VECTORS; ++v) {
#pragma GCC unroll 16
    for (int lane = 0; lane < WORD_LANES; ++lane)
      c[0][v][lane] = first + v * WORD_LANES + lane;
    c[1][v] = c[0][v] >> 32;
    c[2][v] = c[3][v] = Words{};
  }
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; ++v) {
      const Words left = multiply_low(c[0][v], 0xD2511F53), right = multiply_low(c[2][v], 0xCD9E8D57);
      c[0][v] = (right >> 32) ^ c[1][v] ^ key0;
      c[1][v] = right;
      c[2][v] = (left >> 32) ^ c[3][v] ^ key1;
      c[3][v] = left;
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  std::memcpy(words, c, sizeof c);
}

// mask[k] is `value` where word k lies below `below`, else 0: by its bits, as no branch foresees random words.
template <class T> void draw_mask(const MaskArgs<T> &args) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const Bits value = std::bit_cast<Bits>(args.value);
  for (std::int64_t from = 0; from < args.count; from += WORDS_A_RUN) {
    alignas(64) std::uint64_t words[WORDS_A_RUN];
    philox(args.key, static_cast<std::uint64_t>(from / 4), words);
    Bits drawn[WORDS_A_RUN];
    for (int k = 0; k < WORDS_A_RUN; ++k)
      drawn[k] = -static_cast<Bits>(static_cast<std::uint32_t>(words[k]) < args.below) & value;
    const std::int64_t left = args.count - from;
    std::memcpy(args.mask + from, drawn, static_cast<std::size_t>(left < WORDS_A_RUN ? left : WORDS_A_RUN) * sizeof(T));
  }
}

} // namespace recurra::RECURRA_VARIANT
