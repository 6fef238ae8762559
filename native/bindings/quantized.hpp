// A layer whose weights are rounded to fewer bits, as Python sees it: for single steps alone.
#pragma once

#include "packed.hpp"
#include "weights.hpp"

namespace recurra::bindings {

// Packed weights of one direction of one layer. Immutable, so any number of threads may use one.
class QuantizedLayer {
public:
  using Value = float;

  QuantizedLayer(const std::string &cell, const nb::dict &weights, const std::string &storage)
      : kernels_(kernels_of(storage)) {
    NamedArrays<In<float>> arrays(weights);
    shape_ = shape_of(cell_of(cell), arrays);
    const bool plain = !(shape_.peephole || shape_.projection || shape_.layer_norm);
    if (!plain || !named(shape_.cell).sees_state || shape_.cell == Cell::gru_reset_before)
      refuse(storage + " weights go with a plain rnn_tanh, rnn_relu, lstm or gru only");
    if (std::max(shape_.input, shape_.hidden) > MOST_QUANTIZED)
      refuse(storage + " weights go with at most " + std::to_string(MOST_QUANTIZED) + " inputs and units, got " +
             text({shape_.input, shape_.hidden}));
    Arguments arguments;
    const auto pointers = weights_of(arguments, arrays, shape_, arrays.has("bias_ih"));
    packed_ = Packed<float>(kernels_.packed_size(shape_));
    nb::gil_scoped_release release;
    kernels_.pack(shape_, pointers, packed_.get());
  }

  const LayerShape &shape() const { return shape_; }

  void step(const float *x, const float *h, const float *c, float *h_new, float *c_new, float, std::int64_t) const {
    kernels_.step({shape_, packed_.get(), x, h, c, h_new, c_new});
  }

  float noise_of(double zoneout) const {
    if (zoneout != 0)
      refuse("rounded weights take no zoneout, got " + std::to_string(zoneout));
    return 0;
  }

private:
  static const QuantizedKernels &kernels_of(const std::string &storage) {
    if (storage == "bfloat16")
      return variant().bfloat16;
    if (storage == "int8")
      return variant().int8;
    refuse("storage must be bfloat16 or int8, got '" + storage + "'");
  }

  const QuantizedKernels &kernels_;
  LayerShape shape_;
  Packed<float> packed_;
};

} // namespace recurra::bindings
