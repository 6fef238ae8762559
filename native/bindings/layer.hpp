// One direction of one layer as Python sees it: its packed weights, forward, one step, and backward.
#pragma once

#include "packed.hpp"
#include "weights.hpp"

namespace recurra::bindings {

// Lengths copied before they are checked, since another thread may write to Python's array meanwhile.
class CheckedLengths {
public:
  using Given = std::optional<nb::ndarray<const std::int64_t, nb::device::cpu>>;

  CheckedLengths(Arguments &arguments, const Given &given, std::int64_t T_, std::int64_t N) {
    if (!given)
      return;
    const std::int64_t *values = arguments.rows(*given, "lengths", {N});
    values_.emplace(values, values + N);
    for (std::int64_t n = 0; n < N; ++n)
      if (const std::int64_t length = (*values_)[n]; length < 0 || length > T_)
        refuse("lengths must lie between 0 and " + std::to_string(T_) + ", got " + std::to_string(length) +
               " for row " + std::to_string(n));
  }

  const std::int64_t *data() const { return values_ ? values_->data() : nullptr; }

private:
  std::optional<std::vector<std::int64_t>> values_;
};

// Masks [N, R], [T, N, R], [T, N, H], each or none, and zoneout's probability.
template <class T> struct GivenNoise {
  const MaybeIn<T> &recurrent, &keep_h, &keep_c;
  double zoneout;

  Noise<T> check(Arguments &arguments, const LayerShape &shape, std::int64_t T_, std::int64_t N) const {
    Noise<T> noise;
    if (recurrent)
      noise.recurrent = arguments.rows(*recurrent, "recurrent", {N, shape.output()});
    if (keep_h)
      noise.keep_h = arguments.steps(*keep_h, "keep_h", T_, N, shape.output());
    if (keep_c && shape.cell != Cell::lstm)
      refuse("keep_c goes with an lstm only");
    if (keep_c)
      noise.keep_c = arguments.steps(*keep_c, "keep_c", T_, N, shape.hidden);
    noise.zoneout = static_cast<T>(checked_zoneout(zoneout));
    if (noise.any() && !named(shape.cell).sees_state)
      refuse(std::string(named(shape.cell).name) + " takes no noise");
    return noise;
  }
};

// Whether the arrays of the cell state are given, all of them where the cell has one and none elsewhere.
inline bool has_c(const LayerShape &shape, std::initializer_list<bool> given, const char *names) {
  const bool wanted = shape.cell == Cell::lstm;
  for (const bool one : given)
    if (one != wanted)
      refuse(std::string(names) + (wanted ? " are needed: an lstm has a cell state" : " go with an lstm only"));
  return wanted;
}

// Packed weights of one direction of one layer. Immutable, so any number of threads may use one.
template <class T> class Layer {
public:
  using Value = T;

  Layer(const std::string &cell, const nb::dict &weights, int threads) {
    NamedArrays<In<T>> arrays(weights);
    shape_ = shape_of(cell_of(cell), arrays);
    Arguments arguments;
    const auto pointers = weights_of(arguments, arrays, shape_, arrays.has("bias_ih"));
    packed_ = Packed<T>(kernels<T>().packed_size(shape_));
    const int checked = checked_threads(threads);
    nb::gil_scoped_release release;
    kernels<T>().pack(shape_, pointers, packed_.get(), checked);
  }

  const LayerShape &shape() const { return shape_; }
  const T *packed() const { return packed_.get(); }

  void forward(const In<T> &x, const In<T> &h0, const MaybeIn<T> &c0, const CheckedLengths::Given &lengths,
               bool reverse, const Out<T> &y, const Out<T> &h_n, const MaybeOut<T> &c_n, const MaybeOut<T> &tape,
               const MaybeIn<T> &recurrent, const MaybeIn<T> &keep_h, const MaybeIn<T> &keep_c, double zoneout,
               int threads) const {
    const std::int64_t T_ = axis(x, 0), N = axis(x, 1), H = shape_.hidden, R = shape_.output();
    Arguments arguments;
    ForwardArgs<T> args{};
    args.shape = shape_;
    args.packed = packed_.get();
    args.steps = T_;
    args.rows = N;
    args.reverse = reverse;
    args.x = arguments.steps(x, "x", T_, N, shape_.input);
    const CheckedLengths checked(arguments, lengths, T_, N);
    args.lengths = checked.data();
    args.h0 = arguments.rows(h0, "h0", {N, R});
    args.y = arguments.steps(y, "y", T_, N, R);
    args.h_n = arguments.rows(h_n, "h_n", {N, R});
    if (has_c(shape_, {c0.has_value(), c_n.has_value()}, "c0 and c_n")) {
      args.c0 = arguments.rows(*c0, "c0", {N, H});
      args.c_n = arguments.rows(*c_n, "c_n", {N, H});
    }
    args.noise = GivenNoise<T>{recurrent, keep_h, keep_c, zoneout}.check(arguments, shape_, T_, N);
    if (tape)
      args.tape = arguments.rows(*tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape_, args.noise.any())});
    args.threads = checked_threads(threads);
    arguments.check_apart();
    nb::gil_scoped_release release;
    kernels<T>().forward(args);
  }

  void step(const In<T> &x, const In<T> &h, const MaybeIn<T> &c, const Out<T> &h_new, const MaybeOut<T> &c_new,
            double zoneout) const {
    const std::int64_t H = shape_.hidden, R = shape_.output();
    Arguments arguments;
    StepArgs<T> args{shape_,
                     packed_.get(),
                     arguments.rows(x, "x", {shape_.input}),
                     arguments.rows(h, "h", {R}),
                     nullptr,
                     arguments.rows(h_new, "h_new", {R}),
                     nullptr,
                     noise_of(zoneout)};
    if (has_c(shape_, {c.has_value(), c_new.has_value()}, "c and c_new")) {
      args.c = arguments.rows(*c, "c", {H});
      args.c_new = arguments.rows(*c_new, "c_new", {H});
    }
    arguments.check_apart();
    nb::gil_scoped_release release;
    kernels<T>().step(args);
  }

  // The same on plain pointers, by who has checked them and needs no GIL.
  void step(const T *x, const T *h, const T *c, T *h_new, T *c_new, T zoneout, std::int64_t turn) const {
    kernels<T>().step({shape_, packed_.get(), x, h, c, h_new, c_new, zoneout, nullptr, turn});
  }

  // The same from what project() wrote for x, by a stream without zoneout.
  void step_from(const T *start, const T *h, const T *c, T *h_new, T *c_new, std::int64_t turn) const {
    kernels<T>().step({shape_, packed_.get(), nullptr, h, c, h_new, c_new, 0, start, turn});
  }

  // Values that project() writes a row; 0 where steps can't begin with them.
  std::int64_t start_size() const { return kernels<T>().start_size(shape_); }

  void project(const T *x, std::int64_t rows, T *start) const {
    kernels<T>().project({shape_, packed_.get(), rows, x, start});
  }

  // Zoneout's probability where this layer can have one.
  T noise_of(double zoneout) const {
    const MaybeIn<T> none;
    Arguments arguments;
    return GivenNoise<T>{none, none, none, zoneout}.check(arguments, shape_, 1, 1).zoneout;
  }

private:
  LayerShape shape_;
  Packed<T> packed_;
};

template <class T>
void backward(const std::string &cell, const nb::dict &weights, const In<T> &x, const In<T> &h0, const MaybeIn<T> &c0,
              const CheckedLengths::Given &lengths, bool reverse, const In<T> &y, const In<T> &tape, const In<T> &dy,
              const In<T> &dh_n, const MaybeIn<T> &dc_n, const MaybeOut<T> &dx, const Out<T> &dh0,
              const MaybeOut<T> &dc0, const nb::dict &gradients, const MaybeIn<T> &recurrent, const MaybeIn<T> &keep_h,
              const MaybeIn<T> &keep_c, double zoneout, int threads) {
  NamedArrays<In<T>> own(weights);
  NamedArrays<Out<T>> results(gradients, "gradient ");
  const LayerShape shape = shape_of(cell_of(cell), own);
  const bool bias = own.has("bias_ih");
  const std::int64_t T_ = axis(x, 0), N = axis(x, 1), I = shape.input, H = shape.hidden, R = shape.output();
  Arguments arguments;
  BackwardArgs<T> args{};
  args.shape = shape;
  args.weights = weights_of(arguments, own, shape, bias);
  args.steps = T_;
  args.rows = N;
  args.reverse = reverse;
  args.x = arguments.steps(x, "x", T_, N, I);
  const CheckedLengths checked(arguments, lengths, T_, N);
  args.lengths = checked.data();
  args.h0 = arguments.rows(h0, "h0", {N, R});
  args.noise = GivenNoise<T>{recurrent, keep_h, keep_c, zoneout}.check(arguments, shape, T_, N);
  args.y = arguments.steps(y, "y", T_, N, R);
  args.tape = arguments.rows(tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape, args.noise.any())});
  args.dy = arguments.steps(dy, "dy", T_, N, R);
  args.dh_n = arguments.rows(dh_n, "dh_n", {N, R});
  if (dx)
    args.dx = arguments.steps(*dx, "dx", T_, N, I);
  args.dh0 = arguments.rows(dh0, "dh0", {N, R});
  if (has_c(shape, {c0.has_value(), dc_n.has_value(), dc0.has_value()}, "c0, dc_n and dc0")) {
    args.c0 = arguments.rows(*c0, "c0", {N, H});
    args.dc_n = arguments.rows(*dc_n, "dc_n", {N, H});
    args.dc0 = arguments.rows(*dc0, "dc0", {N, H});
  }
  arguments.owner = "gradient ";
  args.gradient = weights_of(arguments, results, shape, bias);
  args.threads = checked_threads(threads);
  arguments.check_apart();
  nb::gil_scoped_release release;
  kernels<T>().backward(args);
}

} // namespace recurra::bindings
