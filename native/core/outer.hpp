// Weight gradients: one large product over all live steps, after the time loop. Raggedness costs nothing here, since dead steps
// are not among the rows.
#pragma once

#include "forward.hpp"

namespace recurra::RECURRA_VARIANT {

// w[ROWS][w_stride] (+)= sum over k of a[k][ROWS]^T b[k][PANELS][PANEL]. Rows of `a` are PANEL apart. Not inlined: the loop then
// owns all the registers.
template <class T, int ROWS, int PANELS>
[[gnu::noinline]] void outer_tile(T *w, std::int64_t w_stride, const T *a, const T *b, std::int64_t steps, bool add) {
  Vec<T> c[PANELS][ROWS][VECS<T>] = {};
  for (std::int64_t k = 0; k < steps; ++k, a += PANEL<T>, b += PANELS * PANEL<T>) {
    Vec<T> row[PANELS][VECS<T>];
#pragma GCC unroll 16
    for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        row[p][v] = load<T>(b + p * PANEL<T> + v * LANES<T>);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r) {
      const Vec<T> value = splat<T>(a[r]);
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
        for (int v = 0; v < VECS<T>; ++v)
          c[p][r][v] = fma(value, row[p][v], c[p][r][v]);
    }
  }
  const auto write = [&](auto &&sum) {
#pragma GCC unroll 16
    for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < VECS<T>; ++v) {
          T *to = w + r * w_stride + p * PANEL<T> + v * LANES<T>;
          store<T>(to, sum(to, c[p][r][v]));
        }
  };
  if (add)
    write([](const T *old, Vec<T> value) { return load<T>(old) + value; });
  else
    write([](const T *, Vec<T> value) { return value; });
}

// The same for the first `columns` columns alone.
template <class T, int ROWS, int PANELS>
void outer_tile(T *w, std::int64_t w_stride, std::int64_t columns, const T *a, const T *b, std::int64_t steps, bool add) {
  constexpr std::int64_t WIDTH = PANELS * PANEL<T>;
  if (columns >= WIDTH)
    return outer_tile<T, ROWS, PANELS>(w, w_stride, a, b, steps, add);
  alignas(64) T sums[ROWS * WIDTH];
  outer_tile<T, ROWS, PANELS>(sums, WIDTH, a, b, steps, false);
  for (int r = 0; r < ROWS; ++r)
    for (std::int64_t k = 0; k < columns; ++k)
      w[r * w_stride + k] = add ? w[r * w_stride + k] + sums[r * WIDTH + k] : sums[r * WIDTH + k];
}

// Gradients of pre-activations, one row of `stride` values a live step. The PANEL values of block j and slot number s begin at
// j * block_stride + s * slot_stride.
template <class T> struct GradientRows {
  const T *data;
  std::int64_t total, stride, block_stride, slot_stride;
};

// One product's share: weight[gates[g] * H + unit][k] = sum over live steps q of dz[q][unit, slot first + g] * features[q][k] for
// its `count` gates, and bias (null: not wanted) the sum of dz alone. `features` holds `total` pointers to rows of K values.
template <class T> struct OuterProduct {
  const T *const *features;
  std::int64_t K;
  int first, count;
  const int *gates;
  T *weight, *bias;
};

template <class T> struct Outer {
  static constexpr std::int64_t CHUNK = 256; // steps whose panels stay in the nearest caches
  static constexpr int WIDE = panels_at_once<T>(TILE_ROWS);
  const GradientRows<T> &dz;
  std::int64_t H;
  int slots;

  // The columns [from, to) of dz, block after block and slot after slot within a block, of steps [q, q + count) side by side:
  // a[column][count][PANEL]; `sums` [column][PANEL] grows by their sums.
  void pack_gradients(std::int64_t q, std::int64_t count, std::int64_t from, std::int64_t to, T *a, T *sums) const {
    for (std::int64_t column = from; column < to; ++column, a += CHUNK * PANEL<T>, sums += PANEL<T>) {
      const T *source = dz.data + q * dz.stride + column / slots * dz.block_stride + column % slots * dz.slot_stride;
      Vec<T> sum[VECS<T>];
      for (int v = 0; v < VECS<T>; ++v)
        sum[v] = load<T>(sums + v * LANES<T>);
      for (std::int64_t i = 0; i < count; ++i)
        for (int v = 0; v < VECS<T>; ++v) {
          const Vec<T> value = load<T>(source + i * dz.stride + v * LANES<T>);
          store<T>(a + i * PANEL<T> + v * LANES<T>, value);
          sum[v] = sum[v] + value;
        }
      for (int v = 0; v < VECS<T>; ++v)
        store<T>(sums + v * LANES<T>, sum[v]);
    }
  }

  template <int PANELS> static void pack_features(const T *const *rows, std::int64_t count, std::int64_t k, std::int64_t K, T *b) {
    const std::int64_t width = smaller(PANELS * PANEL<T>, K - k);
    for (std::int64_t i = 0; i < count; ++i, b += PANELS * PANEL<T>) {
      if (width == PANELS * PANEL<T>) {
        std::memcpy(b, rows[i] + k, PANELS * PANEL<T> * sizeof(T));
      } else {
        std::memcpy(b, rows[i] + k, width * sizeof(T));
        std::memset(b + width, 0, (PANELS * PANEL<T> - width) * sizeof(T));
      }
    }
  }

  // One product's weights, for the columns [from, to) of dz, from the packed steps [q, q + count).
  void multiply(const OuterProduct<T> &product, std::int64_t q, std::int64_t count, std::int64_t from, std::int64_t to, const T *a,
                T *b) const {
    const std::int64_t K = product.K;
    in_panel_groups<T, TILE_ROWS>(0, blocks_of<T>(K), [&]<int PANELS>(std::int64_t panel) {
      const std::int64_t k = panel * PANEL<T>;
      pack_features<PANELS>(product.features + q, count, k, K, b);
      for (std::int64_t column = from; column < to; ++column) {
        const std::int64_t gate = column % slots - product.first, unit = column / slots * PANEL<T>;
        if (gate < 0 || gate >= product.count)
          continue;
        T *w = product.weight + (product.gates[gate] * H + unit) * K + k;
        in_row_groups(0, smaller(PANEL<T>, H - unit), [&]<int ROWS>(std::int64_t u) {
          outer_tile<T, ROWS, PANELS>(w + u * K, K, K - k, a + (column - from) * CHUNK * PANEL<T> + u, b, count, q > 0);
        });
      }
    });
  }

  void bias(const OuterProduct<T> &product, std::int64_t from, std::int64_t to, const T *sums) const {
    for (std::int64_t column = from; column < to; ++column) {
      const std::int64_t gate = column % slots - product.first, unit = column / slots * PANEL<T>;
      if (product.bias && gate >= 0 && gate < product.count)
        std::memcpy(product.bias + product.gates[gate] * H + unit, sums + (column - from) * PANEL<T>,
                    smaller(PANEL<T>, H - unit) * sizeof(T));
    }
  }
};

// The weight gradients of some products that share one dz of `slots` slots a block.
template <class T, std::size_t PRODUCTS>
void outer(Team &team, Workspace &space, const GradientRows<T> &dz, std::int64_t H, int slots,
           const OuterProduct<T> (&products)[PRODUCTS]) {
  using Part = Outer<T>;
  const Part part{dz, H, slots};
  const std::int64_t columns = blocks_of<T>(H) * slots, each = (columns + team.size() - 1) / team.size();
  if (!dz.total)
    for (const OuterProduct<T> &product : products)
      for (int g = 0; g < product.count; ++g) {
        std::memset(product.weight + product.gates[g] * H * product.K, 0, H * product.K * sizeof(T));
        if (product.bias)
          std::memset(product.bias + product.gates[g] * H, 0, H * sizeof(T));
      }
  if (!dz.total)
    return;
  const std::int64_t a_size = each * Part::CHUNK * PANEL<T>, b_size = Part::WIDE * Part::CHUNK * PANEL<T>;
  const std::int64_t own = a_size + b_size + each * PANEL<T>;
  T *scratch = take<T>(space, team.size() * own);
  run(team, [&](int id) {
    const std::int64_t from = smaller(columns, each * id), to = smaller(columns, each * (id + 1));
    T *a = scratch + id * own, *b = a + a_size, *sums = b + b_size;
    std::memset(sums, 0, each * PANEL<T> * sizeof(T));
    for (std::int64_t q = 0; from < to && q < dz.total; q += Part::CHUNK) {
      const std::int64_t count = smaller(Part::CHUNK, dz.total - q);
      part.pack_gradients(q, count, from, to, a, sums);
      for (const OuterProduct<T> &product : products)
        part.multiply(product, q, count, from, to, a, b);
    }
    for (const OuterProduct<T> &product : products)
      part.bias(product, from, to, sums);
  });
}

} // namespace recurra::RECURRA_VARIANT
