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

// COUNT sums over all values of all segments, for each of ROWS rows at once, so that no row's additions wait for one another:
// term(row, offset, vectors) gives each sum's vector for the values from there on.
template <class T, int ROWS, int COUNT, class F> RECURRA_INLINE void sums_over(Segments s, F &&term, T (&totals)[ROWS][COUNT]) {
  Vec<T> sums[ROWS][COUNT][VECS<T>] = {};
  const auto add = [&](std::int64_t offset, int v, std::int64_t units) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r) {
      Vec<T> terms[COUNT];
      term(r, offset, terms);
#pragma GCC unroll 16
      for (int k = 0; k < COUNT; ++k)
        sums[r][k][v] = sums[r][k][v] + keep_first<T>(terms[k], units);
    }
  };
  const std::int64_t whole = s.H / PANEL<T> * PANEL<T>;
  for (int g = 0; g < s.count; ++g) {
    for (std::int64_t u = 0; u < whole; u += PANEL<T>)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        add(g * s.width + u + v * LANES<T>, v, LANES<T>);
    if (whole < s.H)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        add(g * s.width + whole + v * LANES<T>, v, s.H - whole - v * LANES<T>);
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
    for (int k = 0; k < COUNT; ++k)
      totals[r][k] = fold<T>(sums[r][k]);
}

// Calls write(row, segment, unit, (values - mean) / sqrt(variance + eps)) for every vector of ROWS rows; scales[row] becomes
// 1 / sqrt(variance + eps).
template <class T, int ROWS, class F>
RECURRA_INLINE void normalise(Segments s, const T *const (&values)[ROWS], T (&scales)[ROWS], F &&write) {
  const T count = static_cast<T>(s.count * s.H);
  T total[ROWS][1];
  sums_over<T, ROWS, 1>(s, [&](int r, std::int64_t k, Vec<T> *term) { term[0] = load<T>(values[r] + k); }, total);
  T means[ROWS];
  for (int r = 0; r < ROWS; ++r)
    means[r] = total[r][0] / count;
  sums_over<T, ROWS, 1>(
      s,
      [&](int r, std::int64_t k, Vec<T> *term) {
        const Vec<T> centred = load<T>(values[r] + k) - splat<T>(means[r]);
        term[0] = centred * centred;
      },
      total);
  for (int r = 0; r < ROWS; ++r)
    scales[r] = T(1) / static_cast<T>(__builtin_sqrt(total[r][0] / count + T(1e-5)));
  for (int g = 0; g < s.count; ++g)
    for (std::int64_t u = 0; u < s.width; u += LANES<T>)
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r)
        write(r, g, u, (load<T>(values[r] + g * s.width + u) - splat<T>(means[r])) * splat<T>(scales[r]));
}

// d: gradients of gain * normalised, of ROWS rows -> out: of what was normalised; out may be d. The gain's own gradient is added
// to d_gain, and d to d_bias where that is not null.
template <class T, int ROWS>
void normalise_backward(Segments s, const T *const (&d)[ROWS], T *const (&out)[ROWS], const T *const (&normalised)[ROWS],
                        const T (&scales)[ROWS], const T *gain, T *d_gain, T *d_bias) {
  const T count = static_cast<T>(s.count * s.H);
  T totals[ROWS][2];
  Vec<T> gain_sum{}, bias_sum{};
  sums_over<T, ROWS, 2>(
      s,
      [&](int r, std::int64_t k, Vec<T> *term) {
        const Vec<T> given = load<T>(d[r] + k), norm = load<T>(normalised[r] + k);
        gain_sum = fma(given, norm, r ? gain_sum : load<T>(d_gain + k));
        if (d_bias)
          bias_sum = given + (r ? bias_sum : load<T>(d_bias + k));
        if (r == ROWS - 1) {
          store<T>(d_gain + k, gain_sum);
          if (d_bias)
            store<T>(d_bias + k, bias_sum);
        }
        term[0] = given * load<T>(gain + k);
        term[1] = term[0] * norm;
      },
      totals);
  T means[ROWS], slopes[ROWS];
  for (int r = 0; r < ROWS; ++r) {
    means[r] = totals[r][0] / count;
    slopes[r] = totals[r][1] / count;
  }
  for (std::int64_t k = 0; k < s.count * s.width; k += LANES<T>)
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r) {
      const Vec<T> centred = load<T>(d[r] + k) * load<T>(gain + k) - splat<T>(means[r]);
      store<T>(out[r] + k, (centred - load<T>(normalised[r] + k) * splat<T>(slopes[r])) * splat<T>(scales[r]));
    }
}

} // namespace recurra::RECURRA_VARIANT
