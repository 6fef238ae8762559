// Layer normalisation of one row (Ba, Kiros & Hinton 2016), forward and backward, over one or several segments of H values.
//
// Sums run into PANEL partial sums that are combined in one fixed tree, whatever the vector width.
#pragma once

#include "pack.hpp"

namespace recurra::RECURRA_VARIANT {

// `count` segments of H values; each begins `width` values after the one before (H rounded up to whole panels).
struct Segments {
  int count;
  std::int64_t H, width;
};

// The sum of term(offset, lane) over all values of all segments; `term` gives a vector for the values from that offset on.
template <class T, class F> RECURRA_INLINE T sum_over(Segments s, F &&term) {
  Vec<T> sums[VECS<T>] = {};
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.H; u += PANEL<T>)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v) {
        const std::int64_t unit = u + v * LANES<T>;
        sums[v] = sums[v] + keep_first<T>(term(g * s.width + unit), s.H - unit);
      }
  T parts[PANEL<T>];
#pragma GCC unroll 16
  for (int v = 0; v < VECS<T>; ++v)
    store<T>(parts + v * LANES<T>, sums[v]);
#pragma GCC unroll 16
  for (int half = PANEL<T> / 2; half; half /= 2)
    for (int k = 0; k < half; ++k)
      parts[k] += parts[k + half];
  return parts[0];
}

// values -> (values - mean) / sqrt(variance + eps), in place; returns 1 / sqrt(variance + eps).
template <class T> T normalise(Segments s, T *values) {
  const T count = static_cast<T>(s.count * s.H);
  const Vec<T> mean = splat<T>(sum_over<T>(s, [&](std::int64_t k) { return load<T>(values + k); }) / count);
  const T variance = sum_over<T>(s, [&](std::int64_t k) {
                       const Vec<T> centred = load<T>(values + k) - mean;
                       return centred * centred;
                     }) / count;
  const T scale = T(1) / static_cast<T>(__builtin_sqrt(variance + T(1e-5)));
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += LANES<T>) {
      T *at = values + g * s.width + u;
      store<T>(at, (load<T>(at) - mean) * splat<T>(scale));
    }
  return scale;
}

// d: gradient of gain * normalised -> gradient of what was normalised, in place. The gain's own gradient is added to d_gain.
template <class T> void normalise_backward(Segments s, T *d, const T *normalised, T scale, const T *gain, T *d_gain) {
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += LANES<T>) {
      const std::int64_t k = g * s.width + u;
      store<T>(d_gain + k, fma(load<T>(d + k), load<T>(normalised + k), load<T>(d_gain + k)));
      store<T>(d + k, load<T>(d + k) * load<T>(gain + k));
    }
  const T count = static_cast<T>(s.count * s.H);
  const Vec<T> mean = splat<T>(sum_over<T>(s, [&](std::int64_t k) { return load<T>(d + k); }) / count);
  const Vec<T> slope = splat<T>(
      sum_over<T>(s, [&](std::int64_t k) { return load<T>(d + k) * load<T>(normalised + k); }) / count);
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += LANES<T>) {
      const std::int64_t k = g * s.width + u;
      store<T>(d + k, (load<T>(d + k) - mean - load<T>(normalised + k) * slope) * splat<T>(scale));
    }
}

} // namespace recurra::RECURRA_VARIANT
