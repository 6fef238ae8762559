// One step with quantised weights: the layout of their panels, and the tile that every storage and cell shares.
//
// A storage puts PER weights of a unit into a word of 32 bits, so that a line of one word a unit serves PER steps of k. A panel
// is the lines of PANEL units, then TAIL lines of the storage's own. Packed layers hold, one after the other, input panels
// [blocks][gates][lines of I][PANEL], recurrent panels [blocks][gates][lines of H][PANEL], and start values (biases, in single
// precision) [blocks][slots][PANEL]. Units past H, and values past I or H, have zero weights.
#pragma once

#include "forward.hpp"

namespace recurra::RECURRA_VARIANT {

using Word = std::uint32_t;
constexpr int UNITS = PANEL<float>;

RECURRA_INLINE VecInt<float> load_words(const Word *p) {
  VecInt<float> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class Storage, class Cell> struct QuantizedLayer {
  std::int64_t I, H, blocks, x_lines, h_lines;
  const Word *x_panels, *h_panels;
  const float *start;
  std::int64_t words;

  // `packed` may be null where only `words` is wanted.
  QuantizedLayer(LayerShape shape, const Word *packed)
      : I(shape.input), H(shape.hidden), blocks(blocks_of<float>(H)), x_lines(lines_of(I)), h_lines(lines_of(H)) {
    const std::int64_t panels = blocks * Cell::gates, x_words = panels * x_lines * UNITS, h_words = panels * h_lines * UNITS;
    words = x_words + h_words + blocks * Cell::slots * UNITS;
    x_panels = packed;
    h_panels = packed ? packed + x_words : nullptr;
    start = packed ? reinterpret_cast<const float *>(h_panels + h_words) : nullptr;
  }

  static std::int64_t lines_of(std::int64_t K) { return (K + Storage::PER - 1) / Storage::PER + Storage::TAIL; }
};

template <class Storage, class Cell> void pack_quantized(LayerShape shape, const Weights<const float> &w, Word *packed) {
  const QuantizedLayer<Storage, Cell> layer(shape, packed);
  std::memset(packed, 0, layer.words * sizeof(Word));
  const auto writable = [&](const auto *section) {
    return const_cast<std::remove_const_t<std::remove_pointer_t<decltype(section)>> *>(section);
  };
  Word *x_panel = packed, *h_panel = writable(layer.h_panels);
  float *start = writable(layer.start);
  for (std::int64_t j = 0; j < layer.blocks; ++j) {
    const std::int64_t first = j * UNITS, units = smaller(UNITS, layer.H - first);
    for (int g = 0; g < Cell::gates; ++g) {
      const std::int64_t x_row = Cell::x_gates[g] * layer.H + first, h_row = Cell::h_gates[g] * layer.H + first;
      for (std::int64_t u = 0; u < units; ++u) {
        Storage::pack(w.weight_ih + (x_row + u) * layer.I, layer.I, x_panel + u);
        Storage::pack(w.weight_hh + (h_row + u) * layer.H, layer.H, h_panel + u);
        if (w.bias_ih)
          start[(Cell::x_first + g) * UNITS + u] += w.bias_ih[x_row + u];
        if (w.bias_hh)
          start[(Cell::h_first + g) * UNITS + u] += w.bias_hh[h_row + u];
      }
      x_panel += layer.x_lines * UNITS;
      h_panel += layer.h_lines * UNITS;
    }
    start += Cell::slots * UNITS;
  }
}

// Panels whose sums a tile keeps in registers.
constexpr int QUANTIZED_PANELS = RECURRA_VECTOR_BYTES == 64 ? 8 : RECURRA_VECTOR_BYTES == 32 ? 4 : 2;

// Adds the products of PANELS panels, the first of them number BEGIN of the tile, to their slots of z [blocks][slots][UNITS].
// Not inlined: the loop then owns all the registers.
template <class Storage, class Cell, int FIRST, int BEGIN, int PANELS>
[[gnu::noinline]] void add_products(float *z, const typename Storage::Input &input, const Word *panels, std::int64_t lines) {
  const auto place = [&](int p) { return z + ((BEGIN + p) / Cell::gates * Cell::slots + FIRST + (BEGIN + p) % Cell::gates) * UNITS; };
  Vec<float> sums[PANELS][VECS<float>];
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<float>; ++v)
      sums[p][v] = load<float>(place(p) + v * LANES<float>);
  Storage::template add<PANELS>(sums, input, panels + BEGIN * lines * UNITS, lines * UNITS);
#pragma GCC unroll 16
  for (int p = 0; p < PANELS; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<float>; ++v)
      store<float>(place(p) + v * LANES<float>, sums[p][v]);
}

template <class Storage, class Cell, int FIRST, int END, int BEGIN = 0>
RECURRA_INLINE void add_all(float *z, const typename Storage::Input &input, const Word *panels, std::int64_t lines) {
  if constexpr (BEGIN < END) {
    constexpr int PANELS = END - BEGIN < QUANTIZED_PANELS ? END - BEGIN : QUANTIZED_PANELS;
    add_products<Storage, Cell, FIRST, BEGIN, PANELS>(z, input, panels, lines);
    add_all<Storage, Cell, FIRST, END, BEGIN + PANELS>(z, input, panels, lines);
  }
}

template <class Storage, class Cell, int BLOCKS>
void quantized_tile(const QuantizedStepArgs &args, const QuantizedLayer<Storage, Cell> &layer, std::int64_t j,
                    const typename Storage::Input &x, const typename Storage::Input &h) {
  constexpr int BLOCK = Cell::slots * UNITS, PANELS = BLOCKS * Cell::gates;
  alignas(64) float z[BLOCKS * BLOCK];
  std::memcpy(z, layer.start + j * BLOCK, sizeof z);
  add_all<Storage, Cell, Cell::x_first, PANELS>(z, x, layer.x_panels + j * Cell::gates * layer.x_lines * UNITS, layer.x_lines);
  add_all<Storage, Cell, Cell::h_first, PANELS>(z, h, layer.h_panels + j * Cell::gates * layer.h_lines * UNITS, layer.h_lines);
  one_row_gates<float, Cell, BLOCKS>(z, args, layer.H, j);
}

// Blocks of a tile: a power of two whose panels fit.
template <class Cell> constexpr int quantized_blocks() {
  int blocks = 1;
  while (2 * blocks * Cell::gates <= QUANTIZED_PANELS)
    blocks *= 2;
  return blocks;
}

template <class Storage, class Cell> void step_quantized(const QuantizedStepArgs &args) {
  const QuantizedLayer<Storage, Cell> layer(args.shape, static_cast<const Word *>(args.packed));
  Workspace space;
  const typename Storage::Input x(args.x, layer.I, space), h(args.h, layer.H, space);
  constexpr int BLOCKS = quantized_blocks<Cell>();
  std::int64_t j = 0;
  for (; j + BLOCKS <= layer.blocks; j += BLOCKS)
    quantized_tile<Storage, Cell, BLOCKS>(args, layer, j, x, h);
  if constexpr (BLOCKS > 1)
    for (; j < layer.blocks; ++j)
      quantized_tile<Storage, Cell, 1>(args, layer, j, x, h);
}

} // namespace recurra::RECURRA_VARIANT
