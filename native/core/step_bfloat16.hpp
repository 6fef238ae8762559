// Weights as bfloat16, the upper half of a float32 (Kalamkar et al. 2019, arXiv:1905.12322), in float32 arithmetic: the sums run
// as in the step with float32 weights, so its bits are those that float32 weights of the same values give.
#pragma once

#include "step_quantized.hpp"

namespace recurra::RECURRA_VARIANT {

struct Bfloat16 {
  static constexpr int PER = 2, TAIL = 0; // value k in the lower half of a word, k + 1 in the upper one

  struct Input {
    const float *values;
    std::int64_t K;

    Input(const float *x, std::int64_t K_, Workspace &) : values(x), K(K_) {}
  };

  // To the nearest, ties to even; NaN stays NaN.
  static Word round(float value) {
    Word bits;
    std::memcpy(&bits, &value, sizeof bits);
    return value != value ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  }

  static void pack(const float *weight, std::int64_t K, Word *column) {
    for (std::int64_t k = 0; k < K; ++k)
      column[k / PER * UNITS] |= round(weight[k]) << k % PER * 16;
  }

  template <int PANELS>
  RECURRA_INLINE static void add(Vec<float> (&sums)[PANELS][VECS<float>], const Input &input, const Word *panels,
                                 std::int64_t stride) {
    std::int64_t k = 0;
    for (; k + 1 < input.K; k += PER, panels += UNITS) {
      const Vec<float> even = splat<float>(input.values[k]), odd = splat<float>(input.values[k + 1]);
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
        for (int v = 0; v < VECS<float>; ++v) {
          const VecInt<float> w = load_words(panels + p * stride + v * LANES<float>);
          sums[p][v] = fma(even, (Vec<float>)(w << 16), sums[p][v]);
          sums[p][v] = fma(odd, (Vec<float>)(w & static_cast<std::int32_t>(0xffff0000)), sums[p][v]);
        }
    }
    if (k < input.K) {
      const Vec<float> last = splat<float>(input.values[k]);
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
        for (int v = 0; v < VECS<float>; ++v)
          sums[p][v] = fma(last, (Vec<float>)(load_words(panels + p * stride + v * LANES<float>) << 16), sums[p][v]);
    }
  }
};

} // namespace recurra::RECURRA_VARIANT
