// The row maths of the LSTM with options: peepholes (Gers & Schmidhuber 2000), normalised c (Ba et al. 2016), zoneout of c
// (Krueger et al. 2016). See cell_lstm.hpp for the plain equations.
//   i, f see c', o sees the new c;  c_new = f c' + i g;  m = o tanh(LN(c_new));  c = keep c' + (1 - keep) c_new.
#pragma once

#include "cell_lstm.hpp"
#include "row.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T> struct RowLstm {
  using Packing = Lstm<T>;
  static constexpr int gates = 4;
  static constexpr bool keeps_gates = true, has_c = true, plain = true, two_products = false, same_gradients = true;
  static constexpr bool keeps_extra(LayerShape shape) { return shape.projection != 0; }

  // All but m, in whose place is c_new.
  static void forward(const Row<T> &row) {
    const std::int64_t W = row.width;
    T *i_ = row.tape + row.parts->gates, *f_ = i_ + W, *g_ = f_ + W, *o_ = g_ + W, *c_ = row.tape + row.parts->c;
    const auto z = [&](int gate, std::int64_t u) { return load<T>(row.zx + gate * W + u) + load<T>(row.zh + gate * W + u); };
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> before = load<T>(row.c + u);
      Vec<T> zi = z(0, u), zf = z(1, u), zo = z(3, u);
      if (row.shape->peephole) {
        zi = fma(load<T>(row.peephole + u), before, zi);
        zf = fma(load<T>(row.peephole + W + u), before, zf);
      }
      const Vec<T> i = sigmoid<T>(zi), f = sigmoid<T>(zf), g = tanh<T>(z(2, u));
      const Vec<T> c = fma(f, before, i * g);
      if (row.shape->peephole)
        zo = fma(load<T>(row.peephole + 2 * W + u), c, zo);
      store<T>(i_ + u, i);
      store<T>(f_ + u, f);
      store<T>(g_ + u, g);
      store<T>(o_ + u, sigmoid<T>(zo));
      store<T>(row.m + u, c);
      const Vec<T> carried = mix<T>(kept_share(row.keep_c, row.zoneout, u, row.shape->hidden), before, c);
      store<T>(row.c + u, carried);
      store<T>(c_ + u, carried);
    }
  }

  // From c_new, normalised where that is to be, in row.m.
  static void forward_output(const Row<T> &row) {
    const std::int64_t W = row.width;
    const T *o_ = row.tape + row.parts->gates + 3 * W;
    for (std::int64_t u = 0; u < W; u += LANES<T>)
      store<T>(row.m + u, load<T>(o_ + u) * tanh<T>(shown(row, row.m, u)));
    if (row.shape->projection)
      std::memcpy(row.tape + row.parts->extra, row.m, W * sizeof(T)); // its weights want it
  }

  // The gradient of o, and of c_new as the output shows it. row.c holds c' and nothing is written to it.
  static void backward_output(const Row<T> &row, const RowGradient<T> &d) {
    const std::int64_t W = row.width;
    const T *i_ = row.tape + row.parts->gates, *f_ = i_ + W, *g_ = f_ + W, *o_ = g_ + W;
    const Vec<T> one = splat<T>(1);
    for (std::int64_t u = 0; u < W; u += LANES<T>)
      store<T>(d.c_new + u, fma(load<T>(f_ + u), load<T>(row.c + u), load<T>(i_ + u) * load<T>(g_ + u)));
    const T *seen = row.shape->layer_norm ? row.tape + row.parts->norm_c : d.c_new;
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> o = load<T>(o_ + u), dm = load<T>(d.dm + u), t = tanh<T>(shown(row, seen, u));
      store<T>(d.dc + u, dm * o * fma(-t, t, one));
      store<T>(d.dzx + 3 * W + u, dm * t * fma(-o, o, o));
    }
  }

  static void backward(const Row<T> &row, const RowGradient<T> &d) {
    const std::int64_t W = row.width;
    const T *i_ = row.tape + row.parts->gates, *f_ = i_ + W, *g_ = f_ + W;
    const Vec<T> one = splat<T>(1);
    for (std::int64_t u = 0; u < W; u += LANES<T>) {
      const Vec<T> i = load<T>(i_ + u), f = load<T>(f_ + u), g = load<T>(g_ + u), before = load<T>(row.c + u);
      const Vec<T> keep = kept_share(row.keep_c, row.zoneout, u, row.shape->hidden), later = load<T>(d.carry_c + u);
      const Vec<T> dzo = load<T>(d.dzx + 3 * W + u);
      Vec<T> dc_new = load<T>(d.dc + u) + (one - keep) * later;
      if (row.shape->peephole)
        dc_new = fma(dzo, load<T>(row.peephole + 2 * W + u), dc_new);
      const Vec<T> dzi = dc_new * g * fma(-i, i, i), dzf = dc_new * before * fma(-f, f, f);
      Vec<T> d_before = fma(keep, later, dc_new * f);
      if (row.shape->peephole) {
        d_before = fma(dzi, load<T>(row.peephole + u), d_before);
        d_before = fma(dzf, load<T>(row.peephole + W + u), d_before);
        const auto add = [&](int k, Vec<T> dz, Vec<T> c) {
          T *sum = d.d_peephole + k * W + u;
          store<T>(sum, fma(dz, c, load<T>(sum)));
        };
        add(0, dzi, before);
        add(1, dzf, before);
        add(2, dzo, load<T>(d.c_new + u));
      }
      store<T>(d.dzx + u, dzi);
      store<T>(d.dzx + W + u, dzf);
      store<T>(d.dzx + 2 * W + u, dc_new * i * fma(-g, g, one));
      store<T>(d.carry_c + u, d_before);
    }
  }

private:
  // c as the output tanh sees it.
  RECURRA_INLINE static Vec<T> shown(const Row<T> &row, const T *c, std::int64_t u) {
    return row.shape->layer_norm ? fma(load<T>(c + u), load<T>(row.c_gain + u), load<T>(row.c_bias + u)) : load<T>(c + u);
  }
};

} // namespace recurra::RECURRA_VARIANT
