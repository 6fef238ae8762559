// The row maths of Elman's cell, for layers with options; see cell_elman.hpp for the equation.
#pragma once

#include "cell_elman.hpp"
#include "row.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T, bool RELU> struct RowElman {
  using Packing = Elman<T, RELU>;
  static constexpr int gates = 1;
  static constexpr bool keeps_gates = false, has_c = false, plain = true, two_products = false, same_gradients = true;
  static constexpr bool keeps_extra(LayerShape) { return true; }

  static void forward(const Row<T> &row) {
    T *h = row.tape + row.parts->extra; // zoneout hides it from the output, and the slope needs it
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> z = load<T>(row.zx + u) + load<T>(row.zh + u);
      Vec<T> value;
      if constexpr (RELU)
        value = z < T(0) ? Vec<T>{} : z;
      else
        value = tanh<T>(z);
      store<T>(h + u, value);
      store<T>(row.m + u, value);
    }
  }

  static void backward(const Row<T> &row, const RowGradient<T> &d) {
    const T *h = row.tape + row.parts->extra;
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> value = load<T>(h + u), dm = load<T>(d.dm + u);
      if constexpr (RELU)
        store<T>(d.dzx + u, value > T(0) ? dm : Vec<T>{});
      else
        store<T>(d.dzx + u, dm * fma(-value, value, splat<T>(1)));
    }
  }
};

} // namespace recurra::RECURRA_VARIANT
