// The register tile: rows of activations times panels of packed weights.
//
// Every output has one accumulator, and k runs upwards over the input and then over the state. So a row has the same bits
// whichever rows share its tile, however many there are and whichever thread computes it.
#pragma once

#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

// Rows of one tile, and the processor's vector registers.
#if RECURRA_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int TILE_ROWS = 6, REGISTERS = 32;
#elif RECURRA_VECTOR_BYTES == 32
constexpr int TILE_ROWS = 6, REGISTERS = 16;
#else
constexpr int TILE_ROWS = 2, REGISTERS = 16;
#endif

// Panels that a tile of `rows` rows holds: few rows need several, or the adders wait for their own results. The registers take
// the accumulators, a row of every panel and a broadcast; with one row, which uses each value of a panel once, fewer.
template <class T> constexpr int panels_at_once(std::int64_t rows) {
  const auto fits = [&](int panels) {
    return rows == 1 ? 2 * panels * VECS<T> <= REGISTERS : (rows + 1) * panels * VECS<T> < REGISTERS;
  };
  return fits(8) ? 8 : fits(4) ? 4 : fits(2) ? 2 : 1;
}

// A product's left side: `chunks` runs of `length` values, `stride` apart, in every row. One run is a plain row.
struct Runs {
  std::int64_t length, chunks = 1, stride = 0;
};

// c[place of p][r] += sum over k of rows[r][k] * panels[p][k]. The panels go into GATES accumulators of every SLOTS, from FIRST on.
template <class T, int ROWS, int PANELS, int SLOTS = PANELS, int FIRST = 0, int GATES = PANELS>
RECURRA_INLINE void accumulate(Vec<T> (*c)[ROWS][VECS<T>], const T *const *rows, Runs runs, const T *const *panels) {
  const T *a[ROWS], *b[PANELS];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; ++r)
    a[r] = rows[r];
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
    b[p] = panels[p];
  for (std::int64_t chunk = 0; chunk < runs.chunks; ++chunk) {
    for (std::int64_t k = 0; k < runs.length; ++k) {
      Vec<T> w[PANELS][VECS<T>];
#pragma GCC unroll 16
      for (int p = 0; p < PANELS; ++p) {
#pragma GCC unroll 16
        for (int v = 0; v < VECS<T>; ++v)
          w[p][v] = load<T>(b[p] + v * LANES<T>);
        b[p] += PANEL<T>;
      }
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r) {
        const Vec<T> value = splat<T>(a[r][k]);
#pragma GCC unroll 16
        for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
          for (int v = 0; v < VECS<T>; ++v) {
            Vec<T> &sum = c[p / GATES * SLOTS + FIRST + p % GATES][r][v];
            sum = fma(value, w[p][v], sum);
          }
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
      a[r] += runs.stride;
  }
}

// Calls f.operator()<ROWS>(first) on groups of nearly equal size that cover the rows [begin, end): 16 rows are 6 + 5 + 5.
template <class F> RECURRA_INLINE void in_row_groups(std::int64_t begin, std::int64_t end, F &&f) {
  std::int64_t left = end - begin;
  std::int64_t groups = (left + TILE_ROWS - 1) / TILE_ROWS;
  for (std::int64_t row = begin; groups > 0; --groups) {
    const std::int64_t size = (left + groups - 1) / groups;
    switch (size) {
#if RECURRA_VECTOR_BYTES > 16 || defined(__aarch64__)
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

// Calls f(first) for every group of `size` from begin to end, or from the last group to the first in every second turn.
template <class F>
RECURRA_INLINE void in_turns(std::int64_t turn, std::int64_t begin, std::int64_t end, std::int64_t size, F &&f) {
  const std::int64_t groups = (end - begin + size - 1) / size;
  for (std::int64_t g = 0; g < groups; ++g)
    f(begin + (turn % 2 ? groups - 1 - g : g) * size);
}

// Calls f.operator()<PANELS>(first) on groups of panels that cover [begin, end): as many at once as fit beside ROWS rows, then
// half as many, and so on.
template <class T, int ROWS, int PANELS = panels_at_once<T>(ROWS), class F>
RECURRA_INLINE void in_panel_groups(std::int64_t begin, std::int64_t end, F &&f) {
  for (; begin + PANELS <= end; begin += PANELS)
    f.template operator()<PANELS>(begin);
  if constexpr (PANELS > 1)
    if (begin < end)
      in_panel_groups<T, ROWS, PANELS / 2>(begin, end, f);
}

} // namespace recurra::RECURRA_VARIANT
