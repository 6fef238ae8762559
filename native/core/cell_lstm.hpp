// Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000:
//   i, f, o = sigmoid(.), g = tanh(.), each of W_ih x + b_ih + W_hh h' + b_hh;  c = f c' + i g;  h = o tanh c.
#pragma once

#include "activations.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T> struct Lstm {
  using V = Vec<T>;
  static constexpr int gates = 4, slots = 4, x_first = 0, h_first = 0, kept = 5;
  static constexpr bool has_c = true, recurrent = true;
  static constexpr int x_gates[] = {0, 1, 2, 3}, h_gates[] = {0, 1, 2, 3}; // i, f, g, o
  static constexpr int kept_c = 4;

  RECURRA_INLINE static void squash(V (&z)[slots]) {
    z[0] = sigmoid<T>(z[0]);
    z[1] = sigmoid<T>(z[1]);
    z[2] = tanh<T>(z[2]);
    z[3] = sigmoid<T>(z[3]);
  }

  // c comes in as c' and goes out as c; `keep` (null in inference) receives i, f, g, o, c.
  RECURRA_INLINE static V forward(const V (&gates)[slots], V, V &c, V *keep) {
    const V i = gates[0], f = gates[1], g = gates[2], o = gates[3];
    c = fma(f, c, i * g);
    if (keep) {
      keep[0] = i;
      keep[1] = f;
      keep[2] = g;
      keep[3] = o;
      keep[4] = c;
    }
    return o * tanh<T>(c);
  }

  // dc comes in as the gradient of c from later steps and goes out as that of c'.
  RECURRA_INLINE static void backward(const V *keep, V, V, V c_before, V dh, V &dc, V (&dz)[slots], V &dh_direct) {
    const V i = keep[0], f = keep[1], g = keep[2], o = keep[3];
    const V tanh_c = tanh<T>(keep[4]);
    const V one = splat<T>(1);
    dc = fma(dh * o, fma(-tanh_c, tanh_c, one), dc);
    dz[0] = dc * g * fma(-i, i, i);
    dz[1] = dc * c_before * fma(-f, f, f);
    dz[2] = dc * i * fma(-g, g, one);
    dz[3] = dh * tanh_c * fma(-o, o, o);
    dc = dc * f;
    dh_direct = V{};
  }
};

} // namespace recurra::RECURRA_VARIANT
