// Products of some rows with a packed matrix: what the layers with options, and linear maps, are made of.
#pragma once

#include "tile.hpp"

namespace recurra::RECURRA_VARIANT {

// One column panel of a product: where its weights begin, where its PANEL results go within an output row, and the values to
// which the products are added.
template <class T> struct Column {
  const T *panel;
  std::int64_t at;
  const T *start;
};

template <class T> alignas(64) inline constexpr T NOTHING[PANEL<T>] = {};

// out[r * out_stride + columns[p].at ...] = start + rows[r] times panel p, for ROWS rows and PANELS panels at once.
template <class T, int ROWS, int PANELS>
[[gnu::noinline]] void columns_tile(const Column<T> *columns, const T *const *rows, Runs runs, T *out, std::int64_t out_stride) {
  Vec<T> c[PANELS][ROWS][VECS<T>];
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v) {
      const Vec<T> start = load<T>(columns[p].start + v * LANES<T>);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r)
        c[p][r][v] = start;
    }
  const T *panels[PANELS];
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
    panels[p] = columns[p].panel;
  accumulate<T, ROWS, PANELS>(c, rows, runs, panels);
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        store<T>(out + r * out_stride + columns[p].at + v * LANES<T>, c[p][r][v]);
}

// All rows [0, count) times the panels [from, to); column(p) describes panel p. An output has one accumulator and k runs
// upwards, so its bits depend on neither the number of rows nor the grouping.
template <class T, class F>
void multiply(const T *const *rows, std::int64_t count, Runs runs, std::int64_t from, std::int64_t to, F &&column, T *out,
              std::int64_t out_stride) {
  const int most = panels_at_once<T>(count < TILE_ROWS ? count : TILE_ROWS);
  Column<T> columns[8];
  for (std::int64_t p = from; p < to;) {
    const int known = static_cast<int>(to - p < most ? to - p : most);
    for (int k = 0; k < known; ++k)
      columns[k] = column(p + k);
    in_row_groups(0, count, [&]<int ROWS>(std::int64_t row) {
      in_panel_groups<T, ROWS>(0, known, [&]<int PANELS>(std::int64_t k) {
        columns_tile<T, ROWS, PANELS>(columns + k, rows + row, runs, out + row * out_stride, out_stride);
      });
    });
    p += known;
  }
}

} // namespace recurra::RECURRA_VARIANT
