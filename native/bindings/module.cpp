// The Python module recurra.kernels._native: checks every shape before a pointer is touched, releases the GIL, calls the core.
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "api.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using recurra::Cell;
using recurra::LayerShape;

template <class T> using In = nb::ndarray<const T, nb::device::cpu>;
template <class T> using Out = nb::ndarray<T, nb::device::cpu>;
using Lengths = nb::ndarray<const std::int64_t, nb::device::cpu, nb::ndim<1>, nb::c_contig>;

template <class T> const recurra::Kernels<T> &kernels() {
  if constexpr (sizeof(T) == 4)
    return recurra::variant().f32;
  else
    return recurra::variant().f64;
}

std::string text(std::initializer_list<std::int64_t> shape) {
  std::string out = "(";
  for (const std::int64_t size : shape)
    out += (out.size() > 1 ? ", " : "") + std::to_string(size);
  return out + ")";
}

template <class A> std::string text_of(const A &array) {
  std::string out = "(";
  for (std::size_t k = 0; k < array.ndim(); ++k)
    out += (k ? ", " : "") + std::to_string(array.shape(k));
  return out + ")";
}

// The array's data, once its shape is as expected and its rows lie without gaps.
template <class A> auto *contiguous(const A &array, const char *name, std::initializer_list<std::int64_t> shape) {
  bool right = array.ndim() == shape.size();
  std::size_t axis = 0;
  for (const std::int64_t size : shape) {
    right = right && static_cast<std::int64_t>(array.shape(axis)) == size;
    ++axis;
  }
  if (!right)
    throw nb::value_error((std::string(name) + " must have shape " + text(shape) + ", got " + text_of(array)).c_str());
  std::int64_t stride = 1;
  for (std::size_t k = array.ndim(); k-- > 0;) {
    if (array.shape(k) > 1 && array.size() > 0 && array.stride(k) != stride)
      throw nb::value_error((std::string(name) + " must be C-contiguous").c_str());
    stride *= static_cast<std::int64_t>(array.shape(k));
  }
  return array.data();
}

// A [T, N, width] array with any strides over steps and rows.
template <class T, class A>
recurra::Steps<T> steps(const A &array, const char *name, std::int64_t T_, std::int64_t N, std::int64_t width) {
  if (array.ndim() != 3 || static_cast<std::int64_t>(array.shape(0)) != T_ || static_cast<std::int64_t>(array.shape(1)) != N ||
      static_cast<std::int64_t>(array.shape(2)) != width)
    throw nb::value_error((std::string(name) + " must have shape " + text({T_, N, width}) + ", got " + text_of(array)).c_str());
  if (width > 1 && array.size() > 0 && array.stride(2) != 1)
    throw nb::value_error((std::string(name) + " must be contiguous along its last axis").c_str());
  return {array.data(), array.stride(0), array.stride(1)};
}

Cell cell_of(const std::string &name) {
  if (name == "rnn_tanh")
    return Cell::elman_tanh;
  if (name == "rnn_relu")
    return Cell::elman_relu;
  if (name == "lstm")
    return Cell::lstm;
  if (name == "gru")
    return Cell::gru;
  throw nb::value_error(("cell must be one of rnn_tanh, rnn_relu, lstm, gru, got '" + name + "'").c_str());
}

std::int64_t gates_of(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

const std::int64_t *lengths_of(const std::optional<Lengths> &lengths, std::int64_t T_, std::int64_t N) {
  if (!lengths)
    return nullptr;
  const std::int64_t *values = contiguous(*lengths, "lengths", {N});
  for (std::int64_t n = 0; n < N; ++n)
    if (values[n] < 0 || values[n] > T_)
      throw nb::value_error(("lengths must lie between 0 and " + std::to_string(T_) + ", got " + std::to_string(values[n]) +
                             " for row " + std::to_string(n))
                                .c_str());
  return values;
}

int threads_of(int threads) {
  if (threads < 1)
    throw nb::value_error(("threads must be at least 1, got " + std::to_string(threads)).c_str());
  return threads < 256 ? threads : 256;
}

template <class T> class Packed {
public:
  explicit Packed(std::int64_t count)
      : data_(static_cast<T *>(std::aligned_alloc(64, (count * sizeof(T) + 127) / 64 * 64)), std::free) {
    if (!data_)
      throw std::bad_alloc();
  }
  T *get() const { return data_.get(); }

private:
  std::unique_ptr<T, void (*)(void *)> data_;
};

template <class T> struct WeightArrays {
  In<T> weight_ih, weight_hh;
  std::optional<In<T>> bias_ih, bias_hh;

  recurra::Weights<const T> check(const LayerShape &shape) const {
    const std::int64_t rows = gates_of(shape.cell) * shape.hidden;
    return {contiguous(weight_ih, "weight_ih", {rows, shape.input}), contiguous(weight_hh, "weight_hh", {rows, shape.hidden}),
            bias_ih ? contiguous(*bias_ih, "bias_ih", {rows}) : nullptr,
            bias_hh ? contiguous(*bias_hh, "bias_hh", {rows}) : nullptr};
  }
};

LayerShape shape_of(const std::string &cell, std::int64_t input, std::int64_t hidden) {
  if (input < 1 || hidden < 1)
    throw nb::value_error(("input and hidden size must be at least 1, got " + text({input, hidden})).c_str());
  return {cell_of(cell), input, hidden};
}

template <class A> std::int64_t axis(const A &array, std::size_t k) {
  return k < array.ndim() ? static_cast<std::int64_t>(array.shape(k)) : -1;
}

// Packed weights of one direction of one layer. Immutable, so any number of threads may use one.
template <class T> class Layer {
public:
  Layer(const std::string &cell, const In<T> &weight_ih, const In<T> &weight_hh, const std::optional<In<T>> &bias_ih,
        const std::optional<In<T>> &bias_hh)
      : shape_(shape_of(cell, axis(weight_ih, 1), axis(weight_hh, 1))), packed_(kernels<T>().packed_size(shape_)) {
    const auto weights = WeightArrays<T>{weight_ih, weight_hh, bias_ih, bias_hh}.check(shape_);
    nb::gil_scoped_release release;
    kernels<T>().pack(shape_, weights, packed_.get());
  }

  void forward(const In<T> &x, const In<T> &h0, const std::optional<In<T>> &c0, const std::optional<Lengths> &lengths,
               bool reverse, const Out<T> &y, const Out<T> &h_n, const std::optional<Out<T>> &c_n,
               const std::optional<Out<T>> &tape, int threads) const {
    const std::int64_t T_ = axis(x, 0), N = axis(x, 1), H = shape_.hidden;
    recurra::ForwardArgs<T> args{shape_, packed_.get(), T_, N, lengths_of(lengths, T_, N), reverse,
                                 steps<const T>(x, "x", T_, N, shape_.input), contiguous(h0, "h0", {N, H}), nullptr,
                                 steps<T>(y, "y", T_, N, H), contiguous(h_n, "h_n", {N, H}), nullptr, nullptr,
                                 threads_of(threads)};
    if (shape_.cell == Cell::lstm) {
      if (!c0 || !c_n)
        throw nb::value_error("c0 and c_n are needed: an LSTM has a cell state");
      args.c0 = contiguous(*c0, "c0", {N, H});
      args.c_n = contiguous(*c_n, "c_n", {N, H});
    }
    if (tape)
      args.tape = contiguous(*tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape_)});
    nb::gil_scoped_release release;
    kernels<T>().forward(args);
  }

  void step(const In<T> &x, const In<T> &h, const std::optional<In<T>> &c, const Out<T> &h_new,
            const std::optional<Out<T>> &c_new) const {
    const std::int64_t H = shape_.hidden;
    recurra::StepArgs<T> args{shape_, packed_.get(), contiguous(x, "x", {shape_.input}), contiguous(h, "h", {H}), nullptr,
                              contiguous(h_new, "h_new", {H}), nullptr};
    if (shape_.cell == Cell::lstm) {
      if (!c || !c_new)
        throw nb::value_error("c and c_new are needed: an LSTM has a cell state");
      args.c = contiguous(*c, "c", {H});
      args.c_new = contiguous(*c_new, "c_new", {H});
    }
    if (args.h == args.h_new)
      throw nb::value_error("h_new must not be the memory of h");
    nb::gil_scoped_release release;
    kernels<T>().step(args);
  }

private:
  LayerShape shape_;
  Packed<T> packed_;
};

template <class T>
void backward(const std::string &cell, const In<T> &weight_ih, const In<T> &weight_hh, const In<T> &x, const In<T> &h0,
              const std::optional<In<T>> &c0, const std::optional<Lengths> &lengths, bool reverse, const In<T> &y,
              const In<T> &tape, const In<T> &dy, const In<T> &dh_n, const std::optional<In<T>> &dc_n,
              const std::optional<Out<T>> &dx, const Out<T> &dh0, const std::optional<Out<T>> &dc0,
              const Out<T> &dweight_ih, const Out<T> &dweight_hh, const std::optional<Out<T>> &dbias_ih,
              const std::optional<Out<T>> &dbias_hh, int threads) {
  const LayerShape shape = shape_of(cell, axis(weight_ih, 1), axis(weight_hh, 1));
  const std::int64_t T_ = axis(x, 0), N = axis(x, 1), I = shape.input, H = shape.hidden, rows = gates_of(shape.cell) * H;
  recurra::BackwardArgs<T> args{};
  args.shape = shape;
  args.weights = WeightArrays<T>{weight_ih, weight_hh, std::nullopt, std::nullopt}.check(shape);
  args.steps = T_;
  args.rows = N;
  args.lengths = lengths_of(lengths, T_, N);
  args.reverse = reverse;
  args.x = steps<const T>(x, "x", T_, N, I);
  args.h0 = contiguous(h0, "h0", {N, H});
  args.y = steps<const T>(y, "y", T_, N, H);
  args.tape = contiguous(tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape)});
  args.dy = steps<const T>(dy, "dy", T_, N, H);
  args.dh_n = contiguous(dh_n, "dh_n", {N, H});
  if (dx)
    args.dx = steps<T>(*dx, "dx", T_, N, I);
  args.dh0 = contiguous(dh0, "dh0", {N, H});
  if (shape.cell == Cell::lstm) {
    if (!c0 || !dc_n || !dc0)
      throw nb::value_error("c0, dc_n and dc0 are needed: an LSTM has a cell state");
    args.c0 = contiguous(*c0, "c0", {N, H});
    args.dc_n = contiguous(*dc_n, "dc_n", {N, H});
    args.dc0 = contiguous(*dc0, "dc0", {N, H});
  }
  args.gradient = {contiguous(dweight_ih, "dweight_ih", {rows, I}), contiguous(dweight_hh, "dweight_hh", {rows, H}),
                   dbias_ih ? contiguous(*dbias_ih, "dbias_ih", {rows}) : nullptr,
                   dbias_hh ? contiguous(*dbias_hh, "dbias_hh", {rows}) : nullptr};
  args.threads = threads_of(threads);
  nb::gil_scoped_release release;
  kernels<T>().backward(args);
}

// y = x W^T + b with packed weights.
template <class T> class Linear {
public:
  Linear(const In<T> &weight, const std::optional<In<T>> &bias)
      : outputs_(axis(weight, 0)), inputs_(axis(weight, 1)), packed_(kernels<T>().packed_linear_size(inputs_, outputs_)) {
    const T *w = contiguous(weight, "weight", {outputs_, inputs_});
    const T *b = bias ? contiguous(*bias, "bias", {outputs_}) : nullptr;
    nb::gil_scoped_release release;
    kernels<T>().pack_linear(inputs_, outputs_, w, b, packed_.get());
  }

  void forward(const In<T> &x, const Out<T> &y, int threads) const {
    const std::int64_t rows = axis(x, 0);
    const recurra::LinearArgs<T> args{packed_.get(), inputs_, outputs_, rows, contiguous(x, "x", {rows, inputs_}),
                                      contiguous(y, "y", {rows, outputs_}), threads_of(threads)};
    nb::gil_scoped_release release;
    kernels<T>().linear(args);
  }

private:
  std::int64_t outputs_, inputs_;
  Packed<T> packed_;
};

template <class T> void activations(const In<T> &x, const Out<T> &sigmoid, const Out<T> &tanh) {
  const std::int64_t count = axis(x, 0);
  const T *in = contiguous(x, "x", {count});
  T *s = contiguous(sigmoid, "sigmoid", {count}), *t = contiguous(tanh, "tanh", {count});
  nb::gil_scoped_release release;
  kernels<T>().activations(in, s, t, count);
}

template <class T> void bind(nb::module_ &m, const char *suffix) {
  const auto name = [&](const char *base) { return std::string(base) + suffix; };
  nb::class_<Layer<T>>(m, name("Layer").c_str(), "Packed weights of one direction of one recurrent layer.")
      .def(nb::init<const std::string &, const In<T> &, const In<T> &, const std::optional<In<T>> &,
                    const std::optional<In<T>> &>(),
           "cell"_a, "weight_ih"_a, "weight_hh"_a, "bias_ih"_a.none(), "bias_hh"_a.none())
      .def("forward", &Layer<T>::forward, "x"_a, "h0"_a, "c0"_a.none(), "lengths"_a.none(), "reverse"_a, "y"_a, "h_n"_a,
           "c_n"_a.none(), "tape"_a.none(), "threads"_a,
           "One pass over a batch: x [T, N, I], h0 and c0 [N, H]; writes y [T, N, H], h_n and c_n [N, H] and the tape.")
      .def("step", &Layer<T>::step, "x"_a, "h"_a, "c"_a.none(), "h_new"_a, "c_new"_a.none(),
           "One step of one row: x [I], h and c [H]; writes h_new and c_new [H].");
  nb::class_<Linear<T>>(m, name("Linear").c_str(), "Packed weights of a linear map.")
      .def(nb::init<const In<T> &, const std::optional<In<T>> &>(), "weight"_a, "bias"_a.none())
      .def("forward", &Linear<T>::forward, "x"_a, "y"_a, "threads"_a, "x [rows, inputs]; writes y [rows, outputs].");
  m.def(name("backward").c_str(), &backward<T>, "cell"_a, "weight_ih"_a, "weight_hh"_a, "x"_a, "h0"_a, "c0"_a.none(),
        "lengths"_a.none(), "reverse"_a, "y"_a, "tape"_a, "dy"_a, "dh_n"_a, "dc_n"_a.none(), "dx"_a.none(), "dh0"_a,
        "dc0"_a.none(), "dweight_ih"_a, "dweight_hh"_a, "dbias_ih"_a.none(), "dbias_hh"_a.none(), "threads"_a,
        "Gradients of one pass, from what forward was given and wrote.");
  m.def(name("activations").c_str(), &activations<T>, "x"_a, "sigmoid"_a, "tanh"_a,
        "The kernels' own sigmoid and tanh of x [count].");
}

} // namespace

NB_MODULE(_native, m) {
  m.doc() = "Recurra's native core. recurra.kernels is its only importer.";
  bind<float>(m, "32");
  bind<double>(m, "64");
  m.def(
      "tape_per_step",
      [](const std::string &cell, std::int64_t input, std::int64_t hidden) {
        const LayerShape shape = shape_of(cell, input, hidden);
        return std::pair(kernels<float>().tape_per_step(shape), kernels<double>().tape_per_step(shape));
      },
      "cell"_a, "input"_a, "hidden"_a, "Values of tape that one step of one row takes: [float32, float64].");
  m.def("variant", [] { return std::string(recurra::variant().name); }, "Name of the kernels in use.");
  m.def(
      "variants",
      [] {
        int count;
        const recurra::Variant *const *all = recurra::variants(&count);
        std::vector<std::string> names;
        for (int k = 0; k < count; ++k)
          if (all[k]->supported())
            names.emplace_back(all[k]->name);
        return names;
      },
      "Names of the kernels that this processor can run, best first.");
}
