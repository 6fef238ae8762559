// All kernels for one vector width and one precision, as kernels_float.cpp and kernels_double.cpp compile them.
#pragma once

#include "backward.hpp"
#include "rows_backward.hpp"

namespace recurra::RECURRA_VARIANT {

// Calls f.operator()<C>() with the row maths of the cell; C::Packing is its plain form.
template <class T, class F> auto with_cell(Cell cell, F &&f) {
  switch (cell) {
  case Cell::elman_tanh:
    return f.template operator()<RowElman<T, false>>();
  case Cell::elman_relu:
    return f.template operator()<RowElman<T, true>>();
  case Cell::lstm:
    return f.template operator()<RowLstm<T>>();
  case Cell::gru:
    return f.template operator()<RowGru<T, false>>();
  case Cell::gru_reset_before:
    return f.template operator()<RowGru<T, true>>();
  case Cell::min_gru:
    return f.template operator()<RowMinGru<T>>();
  default:
    return f.template operator()<RowMinLstm<T>>();
  }
}

// Plain cells run in one fused pass; whatever an option touches needs whole rows.
inline bool plain(LayerShape shape, bool noise) {
  return !(noise || shape.projection || shape.peephole || shape.layer_norm);
}

template <class T> std::int64_t packed_linear_size(std::int64_t inputs, std::int64_t outputs) {
  return blocks_of<T>(outputs) * PANEL<T> * (inputs + 1);
}

// Panels [blocks][inputs][PANEL], then start values [blocks][PANEL].
template <class T>
void pack_linear(std::int64_t inputs, std::int64_t outputs, const T *weight, const T *bias, T *packed) {
  const std::int64_t blocks = blocks_of<T>(outputs);
  T *start = packed + blocks * inputs * PANEL<T>;
  for (std::int64_t j = 0; j < blocks; ++j) {
    const std::int64_t first = j * PANEL<T>, units = smaller(PANEL<T>, outputs - first);
    pack_rows<T>(weight + first * inputs, inputs, units, packed + first * inputs);
    for (std::int64_t u = 0; u < PANEL<T>; ++u)
      start[first + u] = bias && u < units ? bias[first + u] : T(0);
  }
}

template <class T> void linear(const LinearArgs<T> &args) {
  const std::int64_t blocks = blocks_of<T>(args.outputs);
  const T *start = args.packed + blocks * args.inputs * PANEL<T>;
  Team team(args.threads);
  run(team, [&](int id) {
    const std::int64_t from = args.rows * id / team.size(), to = args.rows * (id + 1) / team.size();
    in_gradient_tiles<T>(0, from, to, 0, blocks, [&]<int ROWS, int PANELS>(std::int64_t row, std::int64_t j) {
      alignas(64) T out[ROWS * PANELS * PANEL<T>];
      const T *x[ROWS];
      for (int r = 0; r < ROWS; ++r)
        x[r] = args.x + (row + r) * args.inputs;
      Column<T> columns[PANELS];
      for (int p = 0; p < PANELS; ++p)
        columns[p] = {args.packed + (j + p) * args.inputs * PANEL<T>, p * PANEL<T>, start + (j + p) * PANEL<T>};
      columns_tile<T, ROWS, PANELS>(columns, x, {args.inputs}, out, PANELS * PANEL<T>);
      for (int r = 0; r < ROWS; ++r)
        std::memcpy(args.y + (row + r) * args.outputs + j * PANEL<T>, out + r * PANELS * PANEL<T>,
                    smaller(PANELS * PANEL<T>, args.outputs - j * PANEL<T>) * sizeof(T));
    });
  });
}

template <class T> void activations(const T *x, T *sigmoids, T *tanhs, std::int64_t count) {
  for (std::int64_t k = 0; k < count; k += LANES<T>) {
    const Vec<T> v = load_first<T>(x + k, count - k);
    store_first<T>(sigmoids + k, sigmoid<T>(v), count - k);
    store_first<T>(tanhs + k, tanh<T>(v), count - k);
  }
}

template <class T> constexpr Kernels<T> kernels() {
  return {
      [](LayerShape shape) {
        return with_cell<T>(shape.cell, [&]<class C>() { return PackedLayer<T, typename C::Packing>::size(shape); });
      },
      [](LayerShape shape, bool noise) {
        return with_cell<T>(shape.cell, [&]<class C>() {
          if constexpr (C::plain)
            if (plain(shape, noise))
              return blocks_of<T>(shape.hidden) * std::int64_t{C::Packing::kept} * PANEL<T>;
          return row_tape<T, C>(shape).size;
        });
      },
      [](LayerShape shape, const Weights<const T> &w, T *packed, int threads) {
        with_cell<T>(shape.cell, [&]<class C>() { pack<T, typename C::Packing>(shape, w, packed, threads); });
      },
      [](const ForwardArgs<T> &args) {
        with_cell<T>(args.shape.cell, [&]<class C>() {
          if constexpr (C::plain)
            if (plain(args.shape, args.noise.any()))
              return forward<T, typename C::Packing>(args);
          rows_forward<T, C>(args);
        });
      },
      [](const BackwardArgs<T> &args) {
        with_cell<T>(args.shape.cell, [&]<class C>() {
          if constexpr (C::plain)
            if (plain(args.shape, args.noise.any()))
              return backward<T, typename C::Packing>(args);
          rows_backward<T, C>(args);
        });
      },
      [](const StepArgs<T> &args) {
        with_cell<T>(args.shape.cell, [&]<class C>() {
          if constexpr (C::plain)
            if (plain(args.shape, args.zoneout != 0)) {
              Team alone(1);
              return run(alone, [&](int) { step<T, typename C::Packing>(args); });
            }
          rows_step<T, C>(args);
        });
      },
      [](LayerShape shape) {
        return with_cell<T>(shape.cell, [&]<class C>() {
          return C::plain && plain(shape, false) ? blocks_of<T>(shape.hidden) * std::int64_t{C::Packing::slots} * PANEL<T> : 0;
        });
      },
      [](const ProjectArgs<T> &args) {
        with_cell<T>(args.shape.cell, [&]<class C>() {
          if constexpr (C::plain) {
            Team alone(1);
            run(alone, [&](int) { project_rows<T, typename C::Packing>(args); });
          }
        });
      },
      packed_linear_size<T>,
      pack_linear<T>,
      linear<T>,
      activations<T>,
  };
}

} // namespace recurra::RECURRA_VARIANT
