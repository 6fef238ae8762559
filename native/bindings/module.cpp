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
  if (name == "gru_reset_before")
    return Cell::gru_reset_before;
  if (name == "min_gru")
    return Cell::min_gru;
  if (name == "min_lstm")
    return Cell::min_lstm;
  throw nb::value_error(("cell must be one of rnn_tanh, rnn_relu, lstm, gru, gru_reset_before, min_gru, min_lstm, got '" +
                         name + "'")
                            .c_str());
}

std::int64_t gates_of(Cell cell) {
  switch (cell) {
  case Cell::lstm:
    return 4;
  case Cell::gru:
  case Cell::gru_reset_before:
  case Cell::min_lstm:
    return 3;
  case Cell::min_gru:
    return 2;
  default:
    return 1;
  }
}

bool sees_state(Cell cell) { return cell != Cell::min_gru && cell != Cell::min_lstm; }

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

template <class A> std::int64_t axis(const A &array, std::size_t k) {
  return k < array.ndim() ? static_cast<std::int64_t>(array.shape(k)) : -1;
}

// What a layer's weights are, or its gradients go into: arrays by their names in PyTorch without the layer's suffix.
using Arrays = nb::dict;

template <class A> std::optional<A> find(const Arrays &arrays, const char *name) {
  if (!arrays.contains(name))
    return std::nullopt;
  A array;
  if (!nb::try_cast(arrays[name], array))
    throw nb::type_error((std::string(name) + " must be an array of this layer's precision").c_str());
  return array;
}

template <class A> A get(const Arrays &arrays, const char *name) {
  std::optional<A> array = find<A>(arrays, name);
  if (!array)
    throw nb::value_error((std::string(name) + " is missing").c_str());
  return *array;
}

template <class A> LayerShape shape_of(const std::string &name, const Arrays &arrays) {
  const Cell cell = cell_of(name);
  const A weight_ih = get<A>(arrays, "weight_ih");
  LayerShape shape{cell, axis(weight_ih, 1), axis(weight_ih, 0) / gates_of(cell)};
  if (shape.input < 1 || shape.hidden < 1)
    throw nb::value_error(("input and hidden size must be at least 1, got " + text({shape.input, shape.hidden})).c_str());
  if (arrays.contains("weight_hr"))
    shape.projection = axis(get<A>(arrays, "weight_hr"), 0);
  shape.peephole = arrays.contains("weight_ci");
  shape.layer_norm = arrays.contains("ln_ih_weight");
  if (cell != Cell::lstm && (shape.projection || shape.peephole))
    throw nb::value_error("only an LSTM has weight_hr and weight_ci");
  if (arrays.contains("weight_hr") && (shape.projection < 1 || shape.projection >= shape.hidden))
    throw nb::value_error(("a projection must be smaller than the hidden size, got " + text({shape.projection})).c_str());
  return shape;
}

// Pointers to all weights of a layer of that shape, once each has the right size. P is T or const T.
template <class P, class A> recurra::Weights<P> weights_of(const Arrays &arrays, const LayerShape &shape) {
  const std::int64_t H = shape.hidden, R = shape.output(), rows = gates_of(shape.cell) * H;
  const auto pointer = [&](const char *name, std::initializer_list<std::int64_t> size) {
    return contiguous(get<A>(arrays, name), name, size);
  };
  const auto optional = [&](const char *name) -> P * {
    const auto array = find<A>(arrays, name);
    return array ? contiguous(*array, name, {rows}) : nullptr;
  };
  recurra::Weights<P> out{pointer("weight_ih", {rows, shape.input}),
                          sees_state(shape.cell) ? pointer("weight_hh", {rows, R}) : nullptr, optional("bias_ih"),
                          optional("bias_hh")};
  if (shape.projection)
    out.weight_hr = pointer("weight_hr", {R, H});
  if (shape.peephole) {
    out.weight_ci = pointer("weight_ci", {H});
    out.weight_cf = pointer("weight_cf", {H});
    out.weight_co = pointer("weight_co", {H});
  }
  if (shape.layer_norm) {
    out.ln_ih_weight = pointer("ln_ih_weight", {rows});
    out.ln_hh_weight = pointer("ln_hh_weight", {rows});
    if (shape.cell == Cell::lstm) {
      out.ln_c_weight = pointer("ln_c_weight", {H});
      out.ln_c_bias = pointer("ln_c_bias", {H});
    }
  }
  return out;
}

// Masks [N, R], [T, N, R], [T, N, H], each or none, and zoneout's probability.
template <class T> struct NoiseArrays {
  std::optional<In<T>> recurrent, keep_h, keep_c;
  double zoneout;

  recurra::Noise<T> check(const LayerShape &shape, std::int64_t T_, std::int64_t N) const {
    recurra::Noise<T> noise;
    if (recurrent)
      noise.recurrent = contiguous(*recurrent, "recurrent", {N, shape.output()});
    if (keep_h)
      noise.keep_h = steps<const T>(*keep_h, "keep_h", T_, N, shape.output());
    if (keep_c)
      noise.keep_c = steps<const T>(*keep_c, "keep_c", T_, N, shape.hidden);
    noise.zoneout = static_cast<T>(zoneout);
    return noise;
  }
};

// Packed weights of one direction of one layer. Immutable, so any number of threads may use one.
template <class T> class Layer {
public:
  Layer(const std::string &cell, const Arrays &weights)
      : shape_(shape_of<In<T>>(cell, weights)), packed_(kernels<T>().packed_size(shape_)) {
    const auto pointers = weights_of<const T, In<T>>(weights, shape_);
    nb::gil_scoped_release release;
    kernels<T>().pack(shape_, pointers, packed_.get());
  }

  void forward(const In<T> &x, const In<T> &h0, const std::optional<In<T>> &c0, const std::optional<Lengths> &lengths,
               bool reverse, const Out<T> &y, const Out<T> &h_n, const std::optional<Out<T>> &c_n,
               const std::optional<Out<T>> &tape, const std::optional<In<T>> &recurrent,
               const std::optional<In<T>> &keep_h, const std::optional<In<T>> &keep_c, double zoneout, int threads) const {
    const std::int64_t T_ = axis(x, 0), N = axis(x, 1), H = shape_.hidden, R = shape_.output();
    recurra::ForwardArgs<T> args{shape_, packed_.get(), T_, N, lengths_of(lengths, T_, N), reverse,
                                 steps<const T>(x, "x", T_, N, shape_.input), contiguous(h0, "h0", {N, R}), nullptr,
                                 steps<T>(y, "y", T_, N, R), contiguous(h_n, "h_n", {N, R}), nullptr, nullptr,
                                 threads_of(threads),
                                 NoiseArrays<T>{recurrent, keep_h, keep_c, zoneout}.check(shape_, T_, N)};
    if (shape_.cell == Cell::lstm) {
      if (!c0 || !c_n)
        throw nb::value_error("c0 and c_n are needed: an LSTM has a cell state");
      args.c0 = contiguous(*c0, "c0", {N, H});
      args.c_n = contiguous(*c_n, "c_n", {N, H});
    }
    if (tape)
      args.tape = contiguous(*tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape_, args.noise.any())});
    nb::gil_scoped_release release;
    kernels<T>().forward(args);
  }

  void step(const In<T> &x, const In<T> &h, const std::optional<In<T>> &c, const Out<T> &h_new,
            const std::optional<Out<T>> &c_new, double zoneout) const {
    const std::int64_t H = shape_.hidden, R = shape_.output();
    recurra::StepArgs<T> args{shape_, packed_.get(), contiguous(x, "x", {shape_.input}), contiguous(h, "h", {R}), nullptr,
                              contiguous(h_new, "h_new", {R}), nullptr, static_cast<T>(zoneout)};
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
void backward(const std::string &cell, const Arrays &weights, const In<T> &x, const In<T> &h0,
              const std::optional<In<T>> &c0, const std::optional<Lengths> &lengths, bool reverse, const In<T> &y,
              const In<T> &tape, const In<T> &dy, const In<T> &dh_n, const std::optional<In<T>> &dc_n,
              const std::optional<Out<T>> &dx, const Out<T> &dh0, const std::optional<Out<T>> &dc0,
              const Arrays &gradients, const std::optional<In<T>> &recurrent, const std::optional<In<T>> &keep_h,
              const std::optional<In<T>> &keep_c, double zoneout, int threads) {
  const LayerShape shape = shape_of<In<T>>(cell, weights);
  const std::int64_t T_ = axis(x, 0), N = axis(x, 1), I = shape.input, H = shape.hidden, R = shape.output();
  recurra::BackwardArgs<T> args{};
  args.shape = shape;
  args.weights = weights_of<const T, In<T>>(weights, shape);
  args.steps = T_;
  args.rows = N;
  args.lengths = lengths_of(lengths, T_, N);
  args.reverse = reverse;
  args.noise = NoiseArrays<T>{recurrent, keep_h, keep_c, zoneout}.check(shape, T_, N);
  args.x = steps<const T>(x, "x", T_, N, I);
  args.h0 = contiguous(h0, "h0", {N, R});
  args.y = steps<const T>(y, "y", T_, N, R);
  args.tape = contiguous(tape, "tape", {T_ * N * kernels<T>().tape_per_step(shape, args.noise.any())});
  args.dy = steps<const T>(dy, "dy", T_, N, R);
  args.dh_n = contiguous(dh_n, "dh_n", {N, R});
  if (dx)
    args.dx = steps<T>(*dx, "dx", T_, N, I);
  args.dh0 = contiguous(dh0, "dh0", {N, R});
  if (shape.cell == Cell::lstm) {
    if (!c0 || !dc_n || !dc0)
      throw nb::value_error("c0, dc_n and dc0 are needed: an LSTM has a cell state");
    args.c0 = contiguous(*c0, "c0", {N, H});
    args.dc_n = contiguous(*dc_n, "dc_n", {N, H});
    args.dc0 = contiguous(*dc0, "dc0", {N, H});
  }
  args.gradient = weights_of<T, Out<T>>(gradients, shape);
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
      .def(nb::init<const std::string &, const Arrays &>(), "cell"_a, "weights"_a)
      .def("forward", &Layer<T>::forward, "x"_a, "h0"_a, "c0"_a.none(), "lengths"_a.none(), "reverse"_a, "y"_a, "h_n"_a,
           "c_n"_a.none(), "tape"_a.none(), "recurrent"_a.none(), "keep_h"_a.none(), "keep_c"_a.none(), "zoneout"_a,
           "threads"_a,
           "One pass over a batch: x [T, N, I], h0 [N, R], c0 [N, H]; writes y [T, N, R], h_n, c_n and the tape.")
      .def("step", &Layer<T>::step, "x"_a, "h"_a, "c"_a.none(), "h_new"_a, "c_new"_a.none(), "zoneout"_a,
           "One step of one row: x [I], h [R], c [H]; writes h_new [R] and c_new [H].");
  nb::class_<Linear<T>>(m, name("Linear").c_str(), "Packed weights of a linear map.")
      .def(nb::init<const In<T> &, const std::optional<In<T>> &>(), "weight"_a, "bias"_a.none())
      .def("forward", &Linear<T>::forward, "x"_a, "y"_a, "threads"_a, "x [rows, inputs]; writes y [rows, outputs].");
  m.def(name("backward").c_str(), &backward<T>, "cell"_a, "weights"_a, "x"_a, "h0"_a, "c0"_a.none(), "lengths"_a.none(),
        "reverse"_a, "y"_a, "tape"_a, "dy"_a, "dh_n"_a, "dc_n"_a.none(), "dx"_a.none(), "dh0"_a, "dc0"_a.none(),
        "gradients"_a, "recurrent"_a.none(), "keep_h"_a.none(), "keep_c"_a.none(), "zoneout"_a, "threads"_a,
        "Gradients of one pass, from what forward was given and wrote, into the arrays whose names begin with d and those of `gradients`.");
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
      [](const std::string &cell, std::int64_t hidden, std::int64_t projection, bool layer_norm, bool peephole, bool noise) {
        const LayerShape shape{cell_of(cell), 1, hidden, projection, peephole, layer_norm};
        return std::pair(kernels<float>().tape_per_step(shape, noise), kernels<double>().tape_per_step(shape, noise));
      },
      "cell"_a, "hidden"_a, "projection"_a, "layer_norm"_a, "peephole"_a, "noise"_a,
      "Values of tape that one step of one row takes: [float32, float64].");
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
