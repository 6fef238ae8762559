// Elman 1990: h = f(W_ih x + b_ih + W_hh h' + b_hh), f = tanh or ReLU.
#pragma once

#include "activations.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T, bool RELU> struct Elman {
  using V = Vec<T>;
  // Slots are the columns of pre-activations that a unit needs; the input product fills `gates` of them from x_first on, the
  // recurrent product from h_first on. `kept` columns a unit go to the tape for the backward pass.
  static constexpr int gates = 1, slots = 1, x_first = 0, h_first = 0, kept = 0;
  static constexpr bool has_c = false, recurrent = true;
  static constexpr int x_gates[] = {0}, h_gates[] = {0}; // PyTorch's gate number in each slot

  // The gates that wait for nothing but their own pre-activations, in place. Apart from forward(), which takes what this gives, so
  // that a processor works on many of them at once.
  RECURRA_INLINE static void squash(V (&)[slots]) {}

  RECURRA_INLINE static V forward(const V (&z)[slots], V, V &, V *) {
    if constexpr (RELU)
      return z[0] < T(0) ? V{} : z[0];
    else
      return tanh<T>(z[0]);
  }

  // h is this step's output; dz is written, dh_direct is the part of the gradient that reaches h' past the product.
  RECURRA_INLINE static void backward(const V *, V h, V, V, V dh, V &, V (&dz)[slots], V &dh_direct) {
    if constexpr (RELU)
      dz[0] = h > T(0) ? dh : V{};
    else
      dz[0] = dh * fma(-h, h, splat<T>(1));
    dh_direct = V{};
  }
};

} // namespace recurra::RECURRA_VARIANT
