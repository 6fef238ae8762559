// Weights in the order in which the tiles read them.
//
// Hidden units come in blocks of PANEL; a block has one column panel a slot (see the cells). Packed layers hold, one after the
// other: input panels [blocks][gates][I][PANEL], recurrent panels [blocks][gates][H][PANEL], start values (biases)
// [blocks][slots][PANEL], and then, where the layer has them: projection panels [blocks of R][H][PANEL], peephole weights
// [3][blocks * PANEL], gains of the input's and of the state's normalisation [gates][blocks * PANEL] each in PyTorch's order of
// gates, gain and bias of c's [blocks * PANEL] each. Units past H, and columns past R, have zero weights.
#pragma once

#include "api.hpp"
#include "team.hpp"

namespace recurra::RECURRA_VARIANT {

RECURRA_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

template <class T> RECURRA_INLINE std::int64_t blocks_of(std::int64_t units) {
  return (units + PANEL<T> - 1) / PANEL<T>;
}

// Packed values from which it pays to wake other threads for them.
constexpr std::int64_t WORTH_SHARING = 1 << 16;

template <class T, class Cell> struct PackedLayer {
  std::int64_t I, H, R, blocks;
  const T *x_panels, *h_panels, *start, *projection, *peephole, *gain_x, *gain_h, *c_gain, *c_bias;
  std::int64_t values = 0; // all sections together

  // `packed` may be null where only `values` is wanted.
  PackedLayer(LayerShape shape, const T *packed)
      : I(shape.input), H(shape.hidden), R(shape.output()), blocks(blocks_of<T>(shape.hidden)) {
    const std::int64_t width = blocks * PANEL<T>;
    const auto section = [&](bool there, std::int64_t count) {
      const T *begin = packed ? packed + values : nullptr;
      values += there ? count : 0;
      return begin;
    };
    x_panels = section(true, width * Cell::gates * I);
    h_panels = section(Cell::recurrent, width * Cell::gates * R);
    start = section(true, width * Cell::slots);
    projection = section(shape.projection, blocks_of<T>(R) * PANEL<T> * H);
    peephole = section(shape.peephole, 3 * width);
    gain_x = section(shape.layer_norm, Cell::gates * width);
    gain_h = section(shape.layer_norm, Cell::gates * width);
    c_gain = section(shape.layer_norm && Cell::has_c, width);
    c_bias = section(shape.layer_norm && Cell::has_c, width);
  }

  static std::int64_t size(LayerShape shape) { return PackedLayer(shape, nullptr).values; }
  // Panel of `slot` in block j, or null where that product does not reach the slot.
  const T *x_panel(std::int64_t j, int slot) const {
    const int g = slot - Cell::x_first;
    return g < 0 || g >= Cell::gates ? nullptr : x_panels + (j * Cell::gates + g) * I * PANEL<T>;
  }
  const T *h_panel(std::int64_t j, int slot) const {
    const int g = slot - Cell::h_first;
    return g < 0 || g >= Cell::gates ? nullptr : h_panels + (j * Cell::gates + g) * R * PANEL<T>;
  }
};

// to[c][r] = from[r][c] for a square of vectors of 16 bytes; rows lie `from_stride` and `to_stride` values apart.
RECURRA_INLINE void turn_square(const float *from, std::int64_t from_stride, float *to, std::int64_t to_stride) {
  typedef float Four __attribute__((vector_size(16)));
  Four r[4];
  for (int k = 0; k < 4; ++k)
    std::memcpy(&r[k], from + k * from_stride, 16);
  const Four low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Four low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  const Four out[4] = {
      __builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
      __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
  for (int k = 0; k < 4; ++k)
    std::memcpy(to + k * to_stride, &out[k], 16);
}

RECURRA_INLINE void turn_square(const double *from, std::int64_t from_stride, double *to, std::int64_t to_stride) {
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      to[c * to_stride + r] = from[r * from_stride + c];
}

// panel[k][u] = weight[u][k] for `units` rows of K values; zeros for the other units of the panel.
template <class T> void pack_rows(const T *weight, std::int64_t K, std::int64_t units, T *panel) {
  constexpr std::int64_t SIDE = 16 / sizeof(T);
  const std::int64_t whole_units = units / SIDE * SIDE, whole = K / SIDE * SIDE;
  for (std::int64_t k = 0; k < whole; k += SIDE)
    for (std::int64_t u = 0; u < whole_units; u += SIDE)
      turn_square(weight + u * K + k, K, panel + k * PANEL<T> + u, PANEL<T>);
  for (std::int64_t k = 0; k < K; ++k)
    for (std::int64_t u = k < whole ? whole_units : 0; u < PANEL<T>; ++u)
      panel[k * PANEL<T> + u] = u < units ? weight[u * K + k] : T(0);
}

// out[g * width + u] = values[g * H + u], zeros between H and the width.
template <class T> void pack_units(const T *values, int count, std::int64_t H, std::int64_t width, T *out) {
  for (int g = 0; g < count; ++g)
    for (std::int64_t u = 0; u < width; ++u)
      out[g * width + u] = u < H ? values[g * H + u] : T(0);
}

// The panels and start values of block j.
template <class T, class Cell>
void pack_block(const PackedLayer<T, Cell> &layer, const Weights<const T> &w, T *packed, std::int64_t j) {
  const std::int64_t H = layer.H, I = layer.I, R = layer.R, first = j * PANEL<T>, units = smaller(PANEL<T>, H - first);
  T *x_panel = packed + j * Cell::gates * I * PANEL<T>;
  T *h_panel = packed + (layer.h_panels - packed) + j * Cell::gates * R * PANEL<T>;
  T *start = packed + (layer.start - packed) + j * Cell::slots * PANEL<T>;
  for (int slot = 0; slot < Cell::slots; ++slot)
    for (std::int64_t u = 0; u < PANEL<T>; ++u)
      start[slot * PANEL<T> + u] = T(0);
  for (int g = 0; g < Cell::gates; ++g) {
    const std::int64_t x_row = Cell::x_gates[g] * H + first, h_row = Cell::h_gates[g] * H + first;
    pack_rows<T>(w.weight_ih + x_row * I, I, units, x_panel + g * I * PANEL<T>);
    if constexpr (Cell::recurrent)
      pack_rows<T>(w.weight_hh + h_row * R, R, units, h_panel + g * R * PANEL<T>);
    for (std::int64_t u = 0; u < units; ++u) {
      if (w.bias_ih)
        start[(Cell::x_first + g) * PANEL<T> + u] += w.bias_ih[x_row + u];
      if (w.bias_hh)
        start[(Cell::h_first + g) * PANEL<T> + u] += w.bias_hh[h_row + u];
    }
  }
}

template <class T, class Cell> void pack(LayerShape shape, const Weights<const T> &w, T *packed, int threads) {
  const PackedLayer<T, Cell> layer(shape, packed);
  const std::int64_t H = shape.hidden, R = layer.R, width = layer.blocks * PANEL<T>;
  const auto writable = [&](const T *section) { return packed + (section - packed); };
  Team team(layer.values < WORTH_SHARING ? 1 : threads);
  run(team, [&](int id) {
    for (std::int64_t j = layer.blocks * id / team.size(); j < layer.blocks * (id + 1) / team.size(); ++j)
      pack_block<T, Cell>(layer, w, packed, j);
  });
  if (shape.projection)
    for (std::int64_t p = 0; p < blocks_of<T>(R); ++p)
      pack_rows<T>(w.weight_hr + p * PANEL<T> * H, H, smaller(PANEL<T>, R - p * PANEL<T>),
                   writable(layer.projection) + p * H * PANEL<T>);
  if (shape.peephole) {
    pack_units(w.weight_ci, 1, H, width, writable(layer.peephole));
    pack_units(w.weight_cf, 1, H, width, writable(layer.peephole) + width);
    pack_units(w.weight_co, 1, H, width, writable(layer.peephole) + 2 * width);
  }
  if (shape.layer_norm) {
    pack_units(w.ln_ih_weight, Cell::gates, H, width, writable(layer.gain_x));
    pack_units(w.ln_hh_weight, Cell::gates, H, width, writable(layer.gain_h));
    if constexpr (Cell::has_c) {
      pack_units(w.ln_c_weight, 1, H, width, writable(layer.c_gain));
      pack_units(w.ln_c_bias, 1, H, width, writable(layer.c_bias));
    }
  }
}

} // namespace recurra::RECURRA_VARIANT
