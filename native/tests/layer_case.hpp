// A random layer problem in buffers of the exact size, and the calls that solve it.
#pragma once

#include <random>
#include <vector>

#include "api.hpp"

template <class T> struct LayerResult {
  std::vector<T> y, h_n, c_n, tape;
};

template <class T> struct LayerGradient {
  std::vector<T> x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, weight_ci, weight_cf, weight_co, ln_ih, ln_hh, ln_c,
      ln_c_bias;
};

template <class T> struct LayerCase {
  recurra::LayerShape shape;
  std::int64_t gates, steps, rows;
  bool reverse;
  std::vector<std::int64_t> lengths;
  std::vector<T> weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, weight_ci, weight_cf, weight_co, ln_ih, ln_hh, ln_c, ln_c_bias;
  std::vector<T> x, h0, c0, dy, dh_n, dc_n;

  LayerCase() = default;

  LayerCase(recurra::Cell cell, std::mt19937 &random, bool options = false) {
    const auto below = [&](int limit) { return static_cast<std::int64_t>(random() % limit); };
    shape = {cell, 1 + below(20), 1 + (below(4) ? below(40) : below(160))}; // sometimes more panels than a tile holds
    using recurra::Cell;
    gates = cell == Cell::lstm                                                                      ? 4
            : cell == Cell::gru || cell == Cell::gru_reset_before || cell == Cell::min_lstm ? 3
            : cell == Cell::min_gru                                                                 ? 2
                                                                                                    : 1;
    shape.layer_norm = options && cell != Cell::min_gru && cell != Cell::min_lstm && below(2);
    shape.peephole = options && has_c() && below(2);
    shape.projection = options && has_c() && shape.hidden > 1 && below(2) ? 1 + below(static_cast<int>(shape.hidden) - 1) : 0;
    steps = 1 + below(7);
    rows = 1 + below(15);
    reverse = below(2);
    for (std::int64_t n = 0; n < rows; ++n)
      lengths.push_back(below(static_cast<int>(steps) + 1));
    std::normal_distribution<double> normal(0, 0.5);
    const auto fill = [&](std::vector<T> &values, std::int64_t count) {
      for (std::int64_t k = 0; k < count; ++k)
        values.push_back(static_cast<T>(normal(random)));
    };
    const std::int64_t I = shape.input, H = shape.hidden, R = shape.output();
    fill(weight_ih, gates * H * I);
    const bool sees_state = cell != Cell::min_gru && cell != Cell::min_lstm; // the others have neither of these
    fill(weight_hh, sees_state ? gates * H * R : 0);
    fill(bias_ih, gates * H);
    fill(bias_hh, sees_state ? gates * H : 0);
    fill(weight_hr, shape.projection * H);
    for (std::vector<T> *peephole : {&weight_ci, &weight_cf, &weight_co})
      fill(*peephole, shape.peephole ? H : 0);
    for (std::vector<T> *gain : {&ln_ih, &ln_hh})
      fill(*gain, shape.layer_norm ? gates * H : 0);
    for (std::vector<T> *of_c : {&ln_c, &ln_c_bias})
      fill(*of_c, shape.layer_norm && has_c() ? H : 0);
    fill(x, steps * rows * I);
    fill(dy, steps * rows * R);
    for (std::vector<T> *state : {&h0, &dh_n})
      fill(*state, rows * R);
    for (std::vector<T> *state : {&c0, &dc_n})
      fill(*state, rows * H);
  }

  LayerCase<float> single() const {
    LayerCase<float> out;
    out.shape = shape;
    out.gates = gates;
    out.steps = steps;
    out.rows = rows;
    out.reverse = reverse;
    out.lengths = lengths;
    const auto copy = [](const std::vector<T> &from, std::vector<float> &to) { to.assign(from.begin(), from.end()); };
    copy(weight_ih, out.weight_ih);
    copy(weight_hh, out.weight_hh);
    copy(bias_ih, out.bias_ih);
    copy(bias_hh, out.bias_hh);
    copy(weight_hr, out.weight_hr);
    copy(weight_ci, out.weight_ci);
    copy(weight_cf, out.weight_cf);
    copy(weight_co, out.weight_co);
    copy(ln_ih, out.ln_ih);
    copy(ln_hh, out.ln_hh);
    copy(ln_c, out.ln_c);
    copy(ln_c_bias, out.ln_c_bias);
    copy(x, out.x);
    copy(h0, out.h0);
    copy(c0, out.c0);
    copy(dy, out.dy);
    copy(dh_n, out.dh_n);
    copy(dc_n, out.dc_n);
    return out;
  }

  // The layer's weights, or gradients of the same sizes.
  template <class P, class From> static recurra::Weights<P> pointers(From &from) {
    return {from.weight_ih.data(), from.weight_hh.data(), from.bias_ih.data(), from.bias_hh.data(), from.weight_hr.data(),
            from.weight_ci.data(), from.weight_cf.data(), from.weight_co.data(), from.ln_ih.data(),  from.ln_hh.data(),
            from.ln_c.data(),      from.ln_c_bias.data()};
  }

  bool has_c() const { return shape.cell == recurra::Cell::lstm; }

  // The packed weights, somewhere in `room`.
  const T *pack(const recurra::Kernels<T> &kernels, std::vector<T> &room) const {
    room.resize(kernels.packed_size(shape) + 64 / sizeof(T)); // packed weights are aligned to 64 bytes
    T *packed = room.data();
    while (reinterpret_cast<std::uintptr_t>(packed) % 64)
      ++packed;
    kernels.pack(shape, pointers<const T>(*this), packed, 2);
    return packed;
  }

  LayerResult<T> forward(const recurra::Kernels<T> &kernels, int threads) const {
    const std::int64_t I = shape.input, H = shape.hidden, R = shape.output();
    std::vector<T> room;
    const T *packed = pack(kernels, room);
    LayerResult<T> out;
    out.y.resize(steps * rows * R);
    out.h_n.resize(rows * R);
    out.c_n.resize(has_c() ? rows * H : 0);
    out.tape.resize(steps * rows * kernels.tape_per_step(shape, false));
    kernels.forward({shape, packed, steps, rows, lengths.data(), reverse, {x.data(), rows * I, I}, h0.data(),
                     has_c() ? c0.data() : nullptr, {out.y.data(), rows * R, R}, out.h_n.data(),
                     has_c() ? out.c_n.data() : nullptr, out.tape.data(), threads});
    return out;
  }

  LayerGradient<T> backward(const recurra::Kernels<T> &kernels, const LayerResult<T> &result, int threads) const {
    const std::int64_t I = shape.input, R = shape.output();
    LayerGradient<T> out;
    const auto size = [](std::vector<T> &gradient, const std::vector<T> &like) { gradient.resize(like.size()); };
    size(out.x, x);
    size(out.h0, h0);
    size(out.c0, c0);
    size(out.weight_ih, weight_ih);
    size(out.weight_hh, weight_hh);
    size(out.bias_ih, bias_ih);
    size(out.bias_hh, bias_hh);
    size(out.weight_hr, weight_hr);
    size(out.weight_ci, weight_ci);
    size(out.weight_cf, weight_cf);
    size(out.weight_co, weight_co);
    size(out.ln_ih, ln_ih);
    size(out.ln_hh, ln_hh);
    size(out.ln_c, ln_c);
    size(out.ln_c_bias, ln_c_bias);
    kernels.backward({shape, pointers<const T>(*this), steps, rows, lengths.data(), reverse, {x.data(), rows * I, I}, h0.data(),
                      has_c() ? c0.data() : nullptr, {result.y.data(), rows * R, R}, result.tape.data(),
                      {dy.data(), rows * R, R}, dh_n.data(), has_c() ? dc_n.data() : nullptr, {out.x.data(), rows * I, I},
                      out.h0.data(), has_c() ? out.c0.data() : nullptr, pointers<T>(out), threads});
    return out;
  }
};
