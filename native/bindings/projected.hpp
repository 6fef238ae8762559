// Inputs that are symbols, each already multiplied into the layer that reads them.
#pragma once

#include "layer.hpp"

namespace recurra::bindings {

// What the steps of a layer begin with in place of each of some inputs. Immutable, so any number of streams may share one.
template <class T> class Projected {
public:
  // The layer has to outlive this.
  Projected(const Layer<T> &layer, const In<T> &x) : layer_(layer), rows_(axis(x, 0)), size_(layer.start_size()) {
    constexpr std::int64_t LARGEST = std::int64_t{1} << 40; // no memory holds more
    if (!size_)
      refuse("layer must be a plain rnn_tanh, rnn_relu, lstm or gru");
    Arguments arguments;
    const T *values = arguments.rows(x, "x", {rows_, layer.shape().input});
    if (rows_ < 1 || rows_ > LARGEST / size_)
      refuse("x must have 1 to " + std::to_string(LARGEST / size_) + " rows, got " + std::to_string(rows_));
    starts_ = Packed<T>(rows_ * size_);
    nb::gil_scoped_release release;
    layer.project(values, rows_, starts_.get());
  }

  bool belongs_to(const Layer<T> *layer) const { return layer == &layer_; }

  const T *row(std::int64_t index) const {
    if (index < 0 || index >= rows_)
      refuse("index must lie between 0 and " + std::to_string(rows_ - 1) + ", got " + std::to_string(index));
    return starts_.get() + index * size_;
  }

  // Whether a step of that layer can begin with them, whatever it takes beside them.
  bool fit(const LayerShape &shape) const { return shape.cell == layer_.shape().cell && shape.hidden == layer_.shape().hidden; }

private:
  const Layer<T> &layer_;
  std::int64_t rows_, size_;
  Packed<T> starts_; // [rows, size]
};

// One step of N rows by a layer whose x [N, I] stands after the inputs that were projected, by a layer that takes those alone.
template <class T>
void step_rows_of(const Layer<T> &layer, const Projected<T> &inputs, const In<std::int64_t> &places, const In<T> &x, const In<T> &h,
                  const MaybeIn<T> &c, const Out<T> &h_new, const MaybeOut<T> &c_new, int threads) {
  const LayerShape &shape = layer.shape();
  const std::int64_t N = axis(x, 0), H = shape.hidden;
  if (!layer.start_size() || !inputs.fit(shape))
    refuse("layer must be plain, and inputs projected by one of the same cell and hidden size");
  Arguments arguments;
  ForwardArgs<T> args{};
  args.shape = shape;
  args.packed = layer.packed();
  args.steps = 1;
  args.rows = N;
  args.x = {arguments.rows(x, "x", {N, shape.input}), 0, shape.input};
  args.h0 = arguments.rows(h, "h", {N, H});
  args.h_n = arguments.rows(h_new, "h_new", {N, H});
  args.y = {args.h_n, 0, H}; // of one step the same
  if (has_c(shape, {c.has_value(), c_new.has_value()}, "c and c_new")) {
    args.c0 = arguments.rows(*c, "c", {N, H});
    args.c_n = arguments.rows(*c_new, "c_new", {N, H});
  }
  const std::int64_t *rows = arguments.rows(places, "places", {N});
  args.threads = checked_threads(threads);
  arguments.check_apart();
  std::vector<const T *> starts;
  for (std::int64_t n = 0; n < N; ++n)
    starts.push_back(inputs.row(rows[n]));
  args.starts = starts.data();
  nb::gil_scoped_release release;
  kernels<T>().forward(args);
}

} // namespace recurra::bindings
