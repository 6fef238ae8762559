// Weights and what they multiply as whole numbers from -127 to 127 with a scale: one scale a row of weights, one a vector and
// step. Products are summed exactly, in 32 bits; then one float32 multiply-add a product and unit. So the order of summation does
// not matter, and every variant that fuses multiply-adds gives the same bits.
#pragma once

#include <bit>
#include <cmath>
#include <limits>

#include "step_quantized.hpp"

namespace recurra::RECURRA_VARIANT {

// From the largest magnitude of some values: what a whole number stands for, and the inverse. Where one value is not finite,
// nothing that is summed from them is a number; values below the smallest magnitude that has an inverse are zeros.
struct Rounding {
  float scale, inverse;

  explicit Rounding(float largest) {
    if (!(largest <= std::numeric_limits<float>::max()))
      scale = std::numeric_limits<float>::quiet_NaN(), inverse = 0;
    else if (largest < 0x1p-100f)
      scale = inverse = 0;
    else
      scale = largest / 127, inverse = 127 / largest;
  }
};

struct Int8 {
  static constexpr int PER = 4, TAIL = 2; // bytes in the order of k; then a line of scales, and one of what OFFSET adds

  // How four values k are laid out for a product with four bytes of weights.
#if defined(__AVX512VNNI__)
  static constexpr int WORDS = 1, OFFSET = 128; // four bytes, unsigned for the instruction's sake
#elif defined(__SSE2__)
  static constexpr int WORDS = 2, OFFSET = 0; // 16 bits each: k and k + 2, then k + 1 and k + 3
#else
  static constexpr int WORDS = 4, OFFSET = 0;
#endif

  struct Input {
    Word *words;
    std::int64_t lines;
    float scale;

    Input(const float *x, std::int64_t K, Workspace &space) : lines((K + PER - 1) / PER) {
      VecInt<float> most{};
      for (std::int64_t k = 0; k < K; k += LANES<float>) {
        // Magnitudes are ordered as their bits are, infinities and NaN above all numbers.
        const VecInt<float> magnitude = (VecInt<float>)load_first<float>(x + k, K - k) & 0x7fffffff;
        most = magnitude > most ? magnitude : most;
      }
      std::int32_t largest = 0;
      for (int lane = 0; lane < LANES<float>; ++lane)
        largest = most[lane] > largest ? most[lane] : largest;
      const Rounding own(std::bit_cast<float>(largest));
      scale = own.scale;

      // In the low bits of 1.5 * 2^23 + a number is the number, rounded to the nearest whole one.
      constexpr float ROUNDER = 12582912.f;
      const std::int64_t padded = (K + UNITS - 1) / UNITS * UNITS;
      Word *whole = take<Word>(space, padded);
      for (std::int64_t k = 0; k < padded; k += LANES<float>) {
        const Vec<float> shifted = load_first<float>(x + k, K > k ? K - k : 0) * own.inverse + ROUNDER;
        std::memcpy(whole + k, &shifted, sizeof shifted);
      }
      constexpr Word ZERO = std::bit_cast<Word>(ROUNDER);
      words = take<Word>(space, padded / PER * WORDS);
      for (std::int64_t line = 0; line < padded / PER; ++line) {
        Word n[PER];
        for (int k = 0; k < PER; ++k)
          n[k] = whole[line * PER + k] - ZERO + OFFSET;
        if constexpr (WORDS == 1) {
          words[line] = (n[0] & 255) | (n[1] & 255) << 8 | (n[2] & 255) << 16 | n[3] << 24;
        } else if constexpr (WORDS == 2) {
          words[line * 2] = (n[0] & 0xffff) | n[2] << 16;
          words[line * 2 + 1] = (n[1] & 0xffff) | n[3] << 16;
        } else {
          std::memcpy(words + line * PER, n, sizeof n);
        }
      }
    }
  };

  static void pack(const float *weight, std::int64_t K, Word *column) {
    float largest = 0;
    for (std::int64_t k = 0; k < K && largest <= std::numeric_limits<float>::max(); ++k)
      largest = std::abs(weight[k]) <= largest ? largest : std::abs(weight[k]); // what is not finite ends the loop
    const Rounding own(largest);
    std::int32_t sum = 0;
    for (std::int64_t k = 0; k < K; ++k) {
      const auto whole = own.inverse ? static_cast<std::int32_t>(std::nearbyint(weight[k] * own.inverse)) : 0;
      sum += whole;
      column[k / PER * UNITS] |= (static_cast<Word>(whole) & 255) << k % PER * 8;
    }
    Word *tail = column + (K + PER - 1) / PER * UNITS;
    tail[0] = std::bit_cast<Word>(own.scale);
    tail[UNITS] = static_cast<Word>(-OFFSET * sum);
  }

  template <int PANELS>
  RECURRA_INLINE static void add(Vec<float> (&sums)[PANELS][VECS<float>], const Input &input, const Word *panels,
                                 std::int64_t stride) {
    using Int = VecInt<float>;
    const Word *tail = panels + input.lines * UNITS;
    Int total[PANELS][VECS<float>];
#pragma GCC unroll 16
    for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<float>; ++v)
        total[p][v] = load_words(tail + UNITS + p * stride + v * LANES<float>);
    for (std::int64_t line = 0; line < input.lines; ++line, panels += UNITS) {
      Int values[WORDS];
#pragma GCC unroll 16
      for (int w = 0; w < WORDS; ++w)
        values[w] = Int{} + static_cast<std::int32_t>(input.words[line * WORDS + w]);
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
        for (int v = 0; v < VECS<float>; ++v)
          total[p][v] = add_four(total[p][v], values, load_words(panels + p * stride + v * LANES<float>));
    }
#pragma GCC unroll 16
    for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<float>; ++v) {
        const Vec<float> scale = (Vec<float>)load_words(tail + p * stride + v * LANES<float>);
        sums[p][v] = fma(__builtin_convertvector(total[p][v], Vec<float>), scale * input.scale, sums[p][v]);
      }
  }

private:
  // sum + four products in each lane.
  RECURRA_INLINE static VecInt<float> add_four(VecInt<float> sum, const VecInt<float> (&values)[WORDS], VecInt<float> weights) {
#if defined(__AVX512VNNI__)
    return (VecInt<float>)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)values[0], (__m512i)weights);
#elif defined(__SSE2__)
    // Not the instruction for bytes, which saturates.
    typedef std::int16_t Halves __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
    const Halves even = (Halves)weights << 8 >> 8, odd = (Halves)weights >> 8;
    return sum + pairs((VecInt<float>)even, values[0]) + pairs((VecInt<float>)odd, values[1]);
#else
    return sum + (weights << 24 >> 24) * values[0] + (weights << 16 >> 24) * values[1] + (weights << 8 >> 24) * values[2] +
           (weights >> 24) * values[3];
#endif
  }

#if defined(__SSE2__) && !defined(__AVX512VNNI__)
  // The products of the upper and of the lower 16 bits of each lane, added.
  RECURRA_INLINE static VecInt<float> pairs(VecInt<float> a, VecInt<float> b) {
#if RECURRA_VECTOR_BYTES == 32 && defined(__AVX2__)
    return (VecInt<float>)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
    return (VecInt<float>)_mm_madd_epi16((__m128i)a, (__m128i)b);
#endif
  }
#endif
};

} // namespace recurra::RECURRA_VARIANT
