// A linear map and the activations alone, as Python sees them.
#pragma once

#include "packed.hpp"

namespace recurra::bindings {

// y = x W^T + b with packed weights.
template <class T> class Linear {
public:
  Linear(const In<T> &weight, const MaybeIn<T> &bias) : outputs_(axis(weight, 0)), inputs_(axis(weight, 1)) {
    if (weight.ndim() != 2 || outputs_ < 1 || inputs_ < 1)
      refuse("weight must have shape (M, K), both at least 1, got " + text_of(weight));
    Arguments arguments;
    const T *w = arguments.rows(weight, "weight", {outputs_, inputs_});
    const T *b = bias ? arguments.rows(*bias, "bias", {outputs_}) : nullptr;
    packed_ = Packed<T>(kernels<T>().packed_linear_size(inputs_, outputs_));
    nb::gil_scoped_release release;
    kernels<T>().pack_linear(inputs_, outputs_, w, b, packed_.get());
  }

  void forward(const In<T> &x, const Out<T> &y, int threads) const {
    const std::int64_t rows = axis(x, 0);
    Arguments arguments;
    const LinearArgs<T> args{packed_.get(),
                             inputs_,
                             outputs_,
                             rows,
                             arguments.rows(x, "x", {rows, inputs_}),
                             arguments.rows(y, "y", {rows, outputs_}),
                             checked_threads(threads)};
    arguments.check_apart();
    nb::gil_scoped_release release;
    kernels<T>().linear(args);
  }

  // The same for one row, x [inputs] and y [outputs].
  void row(const In<T> &x, const Out<T> &y) const {
    Arguments arguments;
    const LinearArgs<T> args{packed_.get(), inputs_, outputs_, 1, arguments.rows(x, "x", {inputs_}),
                             arguments.rows(y, "y", {outputs_}), 1};
    arguments.check_apart();
    nb::gil_scoped_release release;
    kernels<T>().linear(args);
  }

private:
  std::int64_t outputs_, inputs_;
  Packed<T> packed_;
};

template <class T> void activations(const In<T> &x, const Out<T> &sigmoid, const Out<T> &tanh) {
  const std::int64_t count = axis(x, 0);
  Arguments arguments;
  const T *in = arguments.rows(x, "x", {count});
  T *s = arguments.rows(sigmoid, "sigmoid", {count}), *t = arguments.rows(tanh, "tanh", {count});
  arguments.check_apart();
  nb::gil_scoped_release release;
  kernels<T>().activations(in, s, t, count);
}

} // namespace recurra::bindings
