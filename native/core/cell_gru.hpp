// Cho et al. 2014, first version (reset after; PyTorch, cuDNN, Keras):
//   r, z = sigmoid(.) of W_ih x + b_ih + W_hh h' + b_hh;  n = tanh(W_in x + b_in + r (W_hn h' + b_hn));  h = (1 - z) n + z h'.
#pragma once

#include "activations.hpp"

namespace recurra::RECURRA_VARIANT {

// RESET_BEFORE is Cho's third version: n = tanh(W_in x + b_in + W_hn (r h') + b_hn). It shares weights and their packing; its
// steps are in row_gru.hpp.
template <class T, bool RESET_BEFORE> struct Gru {
  using V = Vec<T>;
  // n needs its two products apart, so there are four slots: n from x, r, z, n from h'. In this order both products, and both
  // their gradients, are contiguous: three slots from 0 on, three from 1 on.
  static constexpr int gates = 3, slots = 4, x_first = 0, h_first = 1, kept = 4;
  static constexpr bool has_c = false, recurrent = true;
  static constexpr int x_gates[] = {2, 0, 1}, h_gates[] = {0, 1, 2};

  RECURRA_INLINE static void squash(V (&a)[slots]) {
    a[1] = sigmoid<T>(a[1]);
    a[2] = sigmoid<T>(a[2]);
  }

  // `keep` (null in inference) receives r, z, n and the recurrent half of n's pre-activation.
  RECURRA_INLINE static V forward(const V (&a)[slots], V h_before, V &, V *keep) {
    const V r = a[1], z = a[2], n = tanh<T>(fma(r, a[3], a[0]));
    if (keep) {
      keep[0] = r;
      keep[1] = z;
      keep[2] = n;
      keep[3] = a[3];
    }
    return fma(z, h_before - n, n);
  }

  RECURRA_INLINE static void backward(const V *keep, V, V h_before, V, V dh, V &, V (&da)[slots], V &dh_direct) {
    const V r = keep[0], z = keep[1], n = keep[2], half = keep[3];
    const V one = splat<T>(1);
    da[0] = dh * (one - z) * fma(-n, n, one);
    da[1] = da[0] * half * fma(-r, r, r);
    da[2] = dh * (h_before - n) * fma(-z, z, z);
    da[3] = da[0] * r;
    dh_direct = dh * z;
  }
};

} // namespace recurra::RECURRA_VARIANT
