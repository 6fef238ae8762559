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

private:
  const Layer<T> &layer_;
  std::int64_t rows_, size_;
  Packed<T> starts_; // [rows, size]
};

} // namespace recurra::bindings
