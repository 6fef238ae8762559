// Weight gradients: one large product over all live steps, after the time loop. Raggedness costs nothing here, since dead steps
// are not among the rows.
#pragma once

#include "forward.hpp"

namespace recurra::RECURRA_VARIANT {

// c[ROWS][PANEL] += sum over k of a[k][ROWS]^T b[k][PANEL].
template <class T, int ROWS> [[gnu::noinline]] void outer_tile(T *c, const T *a, const T *b, std::int64_t steps) {
  Vec<T> sum[ROWS][VECS<T>];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      sum[r][v] = load<T>(c + r * PANEL<T> + v * LANES<T>);
  for (std::int64_t k = 0; k < steps; ++k, a += ROWS, b += PANEL<T>) {
    Vec<T> row[VECS<T>];
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      row[v] = load<T>(b + v * LANES<T>);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r) {
      const Vec<T> value = splat<T>(a[r]);
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        sum[r][v] = fma(value, row[v], sum[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      store<T>(c + r * PANEL<T> + v * LANES<T>, sum[r][v]);
}

// Gradients of pre-activations, one row of `stride` values a live step. The PANEL values of block j and gate number g of some
// product begin at j * block_stride + g * gate_stride.
template <class T> struct GradientRows {
  const T *data;
  std::int64_t total, stride, block_stride, gate_stride;
};

// weight[gates[g] * H + unit][k] = sum over live steps q of dz[q][unit of g] * features[q][k], and bias[...] the sum of dz alone.
// `features` holds `total` pointers to rows of K values.
template <class T>
void outer(Team &team, Workspace &space, const T *const *features, std::int64_t K, const GradientRows<T> &dz, int gate_count,
           const int *gates, std::int64_t H, T *weight, T *bias) {
  constexpr std::int64_t CHUNK = 384; // steps whose features and one panel stay in cache
  const std::int64_t panels = blocks_of<T>(H) * gate_count;
  T *sums = take_zeros<T>(space, panels * K * PANEL<T>);
  T *bias_sums = take_zeros<T>(space, panels * PANEL<T>);
  T *packed = take<T>(space, team.size() * CHUNK * (K + PANEL<T>));
  run(team, [&](int id) {
    T *a = packed + id * CHUNK * (K + PANEL<T>), *b = a + CHUNK * K;
    const std::int64_t from = panels * id / team.size(), to = panels * (id + 1) / team.size();
    for (std::int64_t q = 0; q < dz.total; q += CHUNK) {
      const std::int64_t count = smaller(CHUNK, dz.total - q);
      in_row_groups(0, K, [&]<int ROWS>(std::int64_t k) {
        for (std::int64_t i = 0; i < count; ++i)
          for (int r = 0; r < ROWS; ++r)
            a[k * count + i * ROWS + r] = features[q + i][k + r];
      });
      for (std::int64_t panel = from; panel < to; ++panel) {
        const std::int64_t column = panel / gate_count * dz.block_stride + panel % gate_count * dz.gate_stride;
        Vec<T> total[VECS<T>];
        for (int v = 0; v < VECS<T>; ++v)
          total[v] = load<T>(bias_sums + panel * PANEL<T> + v * LANES<T>);
        for (std::int64_t i = 0; i < count; ++i)
          for (int v = 0; v < VECS<T>; ++v) {
            const Vec<T> value = load<T>(dz.data + (q + i) * dz.stride + column + v * LANES<T>);
            store<T>(b + i * PANEL<T> + v * LANES<T>, value);
            total[v] = total[v] + value;
          }
        for (int v = 0; v < VECS<T>; ++v)
          store<T>(bias_sums + panel * PANEL<T> + v * LANES<T>, total[v]);
        in_row_groups(0, K, [&]<int ROWS>(std::int64_t k) {
          outer_tile<T, ROWS>(sums + (panel * K + k) * PANEL<T>, a + k * count, b, count);
        });
      }
    }
    for (std::int64_t panel = from; panel < to; ++panel) {
      const std::int64_t first = panel / gate_count * PANEL<T>, units = smaller(PANEL<T>, H - first);
      const std::int64_t row = gates[panel % gate_count] * H + first;
      for (std::int64_t u = 0; u < units; ++u) {
        for (std::int64_t k = 0; k < K; ++k)
          weight[(row + u) * K + k] = sums[(panel * K + k) * PANEL<T> + u];
        if (bias)
          bias[row + u] = bias_sums[panel * PANEL<T> + u];
      }
    }
  });
}

} // namespace recurra::RECURRA_VARIANT
