// A random layer problem in buffers of the exact size, and the calls that solve it.
#pragma once

#include <random>
#include <vector>

#include "api.hpp"

template <class T> struct LayerResult {
  std::vector<T> y, h_n, c_n, tape;
};

template <class T> struct LayerGradient {
  std::vector<T> x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh;
};

template <class T> struct LayerCase {
  recurra::LayerShape shape;
  std::int64_t gates, steps, rows;
  bool reverse;
  std::vector<std::int64_t> lengths;
  std::vector<T> weight_ih, weight_hh, bias_ih, bias_hh, x, h0, c0, dy, dh_n, dc_n;

  LayerCase() = default;

  LayerCase(recurra::Cell cell, std::mt19937 &random) {
    const auto below = [&](int limit) { return static_cast<std::int64_t>(random() % limit); };
    shape = {cell, 1 + below(20), 1 + below(40)};
    gates = cell == recurra::Cell::lstm ? 4 : cell == recurra::Cell::gru ? 3 : 1;
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
    const std::int64_t I = shape.input, H = shape.hidden;
    fill(weight_ih, gates * H * I);
    fill(weight_hh, gates * H * H);
    fill(bias_ih, gates * H);
    fill(bias_hh, gates * H);
    fill(x, steps * rows * I);
    fill(dy, steps * rows * H);
    for (std::vector<T> *state : {&h0, &c0, &dh_n, &dc_n})
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
    copy(x, out.x);
    copy(h0, out.h0);
    copy(c0, out.c0);
    copy(dy, out.dy);
    copy(dh_n, out.dh_n);
    copy(dc_n, out.dc_n);
    return out;
  }

  bool has_c() const { return shape.cell == recurra::Cell::lstm; }

  LayerResult<T> forward(const recurra::Kernels<T> &kernels, int threads) const {
    const std::int64_t I = shape.input, H = shape.hidden;
    std::vector<T> room(kernels.packed_size(shape) + 64 / sizeof(T)); // packed weights are aligned to 64 bytes
    T *packed = room.data();
    while (reinterpret_cast<std::uintptr_t>(packed) % 64)
      ++packed;
    kernels.pack(shape, {weight_ih.data(), weight_hh.data(), bias_ih.data(), bias_hh.data()}, packed);
    LayerResult<T> out;
    out.y.resize(steps * rows * H);
    out.h_n.resize(rows * H);
    out.c_n.resize(has_c() ? rows * H : 0);
    out.tape.resize(steps * rows * kernels.tape_per_step(shape));
    kernels.forward({shape, packed, steps, rows, lengths.data(), reverse, {x.data(), rows * I, I}, h0.data(),
                     has_c() ? c0.data() : nullptr, {out.y.data(), rows * H, H}, out.h_n.data(),
                     has_c() ? out.c_n.data() : nullptr, out.tape.data(), threads});
    return out;
  }

  LayerGradient<T> backward(const recurra::Kernels<T> &kernels, const LayerResult<T> &result, int threads) const {
    const std::int64_t I = shape.input, H = shape.hidden;
    LayerGradient<T> out;
    out.x.resize(x.size());
    out.h0.resize(h0.size());
    out.c0.resize(c0.size());
    out.weight_ih.resize(weight_ih.size());
    out.weight_hh.resize(weight_hh.size());
    out.bias_ih.resize(bias_ih.size());
    out.bias_hh.resize(bias_hh.size());
    kernels.backward({shape,
                      {weight_ih.data(), weight_hh.data(), bias_ih.data(), bias_hh.data()},
                      steps,
                      rows,
                      lengths.data(),
                      reverse,
                      {x.data(), rows * I, I},
                      h0.data(),
                      has_c() ? c0.data() : nullptr,
                      {result.y.data(), rows * H, H},
                      result.tape.data(),
                      {dy.data(), rows * H, H},
                      dh_n.data(),
                      has_c() ? dc_n.data() : nullptr,
                      {out.x.data(), rows * I, I},
                      out.h0.data(),
                      has_c() ? out.c0.data() : nullptr,
                      {out.weight_ih.data(), out.weight_hh.data(), out.bias_ih.data(), out.bias_hh.data()},
                      threads});
    return out;
  }
};
