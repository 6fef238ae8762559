// The cells whose gates do not see h' (Feng et al. 2024, "Were RNNs all we needed?"): a step is h = a h' + b, with a and b from
// the input's product alone.
//   minGRU:  z = sigmoid(zx_z);  a = 1 - z;  b = z n, n = zx_n.
//   minLSTM: i, f = sigmoid(zx_i), sigmoid(zx_f);  a = f / (f + i);  b = i / (f + i) n, n = zx_n.
#pragma once

#include "row.hpp"

namespace recurra::RECURRA_VARIANT {

template <int GATES> struct InputOnly {
  static constexpr int gates = GATES, slots = GATES, x_first = 0, h_first = 0;
  static constexpr bool has_c = false, recurrent = false;
  static constexpr int x_gates[] = {0, 1, 2}, h_gates[] = {0, 1, 2};
};

template <class T> struct RowMinGru {
  using Packing = InputOnly<2>;
  static constexpr int gates = 2;
  static constexpr bool keeps_gates = true, has_c = false, plain = false, two_products = false, same_gradients = true;
  static constexpr bool keeps_extra(LayerShape) { return false; }

  static void forward(const Row<T> &row) {
    T *z_ = row.tape + row.parts->gates, *n_ = z_ + row.width;
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> z = sigmoid<T>(load<T>(row.zx + u)), n = load<T>(row.zx + row.width + u);
      store<T>(z_ + u, z);
      store<T>(n_ + u, n);
      store<T>(row.m + u, fma(splat<T>(1) - z, load<T>(row.h_before + u), z * n));
    }
  }

  static void backward(const Row<T> &row, const RowGradient<T> &d) {
    const T *z_ = row.tape + row.parts->gates, *n_ = z_ + row.width;
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> z = load<T>(z_ + u), n = load<T>(n_ + u), dm = load<T>(d.dm + u);
      store<T>(d.dzx + u, dm * (n - load<T>(row.h_before + u)) * fma(-z, z, z));
      store<T>(d.dzx + row.width + u, dm * z);
      store<T>(d.carry_h + u, fma(dm, splat<T>(1) - z, load<T>(d.carry_h + u)));
    }
  }
};

template <class T> struct RowMinLstm {
  using Packing = InputOnly<3>;
  static constexpr int gates = 3;
  static constexpr bool keeps_gates = true, has_c = false, plain = false, two_products = false, same_gradients = true;
  static constexpr bool keeps_extra(LayerShape) { return true; }

  static void forward(const Row<T> &row) {
    T *i_ = row.tape + row.parts->gates, *f_ = i_ + row.width, *n_ = f_ + row.width, *keep_ = row.tape + row.parts->extra;
    const Vec<T> one = splat<T>(1);
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      // 1 / i and 1 / f, which closed gates make large but not infinite: f / (f + i) = (1 / i) / (1 / i + 1 / f).
      const Vec<T> per_i = one + limited_exp<T>(-load<T>(row.zx + u)), per_f = one + limited_exp<T>(-load<T>(row.zx + row.width + u));
      const Vec<T> keep = per_i / (per_i + per_f), n = load<T>(row.zx + 2 * row.width + u);
      store<T>(i_ + u, one / per_i);
      store<T>(f_ + u, one / per_f);
      store<T>(n_ + u, n);
      store<T>(keep_ + u, keep);
      store<T>(row.m + u, fma(keep, load<T>(row.h_before + u), (one - keep) * n));
    }
  }

  static void backward(const Row<T> &row, const RowGradient<T> &d) {
    const T *i_ = row.tape + row.parts->gates, *f_ = i_ + row.width, *n_ = f_ + row.width, *keep_ = row.tape + row.parts->extra;
    const Vec<T> one = splat<T>(1);
    for (std::int64_t u = 0; u < row.width; u += LANES<T>) {
      const Vec<T> keep = load<T>(keep_ + u), dm = load<T>(d.dm + u);
      // The gradient of log f - log i, of which keep is the sigmoid.
      const Vec<T> ratio = dm * (load<T>(row.h_before + u) - load<T>(n_ + u)) * fma(-keep, keep, keep);
      store<T>(d.dzx + u, -ratio * (one - load<T>(i_ + u)));
      store<T>(d.dzx + row.width + u, ratio * (one - load<T>(f_ + u)));
      store<T>(d.dzx + 2 * row.width + u, dm * (one - keep));
      store<T>(d.carry_h + u, fma(dm, keep, load<T>(d.carry_h + u)));
    }
  }
};

} // namespace recurra::RECURRA_VARIANT
