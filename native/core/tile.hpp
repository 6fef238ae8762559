// The register tile: rows of activations times panels of packed weights.
//
// Every output has one accumulator, and k runs upwards over the input and then over the state. So a row has the same bits
// whichever rows share its tile, however many there are and whichever thread computes it.
#pragma once

#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

// Rows of one tile: as many as keep the accumulators, one panel row and one broadcast in registers.
#if RECURRA_VECTOR_BYTES == 16 && !defined(__aarch64__)
constexpr int TILE_ROWS = 2;
#else
constexpr int TILE_ROWS = 6;
#endif

// A product's left side: `chunks` runs of `length` values, `stride` apart, in every row. One run is a plain row.
struct Runs {
  std::int64_t length, chunks = 1, stride = 0;
};

// c[p][r] += sum over k of rows[r][k] * panel p [k], for PANELS panels.
template <class T, int ROWS, int PANELS>
RECURRA_INLINE void accumulate(Vec<T> (&c)[PANELS][ROWS][VECS<T>], const T *const *rows, Runs runs,
                               const T *const (&panels)[PANELS]) {
  const T *a[ROWS], *b[PANELS];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
    a[r] = rows[r];
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
    b[p] = panels[p];
  for (std::int64_t chunk = 0; chunk < runs.chunks; ++chunk) {
    for (std::int64_t k = 0; k < runs.length; ++k) {
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p) {
        Vec<T> w[VECS<T>];
#pragma GCC unroll 16
        for (int v = 0; v < VECS<T>; ++v)
          w[v] = load<T>(b[p] + v * LANES<T>);
        b[p] += PANEL<T>;
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; ++r) {
          const Vec<T> value = splat<T>(a[r][k]);
#pragma GCC unroll 16
          for (int v = 0; v < VECS<T>; ++v)
            c[p][r][v] = fma(value, w[v], c[p][r][v]);
        }
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
      a[r] += runs.stride;
  }
}

// What one tile reads. `start` holds the accumulators' first values: a bias of one panel (row_stride 0) or one such row for
// every row of the tile. A null `x` or `h` leaves that product out.
template <class T> struct TileInput {
  const T *start;
  std::int64_t start_row_stride;
  const T *const *x;
  Runs x_runs;
  const T *x_panel;
  const T *const *h;
  Runs h_runs;
  const T *h_panel;
};

// out[r][PANEL] = start + x product + h product, for one panel. Not inlined: the loops then own all the registers.
template <class T, int ROWS> [[gnu::noinline]] void tile(T *out, const TileInput<T> &in) {
  Vec<T> c[1][ROWS][VECS<T>];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      c[0][r][v] = load<T>(in.start + r * in.start_row_stride + v * LANES<T>);
  if (in.x)
    accumulate<T, ROWS, 1>(c, in.x, in.x_runs, {in.x_panel});
  if (in.h)
    accumulate<T, ROWS, 1>(c, in.h, in.h_runs, {in.h_panel});
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      store<T>(out + r * PANEL<T> + v * LANES<T>, c[0][r][v]);
}

// One row, all slots of a block of units at once: with a single row the parallelism must come from the outputs. The input
// product fills GATES slots from X_FIRST on, the recurrent one GATES slots from H_FIRST on.
template <class T, int SLOTS, int GATES, int X_FIRST, int H_FIRST>
[[gnu::noinline]] void tile_one_row(T *out, const TileInput<T> &in) {
  Vec<T> c[SLOTS][1][VECS<T>];
#pragma GCC unroll 16
  for (int s = 0; s < SLOTS; ++s)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      c[s][0][v] = load<T>(in.start + s * PANEL<T> + v * LANES<T>);
  const auto part = [&](auto &all, int first, const T *const *rows, Runs runs, const T *panel) {
    Vec<T> some[GATES][1][VECS<T>];
#pragma GCC unroll 16
    for (int g = 0; g < GATES; ++g)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        some[g][0][v] = all[first + g][0][v];
    const T *panels[GATES];
#pragma GCC unroll 16
    for (int g = 0; g < GATES; ++g)
      panels[g] = panel + g * runs.length * PANEL<T>;
    accumulate<T, 1, GATES>(some, rows, runs, panels);
#pragma GCC unroll 16
    for (int g = 0; g < GATES; ++g)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        all[first + g][0][v] = some[g][0][v];
  };
  if (in.x)
    part(c, X_FIRST, in.x, in.x_runs, in.x_panel);
  if (in.h)
    part(c, H_FIRST, in.h, in.h_runs, in.h_panel);
#pragma GCC unroll 16
  for (int s = 0; s < SLOTS; ++s)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      store<T>(out + s * PANEL<T> + v * LANES<T>, c[s][0][v]);
}

// Calls f.operator()<ROWS>(first) on groups of nearly equal size that cover the rows [begin, end): 16 rows are 6 + 5 + 5.
template <class F> RECURRA_INLINE void in_row_groups(std::int64_t begin, std::int64_t end, F &&f) {
  std::int64_t left = end - begin;
  std::int64_t groups = (left + TILE_ROWS - 1) / TILE_ROWS;
  for (std::int64_t row = begin; groups > 0; --groups) {
    const std::int64_t size = (left + groups - 1) / groups;
    switch (size) {
#if !(RECURRA_VECTOR_BYTES == 16 && !defined(__aarch64__))
    case 6:
      f.template operator()<6>(row);
      break;
    case 5:
      f.template operator()<5>(row);
      break;
    case 4:
      f.template operator()<4>(row);
      break;
    case 3:
      f.template operator()<3>(row);
      break;
#endif
    case 2:
      f.template operator()<2>(row);
      break;
    default:
      f.template operator()<1>(row);
    }
    row += size;
    left -= size;
  }
}

} // namespace recurra::RECURRA_VARIANT
