// Weight gradients: one large product over all live steps, after the time loop. Raggedness costs nothing here, since dead steps
// are not among the rows.
#pragma once

#include <span>

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

// One thread's part of the weight gradients: some columns of dz, of all products that share it. Columns go block after block, and
// slot after slot within a block. Steps are added chunk by chunk; finish() then writes the biases.
template <class T> class Outer {
public:
  static constexpr std::int64_t CHUNK = 256; // steps whose panels stay in the nearest caches

  Outer(Workspace &space, int id, int threads, std::int64_t H, int slots)
      : H_(H), slots_(slots), from_(blocks_of<T>(H) * slots * id / threads), to_(blocks_of<T>(H) * slots * (id + 1) / threads),
        gradients_(take<T>(space, (to_ - from_) * CHUNK * PANEL<T>)), features_(take<T>(space, WIDE * CHUNK * PANEL<T>)),
        sums_(take_zeros<T>(space, (to_ - from_) * PANEL<T>)) {}

  // Adds the steps of dz, whose features are those from number `first` on.
  void add(const GradientRows<T> &dz, std::int64_t first, std::span<const OuterProduct<T>> products) {
    for (std::int64_t q = 0; from_ < to_ && q < dz.total; q += CHUNK) {
      const std::int64_t count = smaller(CHUNK, dz.total - q);
      pack_gradients(dz, q, count);
      for (const OuterProduct<T> &product : products)
        multiply(product, first + q, count);
      fresh_ = false;
    }
  }

  void finish(std::span<const OuterProduct<T>> products) const {
    for (const OuterProduct<T> &product : products)
      for (std::int64_t column = from_; column < to_; ++column) {
        const std::int64_t gate = column % slots_ - product.first, unit = column / slots_ * PANEL<T>;
        if (gate < 0 || gate >= product.count)
          continue;
        const std::int64_t row = product.gates[gate] * H_ + unit, units = smaller(PANEL<T>, H_ - unit);
        if (product.bias)
          std::memcpy(product.bias + row, sums_ + (column - from_) * PANEL<T>, units * sizeof(T));
        if (fresh_) // no step at all
          std::memset(product.weight + row * product.K, 0, units * product.K * sizeof(T));
      }
  }

private:
  static constexpr int WIDE = panels_at_once<T>(TILE_ROWS);
  std::int64_t H_;
  int slots_;
  std::int64_t from_, to_; // columns
  T *gradients_;           // [column][CHUNK][PANEL]
  T *features_;            // [CHUNK][up to WIDE panels]
  T *sums_;                // [column][PANEL]
  bool fresh_ = true;

  void pack_gradients(const GradientRows<T> &dz, std::int64_t q, std::int64_t count) {
    T *a = gradients_, *sums = sums_;
    for (std::int64_t column = from_; column < to_; ++column, a += CHUNK * PANEL<T>, sums += PANEL<T>) {
      const T *source = dz.data + q * dz.stride + column / slots_ * dz.block_stride + column % slots_ * dz.slot_stride;
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

  template <int PANELS> void pack_features(const T *const *rows, std::int64_t count, std::int64_t k, std::int64_t K) {
    const std::int64_t width = smaller(PANELS * PANEL<T>, K - k);
    T *b = features_;
    for (std::int64_t i = 0; i < count; ++i, b += PANELS * PANEL<T>) {
      if (width == PANELS * PANEL<T>) {
        std::memcpy(b, rows[i] + k, PANELS * PANEL<T> * sizeof(T));
      } else {
        std::memcpy(b, rows[i] + k, width * sizeof(T));
        std::memset(b + width, 0, (PANELS * PANEL<T> - width) * sizeof(T));
      }
    }
  }

  void multiply(const OuterProduct<T> &product, std::int64_t first, std::int64_t count) {
    const std::int64_t K = product.K;
    in_panel_groups<T, TILE_ROWS>(0, blocks_of<T>(K), [&]<int PANELS>(std::int64_t panel) {
      const std::int64_t k = panel * PANEL<T>;
      pack_features<PANELS>(product.features + first, count, k, K);
      for (std::int64_t column = from_; column < to_; ++column) {
        const std::int64_t gate = column % slots_ - product.first, unit = column / slots_ * PANEL<T>;
        if (gate < 0 || gate >= product.count)
          continue;
        T *w = product.weight + (product.gates[gate] * H_ + unit) * K + k;
        in_row_groups(0, smaller(PANEL<T>, H_ - unit), [&]<int ROWS>(std::int64_t u) {
          outer_tile<T, ROWS, PANELS>(w + u * K, K, K - k, gradients_ + (column - from_) * CHUNK * PANEL<T> + u, features_, count,
                                      !fresh_);
        });
      }
    });
  }
};

// The same for a whole team, each member of which calls add() and finish().
template <class T> class SharedOuter {
public:
  SharedOuter(Workspace &space, const Team &team, std::int64_t H, int slots, std::initializer_list<OuterProduct<T>> products)
      : products_(products) {
    for (int id = 0; id < team.size(); ++id)
      parts_.emplace_back(space, id, team.size(), H, slots);
  }

  // A team may turn out smaller than it was.
  void add(const Team &team, int id, const GradientRows<T> &dz, std::int64_t first) {
    for (int part = id; part < static_cast<int>(parts_.size()); part += team.size())
      parts_[part].add(dz, first, products_);
  }
  void finish(const Team &team, int id) const {
    for (int part = id; part < static_cast<int>(parts_.size()); part += team.size())
      parts_[part].finish(products_);
  }

private:
  std::vector<OuterProduct<T>> products_;
  std::vector<Outer<T>> parts_;
};

// Steps of a batch in chunks, the last one first, whose rows fit into `capacity`.
struct ChunkOfSteps {
  std::int64_t begin, end, capacity;

  ChunkOfSteps(const Batch &batch, std::int64_t at_least)
      : begin(batch.steps), end(batch.steps), capacity(batch.rows > at_least ? batch.rows : at_least) {}

  // The chunk before this one in time.
  ChunkOfSteps before(const Batch &batch) const {
    ChunkOfSteps chunk = *this;
    chunk.end = begin;
    chunk.begin = begin - 1;
    while (chunk.begin > 0 && batch.first[chunk.end] - batch.first[chunk.begin - 1] <= capacity)
      --chunk.begin;
    return chunk;
  }
  std::int64_t first(const Batch &batch) const { return batch.first[begin]; }
  std::int64_t rows(const Batch &batch) const { return batch.first[end] - batch.first[begin]; }
  // Number of a row of this chunk's step s among all of its rows.
  std::int64_t at(const Batch &batch, std::int64_t s, std::int64_t p) const { return batch.first[s] - batch.first[begin] + p; }
};

} // namespace recurra::RECURRA_VARIANT
