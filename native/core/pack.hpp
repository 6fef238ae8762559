// Weights in the order in which the tiles read them.
//
// Hidden units come in blocks of PANEL; a block has one column panel a slot (see the cells). Packed layers hold, one after the
// other: input panels [blocks][gates][I][PANEL], recurrent panels [blocks][gates][H][PANEL], start values (biases)
// [blocks][slots][PANEL]. Units past H have zero weights.
#pragma once

#include "api.hpp"
#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

RECURRA_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

template <class T> RECURRA_INLINE std::int64_t blocks_of(std::int64_t units) {
  return (units + PANEL<T> - 1) / PANEL<T>;
}

template <class T, class Cell> struct PackedLayer {
  std::int64_t I, H, blocks;
  const T *x_panels, *h_panels, *start;

  PackedLayer(LayerShape shape, const T *packed) : I(shape.input), H(shape.hidden), blocks(blocks_of<T>(shape.hidden)) {
    x_panels = packed;
    h_panels = x_panels + blocks * Cell::gates * I * PANEL<T>;
    start = h_panels + blocks * Cell::gates * H * PANEL<T>;
  }

  static std::int64_t size(LayerShape shape) {
    return blocks_of<T>(shape.hidden) * PANEL<T> * (Cell::gates * (shape.input + shape.hidden) + Cell::slots);
  }
  // Panel of `slot` in block j, or null where that product does not reach the slot.
  const T *x_panel(std::int64_t j, int slot) const {
    const int g = slot - Cell::x_first;
    return g < 0 || g >= Cell::gates ? nullptr : x_panels + (j * Cell::gates + g) * I * PANEL<T>;
  }
  const T *h_panel(std::int64_t j, int slot) const {
    const int g = slot - Cell::h_first;
    return g < 0 || g >= Cell::gates ? nullptr : h_panels + (j * Cell::gates + g) * H * PANEL<T>;
  }
};

// panel[k][u] = weight[u][k] for `units` rows of K values; zeros for the other units of the panel.
template <class T> void pack_rows(const T *weight, std::int64_t K, std::int64_t units, T *panel) {
  for (std::int64_t k = 0; k < K; ++k)
    for (std::int64_t u = 0; u < PANEL<T>; ++u)
      panel[k * PANEL<T> + u] = u < units ? weight[u * K + k] : T(0);
}

template <class T, class Cell> void pack(LayerShape shape, const Weights<const T> &w, T *packed) {
  const PackedLayer<T, Cell> layer(shape, packed);
  const std::int64_t H = shape.hidden, I = shape.input;
  T *x_panel = packed, *h_panel = packed + (layer.h_panels - packed), *start = packed + (layer.start - packed);
  for (std::int64_t j = 0; j < layer.blocks; ++j) {
    const std::int64_t first = j * PANEL<T>, units = smaller(PANEL<T>, H - first);
    for (int slot = 0; slot < Cell::slots; ++slot)
      for (std::int64_t u = 0; u < PANEL<T>; ++u)
        start[slot * PANEL<T> + u] = T(0);
    for (int g = 0; g < Cell::gates; ++g, x_panel += I * PANEL<T>, h_panel += H * PANEL<T>) {
      const std::int64_t x_row = Cell::x_gates[g] * H + first, h_row = Cell::h_gates[g] * H + first;
      pack_rows<T>(w.weight_ih + x_row * I, I, units, x_panel);
      pack_rows<T>(w.weight_hh + h_row * H, H, units, h_panel);
      for (std::int64_t u = 0; u < units; ++u) {
        if (w.bias_ih)
          start[(Cell::x_first + g) * PANEL<T> + u] += w.bias_ih[x_row + u];
        if (w.bias_hh)
          start[(Cell::h_first + g) * PANEL<T> + u] += w.bias_hh[h_row + u];
      }
    }
    start += Cell::slots * PANEL<T>;
  }
}

} // namespace recurra::RECURRA_VARIANT
