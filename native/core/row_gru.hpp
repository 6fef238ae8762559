// The row maths of the GRU with options, and of the GRU that resets before its recurrent product:
//   after:  n = tanh(zx_n + r zh_n), zh_n = W_hn h' + b_hn;   before: n = tanh(zx_n + zh_n), zh_n = W_hn (r h') + b_hn.
#pragma once

#include "cell_gru.hpp"
#include "row.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T, bool BEFORE> struct RowGru {
  using Packing = Gru<T, BEFORE>;
  static constexpr int gates = 3;
  // With reset before, the product of n starts from what the first half computes.
  static constexpr bool keeps_gates = true, has_c = false, plain = !BEFORE, two_products = BEFORE, same_gradients = false;
  static constexpr bool keeps_extra(LayerShape) { return true; }

  // r and z; with reset before also `extra` = r h', the input of n's product.
  static void forward_first(const Row<T> &row) {
    const std::int64_t W = row.width;
    T *r_ = row.tape + row.parts->gates, *z_ = r_ + W, *extra = row.tape + row.parts->extra;
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> r = sigmoid<T>(load<T>(row.zx + u) + load<T>(row.zh + u));
      store<T>(r_ + u, r);
      store<T>(z_ + u, sigmoid<T>(load<T>(row.zx + W + u) + load<T>(row.zh + W + u)));
      if constexpr (BEFORE)
        store<T>(extra + u, r * load<T>(row.h_masked + u));
    }
  }

  static void forward(const Row<T> &row) {
    if constexpr (!BEFORE)
      forward_first(row);
    const std::int64_t W = row.width;
    T *r_ = row.tape + row.parts->gates, *z_ = r_ + W, *n_ = z_ + W, *extra = row.tape + row.parts->extra;
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> x = load<T>(row.zx + 2 * W + u), h = load<T>(row.zh + 2 * W + u);
      Vec<T> n;
      if constexpr (BEFORE) {
        n = tanh<T>(x + h);
      } else {
        n = tanh<T>(fma(load<T>(r_ + u), h, x));
        store<T>(extra + u, h);
      }
      store<T>(n_ + u, n);
      store<T>(row.m + u, fma(load<T>(z_ + u), load<T>(row.h_before + u) - n, n));
    }
  }

  // All of dzx and dzh; with reset before those of r are still missing, see backward_second.
  static void backward(const Row<T> &row, const RowGradient<T> &d) {
    const std::int64_t W = row.width;
    const T *r_ = row.tape + row.parts->gates, *z_ = r_ + W, *n_ = z_ + W, *extra = row.tape + row.parts->extra;
    const Vec<T> one = splat<T>(1);
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> r = load<T>(r_ + u), z = load<T>(z_ + u), n = load<T>(n_ + u), dm = load<T>(d.dm + u);
      const Vec<T> dn = dm * (one - z) * fma(-n, n, one), dz = dm * (load<T>(row.h_before + u) - n) * fma(-z, z, z);
      store<T>(d.carry_h + u, fma(dm, z, load<T>(d.carry_h + u)));
      store<T>(d.dzx + W + u, dz);
      store<T>(d.dzh + W + u, dz);
      store<T>(d.dzx + 2 * W + u, dn);
      if constexpr (BEFORE) {
        store<T>(d.dzh + 2 * W + u, dn);
      } else {
        const Vec<T> dr = dn * load<T>(extra + u) * fma(-r, r, r);
        store<T>(d.dzx + u, dr);
        store<T>(d.dzh + u, dr);
        store<T>(d.dzh + 2 * W + u, dn * r);
      }
    }
  }

  // From the gradient of r h': that of r, and what reaches h' this way.
  static void backward_second(const Row<T> &row, const RowGradient<T> &d, const T *d_extra) {
    const T *r_ = row.tape + row.parts->gates;
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> r = load<T>(r_ + u), ds = load<T>(d_extra + u);
      const Vec<T> dr = ds * load<T>(row.h_masked + u) * fma(-r, r, r);
      const Vec<T> dh = d.mask ? ds * r * load<T>(d.mask + u) : ds * r;
      store<T>(d.dzx + u, dr);
      store<T>(d.dzh + u, dr);
      store<T>(d.carry_h + u, load<T>(d.carry_h + u) + dh);
    }
  }
};

} // namespace recurra::RECURRA_VARIANT
