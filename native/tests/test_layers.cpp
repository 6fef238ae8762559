// Layers of every variant against plain loops in double precision, in buffers of the exact size so that a sanitizer sees any
// access outside.
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "api.hpp"
#include "check.hpp"
#include "layer_case.hpp"

namespace {

using recurra::Cell;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// h and c after each step of one row, by the equations.
struct Reference {
  std::vector<std::vector<double>> h;
  std::vector<double> c;
};

Reference reference(const LayerCase<double> &problem, std::int64_t row) {
  const std::int64_t H = problem.shape.hidden, I = problem.shape.input;
  Reference out{{}, {problem.c0.begin() + row * H, problem.c0.begin() + (row + 1) * H}};
  std::vector<double> h(problem.h0.begin() + row * H, problem.h0.begin() + (row + 1) * H);
  for (std::int64_t s = 0; s < problem.lengths[row]; ++s) {
    const std::int64_t t = problem.reverse ? problem.lengths[row] - 1 - s : s;
    std::vector<double> from_x(problem.gates * H), from_h(problem.gates * H), next(H);
    for (std::int64_t k = 0; k < problem.gates * H; ++k) {
      from_x[k] = problem.bias_ih[k];
      from_h[k] = problem.bias_hh[k];
      for (std::int64_t i = 0; i < I; ++i)
        from_x[k] += problem.weight_ih[k * I + i] * problem.x[(t * problem.rows + row) * I + i];
      for (std::int64_t i = 0; i < H; ++i)
        from_h[k] += problem.weight_hh[k * H + i] * h[i];
    }
    for (std::int64_t u = 0; u < H; ++u) {
      const auto z = [&](int gate) { return from_x[gate * H + u] + from_h[gate * H + u]; };
      if (problem.shape.cell == Cell::elman_tanh) {
        next[u] = std::tanh(z(0));
      } else if (problem.shape.cell == Cell::elman_relu) {
        next[u] = std::fmax(z(0), 0);
      } else if (problem.shape.cell == Cell::lstm) {
        out.c[u] = sigmoid(z(1)) * out.c[u] + sigmoid(z(0)) * std::tanh(z(2));
        next[u] = sigmoid(z(3)) * std::tanh(out.c[u]);
      } else {
        const double n = std::tanh(from_x[2 * H + u] + sigmoid(z(0)) * from_h[2 * H + u]);
        next[u] = (1 - sigmoid(z(1))) * n + sigmoid(z(1)) * h[u];
      }
    }
    h = next;
    out.h.push_back(h);
  }
  return out;
}

void check_forward(const recurra::Variant &variant, Cell cell, std::mt19937 &random) {
  const LayerCase<double> problem(cell, random);
  const LayerResult<double> result = problem.forward(variant.f64, 1 + static_cast<int>(random() % 2));
  const std::int64_t H = problem.shape.hidden;
  for (std::int64_t row = 0; row < problem.rows; ++row) {
    const Reference want = reference(problem, row);
    const std::int64_t length = problem.lengths[row];
    for (std::int64_t u = 0; u < H; ++u) {
      for (std::int64_t s = 0; s < length; ++s) {
        const std::int64_t t = problem.reverse ? length - 1 - s : s;
        CHECK(std::fabs(result.y[(t * problem.rows + row) * H + u] - want.h[s][u]) < 1e-11, "%s", variant.name);
      }
      for (std::int64_t t = length; t < problem.steps; ++t)
        CHECK(result.y[(t * problem.rows + row) * H + u] == 0);
      CHECK(std::fabs(result.h_n[row * H + u] - (length ? want.h.back()[u] : problem.h0[row * H + u])) < 1e-11);
      if (cell == Cell::lstm)
        CHECK(std::fabs(result.c_n[row * H + u] - want.c[u]) < 1e-11);
    }
  }
}

// The gradient of sum(y * dy) + sum(h_n * dh_n) + sum(c_n * dc_n), by central differences of a few entries of each array.
void check_backward(const recurra::Variant &variant, Cell cell, std::mt19937 &random, bool options) {
  LayerCase<double> problem(cell, random, options);
  LayerResult<double> result = problem.forward(variant.f64, 1);
  const LayerGradient<double> gradient = problem.backward(variant.f64, result, 1 + static_cast<int>(random() % 2));
  const auto loss = [&] {
    const LayerResult<double> now = problem.forward(variant.f64, 1);
    double sum = 0;
    for (std::size_t k = 0; k < now.y.size(); ++k)
      sum += now.y[k] * problem.dy[k];
    for (std::size_t k = 0; k < now.h_n.size(); ++k)
      sum += now.h_n[k] * problem.dh_n[k];
    for (std::size_t k = 0; k < now.c_n.size(); ++k)
      sum += now.c_n[k] * problem.dc_n[k];
    return sum;
  };
  const auto compare = [&](std::vector<double> &values, const std::vector<double> &got, const char *name) {
    for (int probe = 0; probe < 4 && !values.empty(); ++probe) {
      const std::size_t k = random() % values.size();
      const double value = values[k], step = 1e-6;
      values[k] = value + step;
      const double above = loss();
      values[k] = value - step;
      const double below = loss();
      values[k] = value;
      const double want = (above - below) / (2 * step);
      CHECK(std::fabs(got[k] - want) < 1e-5 * std::fmax(1, std::fabs(want)), "%s %s: %g, not %g", variant.name, name, got[k],
            want);
    }
  };
  compare(problem.x, gradient.x, "x");
  compare(problem.h0, gradient.h0, "h0");
  if (cell == Cell::lstm)
    compare(problem.c0, gradient.c0, "c0");
  compare(problem.weight_ih, gradient.weight_ih, "weight_ih");
  compare(problem.weight_hh, gradient.weight_hh, "weight_hh");
  compare(problem.bias_ih, gradient.bias_ih, "bias_ih");
  compare(problem.bias_hh, gradient.bias_hh, "bias_hh");
  compare(problem.weight_hr, gradient.weight_hr, "weight_hr");
  compare(problem.weight_ci, gradient.weight_ci, "weight_ci");
  compare(problem.weight_cf, gradient.weight_cf, "weight_cf");
  compare(problem.weight_co, gradient.weight_co, "weight_co");
  compare(problem.ln_ih, gradient.ln_ih, "ln_ih_weight");
  compare(problem.ln_hh, gradient.ln_hh, "ln_hh_weight");
  compare(problem.ln_c, gradient.ln_c, "ln_c_weight");
  compare(problem.ln_c_bias, gradient.ln_c_bias, "ln_c_bias");
}

// Every input projected ahead, all at once, and a step from every row's state: the bits of a step from the input itself.
template <class T> void check_projected(const recurra::Kernels<T> &kernels, const LayerCase<T> &problem) {
  const std::int64_t I = problem.shape.input, H = problem.shape.hidden, inputs = problem.steps * problem.rows;
  std::vector<T> room;
  const T *packed = problem.pack(kernels, room);
  const std::int64_t size = kernels.start_size(problem.shape);
  std::vector<T> starts(inputs * size), h(H), c(H), h_from(H), c_from(H);
  kernels.project({problem.shape, packed, inputs, problem.x.data(), starts.data()});
  for (std::int64_t k = 0; k < inputs; ++k) {
    const std::int64_t n = k % problem.rows;
    const auto state = [&](std::vector<T> &values) { return problem.has_c() ? values.data() : nullptr; };
    const T *c0 = problem.has_c() ? problem.c0.data() + n * H : nullptr;
    kernels.step({problem.shape, packed, problem.x.data() + k * I, problem.h0.data() + n * H, c0, h.data(), state(c)});
    for (const int turn : {0, 1}) {
      kernels.step({problem.shape, packed, nullptr, problem.h0.data() + n * H, c0, h_from.data(), state(c_from), 0,
                    starts.data() + k * size, turn});
      CHECK(!std::memcmp(h.data(), h_from.data(), H * sizeof(T)));
      CHECK(!std::memcmp(c.data(), c_from.data(), H * sizeof(T)));
    }
  }
}

template <class F> void for_each_variant_and_cell(F &&f) {
  int count;
  const recurra::Variant *const *all = recurra::variants(&count);
  for (int k = 0; k < count; ++k)
    if (all[k]->supported())
      for (const Cell cell : {Cell::elman_tanh, Cell::elman_relu, Cell::lstm, Cell::gru})
        f(*all[k], cell);
}

} // namespace

TEST(forward_follows_the_equations) {
  std::mt19937 random(1);
  for_each_variant_and_cell([&](const recurra::Variant &variant, Cell cell) {
    for (int k = 0; k < 20; ++k)
      check_forward(variant, cell, random);
  });
}

TEST(backward_is_the_derivative_of_forward) {
  std::mt19937 random(2);
  for_each_variant_and_cell([&](const recurra::Variant &variant, Cell cell) {
    if (cell == Cell::elman_relu)
      return; // its kink spoils differences; the Python tests compare it with the NumPy cell
    for (int k = 0; k < 15; ++k)
      check_backward(variant, cell, random, false);
  });
}

TEST(backward_is_the_derivative_of_forward_with_options) {
  std::mt19937 random(7);
  for_each_variant_and_cell([&](const recurra::Variant &variant, Cell cell) {
    if (cell == Cell::elman_relu)
      return;
    for (int k = 0; k < 15; ++k)
      check_backward(variant, cell == Cell::gru && k % 2 ? Cell::gru_reset_before : cell, random, true);
    for (const Cell minimal : {Cell::min_gru, Cell::min_lstm})
      check_backward(variant, minimal, random, false);
  });
}

TEST(steps_from_projected_inputs_have_the_same_bits) {
  std::mt19937 random(9);
  for_each_variant_and_cell([&](const recurra::Variant &variant, Cell cell) {
    for (int k = 0; k < 20; ++k) {
      const LayerCase<double> problem(cell, random);
      check_projected(variant.f64, problem);
      check_projected(variant.f32, problem.single());
    }
    LayerCase<double> options(cell, random);
    options.shape.layer_norm = true;
    CHECK(variant.f64.start_size(options.shape) == 0);
    CHECK(variant.f64.start_size({Cell::gru_reset_before, 3, 5}) == 0);
    CHECK(variant.f64.start_size({Cell::min_lstm, 3, 5}) == 0);
  });
}

TEST(single_precision_stays_close_to_double) {
  std::mt19937 random(3);
  for_each_variant_and_cell([&](const recurra::Variant &variant, Cell cell) {
    const LayerCase<double> problem(cell, random);
    const LayerResult<double> want = problem.forward(variant.f64, 1);
    const LayerResult<float> got = problem.single().forward(variant.f32, 2);
    for (std::size_t k = 0; k < want.y.size(); ++k)
      CHECK(std::fabs(got.y[k] - want.y[k]) < 1e-4, "%s", variant.name);
  });
}
