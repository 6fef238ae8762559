// The Python module recurra.kernels._native: checks arguments before a pointer is touched, releases the GIL, calls the
// core.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "layer.hpp"
#include "linear.hpp"
#include "memory.hpp"
#include "quantized.hpp"
#include "rowwise.hpp"
#include "stream.hpp"

namespace recurra::bindings {
namespace {

using namespace nb::literals;

// An array argument, taken as it is or refused: nanobind would else read, and write, a converted copy.
auto array(const char *name) { return nb::arg(name).noconvert(); }

template <class L> auto bind_stream(nb::module_ &m, const char *name) {
  return nb::class_<Stream<L>>(m, name, "Layers stepped together for one row, whose state they keep.")
      .def(nb::init<const nb::list &, double>(), "layers"_a, "zoneout"_a)
      .def("step", &Stream<L>::step, array("x"), "The output [R] of the next step, for x [I].")
      .def("read_state", &Stream<L>::read_state, array("h"), array("c").none(),
           "Writes the state into h [L, R] and c [L, H].")
      .def("write_state", &Stream<L>::write_state, array("h"), array("c").none(),
           "Takes the state from h [L, R] and c [L, H].");
}

template <class T> void bind(nb::module_ &m, const char *suffix) {
  const auto name = [&](const char *base) { return std::string(base) + suffix; };
  nb::class_<Layer<T>>(m, name("Layer").c_str(), "Packed weights of one direction of one recurrent layer.")
      .def(nb::init<const std::string &, const nb::dict &, int>(), "cell"_a, "weights"_a, "threads"_a.noconvert())
      .def("forward", &Layer<T>::forward, array("x"), array("h0"), array("c0").none(), array("lengths").none(),
           "reverse"_a, array("y"), array("h_n"), array("c_n").none(), array("tape").none(), array("recurrent").none(),
           array("keep_h").none(), array("keep_c").none(), "zoneout"_a, "threads"_a.noconvert(),
           "One pass over a batch: x [T, N, I], h0 [N, R], c0 [N, H]; writes y [T, N, R], h_n, c_n and the tape.")
      .def("step",
           nb::overload_cast<const In<T> &, const In<T> &, const MaybeIn<T> &, const Out<T> &, const MaybeOut<T> &,
                             double>(&Layer<T>::step, nb::const_),
           array("x"), array("h"), array("c").none(), array("h_new"), array("c_new").none(), "zoneout"_a,
           "One step of one row: x [I], h [R], c [H]; writes h_new [R] and c_new [H].")
      .def("start_size", &Layer<T>::start_size,
           "Values that one projected input takes; 0 where steps can't begin with it.");
  nb::class_<Projected<T>>(m, name("Projected").c_str(), "Inputs already multiplied into the layer that reads them.")
      .def(nb::init<const Layer<T> &, const In<T> &>(), nb::keep_alive<1, 2>(), "layer"_a, array("x"));
  m.def(name("step_rows_of").c_str(), &step_rows_of<T>, "layer"_a, "inputs"_a, array("places"), array("x"), array("h"),
        array("c").none(), array("h_new"), array("c_new").none(), "threads"_a.noconvert(),
        "One step of N rows whose inputs are rows `places` [N] of the projected ones and then x [N, I]; h [N, H], c [N, H]; writes "
        "h_new and c_new.");
  bind_stream<Layer<T>>(m, name("Stream").c_str())
      .def("step_of", &Stream<Layer<T>>::step_of, "inputs"_a, "index"_a.noconvert(),
           "The output [R] of the next step, for row `index` of the projected inputs.");
  nb::class_<Linear<T>>(m, name("Linear").c_str(), "Packed weights of a linear map.")
      .def(nb::init<const In<T> &, const MaybeIn<T> &>(), array("weight"), array("bias").none())
      .def("forward", &Linear<T>::forward, array("x"), array("y"), "threads"_a.noconvert(),
           "x [rows, inputs]; writes y [rows, outputs].")
      .def("row", &Linear<T>::row, array("x"), array("y"), "One row: x [inputs]; writes y [outputs].");
  m.def(name("backward").c_str(), &backward<T>, "cell"_a, "weights"_a, array("x"), array("h0"), array("c0").none(),
        array("lengths").none(), "reverse"_a, array("y"), array("tape"), array("dy"), array("dh_n"),
        array("dc_n").none(), array("dx").none(), array("dh0"), array("dc0").none(), "gradients"_a,
        array("recurrent").none(), array("keep_h").none(), array("keep_c").none(), "zoneout"_a, "threads"_a.noconvert(),
        "Gradients of one pass, from what forward was given and wrote, into the arrays whose names begin with d and "
        "those of `gradients`.");
  m.def(name("activations").c_str(), &activations<T>, array("x"), array("sigmoid"), array("tanh"),
        "The kernels' own sigmoid and tanh of x [count].");
  m.def(name("log_softmax").c_str(), &log_softmax<T>, array("x"), array("y"),
        "The logarithm of the softmax of each row of x [rows, count].");
  m.def(name("additive").c_str(), &additive<T>, array("query"), array("key"), array("v"), array("values"),
        array("context"), array("shares"),
        "Additive attention of query [queries, size] to key [keys, size], which stand for values [keys, width]: writes "
        "context [queries, width] and each value's share of it [queries, keys].");
  m.def(name("highest").c_str(), &highest<T>, array("x"), array("totals"), array("groups"), "most"_a.noconvert(),
        array("row"), array("column"), array("sum"),
        "The `most` highest of x [rows, count] plus totals [rows] in each group of rows, groups [rows] ascending: writes row, "
        "column and sum of each, with room for [rows, min(most, count)], and says how many they are.");
  m.def(name("tanh").c_str(), &tanh<T>, array("x"), array("y"), "The kernels' own tanh of x [rows, count].");
  m.def(name("mask").c_str(), &mask<T>, "key"_a.noconvert(), "below"_a.noconvert(), "value"_a, array("mask"),
        "Writes `value` to about below / 2**32 of mask [count], drawn by the key, and 0 to the others.");
}

// Values of tape that one step of one row takes, in single and in double precision.
std::pair<std::int64_t, std::int64_t> tape_per_step(const std::string &name, std::int64_t hidden,
                                                    std::int64_t projection, bool layer_norm, bool peephole,
                                                    bool noise) {
  constexpr std::int64_t LARGEST = std::int64_t{1} << 40; // no weights could be larger, and no sum overflows
  const NamedCell &cell = cell_of(name);
  if (hidden < 1 || hidden > LARGEST || projection < 0 || projection >= hidden)
    refuse("hidden must be at least 1, and projection 0 or less than it, got " + text({hidden, projection}));
  if ((projection || peephole) && cell.cell != Cell::lstm)
    refuse("projection and peephole go with an lstm only");
  if ((layer_norm || noise) && !cell.sees_state)
    refuse(name + " takes neither layer normalisation nor noise");
  const LayerShape shape{cell.cell, 1, hidden, projection, peephole, layer_norm};
  return {kernels<float>().tape_per_step(shape, noise), kernels<double>().tape_per_step(shape, noise)};
}

std::vector<std::string> variant_names() {
  int count;
  const Variant *const *all = variants(&count);
  std::vector<std::string> names;
  for (int k = 0; k < count; ++k)
    if (all[k]->supported())
      names.emplace_back(all[k]->name);
  return names;
}

} // namespace
} // namespace recurra::bindings

NB_MODULE(_native, m) {
  using namespace recurra::bindings;
  using namespace nb::literals;
  // An object that a module still holds when the interpreter ends is no leak, and no news for who runs a script.
  nb::set_leak_warnings(false);
  m.doc() = "Recurra's native core. recurra.kernels is its only importer.";
  bind<float>(m, "32");
  bind<double>(m, "64");
  nb::class_<QuantizedLayer>(m, "QuantizedLayer", "Weights of a layer rounded to bfloat16 or int8, for streams.")
      .def(nb::init<const std::string &, const nb::dict &, const std::string &>(), "cell"_a, "weights"_a, "storage"_a);
  bind_stream<QuantizedLayer>(m, "QuantizedStream");
  m.def("tape_per_step", &tape_per_step, "cell"_a, "hidden"_a.noconvert(), "projection"_a.noconvert(), "layer_norm"_a,
        "peephole"_a, "noise"_a, "Values of tape that one step of one row takes: [float32, float64].");
  m.def("new_bytes", &new_bytes, "bytes"_a.noconvert(), "Memory from the kernels' store, with whatever it holds.");
  m.def("variant", [] { return std::string(recurra::variant().name); }, "Name of the kernels in use.");
  m.def("variants", &variant_names, "Names of the kernels that this processor can run, best first.");
}
