// The kernels of quantised weights, every storage with every plain cell.
#pragma once

#include "cell_elman.hpp"
#include "cell_gru.hpp"
#include "cell_lstm.hpp"
#include "step_bfloat16.hpp"
#include "step_int8.hpp"

namespace recurra::RECURRA_VARIANT {

// Calls f.operator()<C>() with the maths of a plain cell.
template <class F> auto with_quantized_cell(Cell cell, F &&f) {
  switch (cell) {
  case Cell::elman_tanh:
    return f.template operator()<Elman<float, false>>();
  case Cell::elman_relu:
    return f.template operator()<Elman<float, true>>();
  case Cell::lstm:
    return f.template operator()<Lstm<float>>();
  default:
    return f.template operator()<Gru<float, false>>();
  }
}

template <class Storage> constexpr QuantizedKernels quantized_kernels() {
  return {
      [](LayerShape shape) {
        return with_quantized_cell(shape.cell, [&]<class C>() { return QuantizedLayer<Storage, C>(shape, nullptr).words; });
      },
      [](LayerShape shape, const Weights<const float> &w, void *packed) {
        with_quantized_cell(shape.cell, [&]<class C>() { pack_quantized<Storage, C>(shape, w, static_cast<Word *>(packed)); });
      },
      [](const QuantizedStepArgs &args) {
        Team alone(1);
        run(alone, [&](int) { with_quantized_cell(args.shape.cell, [&]<class C>() { step_quantized<Storage, C>(args); }); });
      },
  };
}

} // namespace recurra::RECURRA_VARIANT
