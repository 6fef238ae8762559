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

// The sum of a panel's partial sums: halves are added to halves down to the last, in every variant in this order.
template <class T> RECURRA_INLINE T fold(const Vec<T> (&sums)[VECS<T>]) {
  typedef T Quarter __attribute__((vector_size(PANEL_BYTES / 4)));
  alignas(64) T parts[PANEL<T>];
#pragma GCC unroll 16
  for (int v = 0; v < VECS<T>; ++v)
    store<T>(parts + v * LANES<T>, sums[v]);
  Quarter q[4];
  std::memcpy(q, parts, sizeof q);
  const Quarter last = (q[0] + q[2]) + (q[1] + q[3]);
  if constexpr (PANEL<T> == 16)
    return (last[0] + last[2]) + (last[1] + last[3]);
  else
    return last[0] + last[1];
}

// COUNT sums over all values of all segments at once: term(offset, vectors) gives each sum's vector for the values from there on.
template <class T, int COUNT, class F> RECURRA_INLINE void sums_over(Segments s, F &&term, T (&totals)[COUNT]) {
  Vec<T> sums[COUNT][VECS<T>] = {};
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += PANEL<T>)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v) {
        const std::int64_t unit = u + v * LANES<T>;
        Vec<T> terms[COUNT];
        term(g * s.width + unit, terms);
#pragma GCC unroll 16
        for (int k = 0; k < COUNT; ++k)
          sums[k][v] = sums[k][v] + keep_first<T>(terms[k], s.H - unit);
      }
#pragma GCC unroll 16
  for (int k = 0; k < COUNT; ++k)
    totals[k] = fold<T>(sums[k]);
}

// Calls write(segment, unit, (values - mean) / sqrt(variance + eps)) for every vector; returns 1 / sqrt(variance + eps).
template <class T, class F> RECURRA_INLINE T normalise(Segments s, const T *values, F &&write) {
  const T count = static_cast<T>(s.count * s.H);
  T total[1];
  sums_over<T>(s, [&](std::int64_t k, Vec<T> *term) { term[0] = load<T>(values + k); }, total);
  const Vec<T> mean = splat<T>(total[0] / count);
  sums_over<T>(
      s,
      [&](std::int64_t k, Vec<T> *term) {
        const Vec<T> centred = load<T>(values + k) - mean;
        term[0] = centred * centred;
      },
      total);
  const T scale = T(1) / static_cast<T>(__builtin_sqrt(total[0] / count + T(1e-5)));
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += LANES<T>)
      write(g, u, (load<T>(values + g * s.width + u) - mean) * splat<T>(scale));
  return scale;
}

// d: gradient of gain * normalised -> gradient of what was normalised, in place. The gain's own gradient is added to d_gain, and
// d, as it came, to d_bias where that is not null.
template <class T>
void normalise_backward(Segments s, T *d, const T *normalised, T scale, const T *gain, T *d_gain, T *d_bias) {
  const T count = static_cast<T>(s.count * s.H);
  T totals[2];
  sums_over<T>(
      s,
      [&](std::int64_t k, Vec<T> *term) {
        const Vec<T> given = load<T>(d + k), norm = load<T>(normalised + k);
        store<T>(d_gain + k, fma(given, norm, load<T>(d_gain + k)));
        if (d_bias)
          store<T>(d_bias + k, load<T>(d_bias + k) + given);
        term[0] = given * load<T>(gain + k);
        term[1] = term[0] * norm;
        store<T>(d + k, term[0]);
      },
      totals);
  const Vec<T> mean = splat<T>(totals[0] / count), slope = splat<T>(totals[1] / count);
  for (std::int64_t k = 0; k < s.count * s.width; k += LANES<T>)
    store<T>(d + k, (load<T>(d + k) - mean - load<T>(normalised + k) * slope) * splat<T>(scale));
}

} // namespace recurra::RECURRA_VARIANT
