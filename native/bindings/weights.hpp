// A layer's weights, or its gradients, as Python gives them: arrays by their names in PyTorch without the layer's
// suffix.
#pragma once

#include <nanobind/stl/string.h>

#include "arguments.hpp"

namespace recurra::bindings {

struct NamedCell {
  const char *name;
  Cell cell;
  std::int64_t gates;
  bool sees_state; // whether its gates see h'
};

constexpr NamedCell CELLS[] = {
    {"rnn_tanh", Cell::elman_tanh, 1, true},
    {"rnn_relu", Cell::elman_relu, 1, true},
    {"lstm", Cell::lstm, 4, true},
    {"gru", Cell::gru, 3, true},
    {"gru_reset_before", Cell::gru_reset_before, 3, true},
    {"min_gru", Cell::min_gru, 2, false},
    {"min_lstm", Cell::min_lstm, 3, false},
};

inline const NamedCell &cell_of(const std::string &name) {
  std::string names;
  for (const NamedCell &cell : CELLS) {
    if (name == cell.name)
      return cell;
    names += (names.empty() ? "" : ", ") + std::string(cell.name);
  }
  refuse("cell must be one of " + names + ", got '" + name + "'");
}

inline const NamedCell &named(Cell cell) {
  return *std::find_if(std::begin(CELLS), std::end(CELLS), [&](const NamedCell &named) { return named.cell == cell; });
}

// Read from the dict once, and held: neither another thread nor a dict's own methods can change what was checked.
template <class A> class NamedArrays {
public:
  explicit NamedArrays(const nb::dict &arrays, const char *owner = "") : owner_(owner) {
    for (nb::handle item : nb::list(arrays.items())) {
      Entry entry{};
      if (!nb::try_cast(item[0], entry.name, false))
        throw nb::type_error("the names of arrays must be strings");
      if (item[1].is_none() || !nb::try_cast(item[1], entry.array, false))
        throw nb::type_error((owner_ + entry.name + " must be an array of this layer's precision" +
                              (WRITTEN<A> ? " that can be written to" : ""))
                                 .c_str());
      entries_.push_back(std::move(entry));
    }
  }

  bool has(const char *name) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry &entry) { return entry.name == name; });
  }

  const A &get(const char *name) {
    for (Entry &entry : entries_)
      if (entry.name == name) {
        entry.used = true;
        return entry.array;
      }
    refuse(owner_ + name + " is missing");
  }

  void check_all_used() const {
    for (const Entry &entry : entries_)
      if (!entry.used)
        refuse(owner_ + entry.name + " is none of this layer's arrays");
  }

private:
  struct Entry {
    std::string name;
    A array;
    bool used = false;
  };
  std::string owner_;
  std::vector<Entry> entries_;
};

template <class A> LayerShape shape_of(const NamedCell &cell, NamedArrays<A> &arrays) {
  const A &weight_ih = arrays.get("weight_ih");
  LayerShape shape{cell.cell, axis(weight_ih, 1), axis(weight_ih, 0) / cell.gates};
  if (shape.input < 1 || shape.hidden < 1)
    refuse(
        "weight_ih must have a row for each unit of each gate and a column for each input, got input and hidden size " +
        text({shape.input, shape.hidden}));
  if (cell.cell == Cell::lstm) {
    shape.peephole = arrays.has("weight_ci");
    if (arrays.has("weight_hr")) {
      shape.projection = axis(arrays.get("weight_hr"), 0);
      if (shape.projection < 1 || shape.projection >= shape.hidden)
        refuse("weight_hr must project to fewer than the " + std::to_string(shape.hidden) + " hidden units, got " +
               std::to_string(shape.projection));
    }
  }
  shape.layer_norm = cell.sees_state && arrays.has("ln_ih_weight");
  return shape;
}

// Pointers to all arrays of a layer of that shape, no more and no fewer.
template <class A>
Weights<ValueOf<A>> weights_of(Arguments &arguments, NamedArrays<A> &arrays, const LayerShape &shape, bool bias) {
  const NamedCell &cell = named(shape.cell);
  const std::int64_t H = shape.hidden, R = shape.output(), rows = cell.gates * H;
  const auto pointer = [&](const char *name, std::initializer_list<std::int64_t> size) {
    return arguments.rows(arrays.get(name), name, size);
  };
  Weights<ValueOf<A>> out{pointer("weight_ih", {rows, shape.input}), nullptr, nullptr, nullptr};
  if (cell.sees_state)
    out.weight_hh = pointer("weight_hh", {rows, R});
  if (bias)
    out.bias_ih = pointer("bias_ih", {rows});
  if (bias && cell.sees_state)
    out.bias_hh = pointer("bias_hh", {rows});
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
  arrays.check_all_used();
  return out;
}

} // namespace recurra::bindings
