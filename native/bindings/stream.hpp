// Layers in one direction, stepped together for one row whose state they keep.
#pragma once

#include <mutex>

#include "projected.hpp"

namespace recurra::bindings {

template <class L> class Stream {
  using T = typename L::Value;

public:
  // `layers`: objects of class L of one cell and size, first to last; the state starts at zero.
  Stream(const nb::list &layers, double zoneout) : layers_(layers) {
    for (nb::handle item : layers_) {
      L *layer = nullptr;
      if (item.is_none() || !nb::try_cast(item, layer, false))
        throw nb::type_error("layers must be layers of this stream's precision");
      steps_.push_back(layer);
    }
    if (steps_.empty())
      refuse("layers must hold at least one layer");
    const LayerShape &first = steps_.front()->shape();
    for (std::size_t k = 1; k < steps_.size(); ++k) {
      const LayerShape &shape = steps_[k]->shape();
      if (shape.cell != first.cell || shape.hidden != first.hidden || shape.output() != first.output() ||
          shape.input != first.output())
        refuse("layers must be of one cell and size, each reading the output of the one before");
    }
    input_ = first.input;
    R_ = first.output();
    H_ = first.hidden;
    zoneout_ = steps_.front()->noise_of(zoneout);
    for (std::vector<T> &h : h_)
      h.resize(steps_.size() * R_);
    for (std::vector<T> &c : c_)
      c.resize(first.cell == Cell::lstm ? steps_.size() * H_ : 0);
    output_.resize(R_);
    // A view of `output_` whose copy() makes NumPy arrays faster than wrapping new memory does.
    copy_output_ = nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(output_.data(), {output_.size()}, nb::handle()),
                            nb::rv_policy::reference)
                       .attr("copy");
  }

  // The output of the next step for x [I].
  nb::object step(const In<T> &x) {
    Arguments arguments;
    const T *input = arguments.rows(x, "x", {input_});
    return advance([&](auto... state) { steps_.front()->step(input, state..., zoneout_, now_); });
  }

  // The same for row `index` of inputs that the first layer has projected.
  nb::object step_of(const Projected<T> &inputs, std::int64_t index) {
    if (!inputs.belongs_to(steps_.front()) || zoneout_ != 0)
      refuse("inputs must be projected by the first layer of this stream, which takes no zoneout");
    const T *start = inputs.row(index);
    return advance([&](auto... state) { steps_.front()->step_from(start, state..., now_); });
  }

  // Writes the state, h [L, R] and c [L, H] (None unless the cell has c), into the arrays given.
  void read_state(const Out<T> &h, const MaybeOut<T> &c) {
    Arguments arguments;
    T *to_h = arguments.rows(h, "h", {layers(), R_}), *to_c = nullptr;
    if (has_c(steps_.front()->shape(), {c.has_value()}, "c"))
      to_c = arguments.rows(*c, "c", {layers(), H_});
    arguments.check_apart();
    nb::gil_scoped_release release;
    std::lock_guard lock(busy_);
    std::copy(h_[now_].begin(), h_[now_].end(), to_h);
    std::copy(c_[now_].begin(), c_[now_].end(), to_c);
  }

  // Takes the state from the arrays given.
  void write_state(const In<T> &h, const MaybeIn<T> &c) {
    Arguments arguments;
    const T *from_h = arguments.rows(h, "h", {layers(), R_}), *from_c = nullptr;
    if (has_c(steps_.front()->shape(), {c.has_value()}, "c"))
      from_c = arguments.rows(*c, "c", {layers(), H_});
    nb::gil_scoped_release release;
    std::lock_guard lock(busy_);
    std::copy_n(from_h, h_[now_].size(), h_[now_].begin());
    std::copy_n(from_c, c_[now_].size(), c_[now_].begin());
  }

private:
  // One step of all layers: first(h, c, h_new, c_new) is that of the first.
  template <class F> nb::object advance(F &&first) {
    std::unique_lock lock(busy_, std::defer_lock);
    {
      // The lock is only ever waited for without the GIL, so that its holder can have the GIL back.
      nb::gil_scoped_release release;
      lock.lock();
      const int next = 1 - now_;
      const bool has_c = !c_[0].empty();
      const T *output = nullptr;
      for (std::size_t k = 0; k < steps_.size(); ++k) {
        const T *h = h_[now_].data() + k * R_, *c = has_c ? c_[now_].data() + k * H_ : nullptr;
        T *h_new = h_[next].data() + k * R_, *c_new = has_c ? c_[next].data() + k * H_ : nullptr;
        if (k)
          steps_[k]->step(output, h, c, h_new, c_new, zoneout_, now_);
        else
          first(h, c, h_new, c_new);
        output = h_new;
      }
      std::copy(output, output + R_, output_.begin());
      now_ = next;
    }
    return copy_output_();
  }

  std::int64_t layers() const { return static_cast<std::int64_t>(steps_.size()); }

  nb::tuple layers_; // keeps the layers alive
  std::vector<const L *> steps_;
  std::int64_t input_, R_, H_;
  T zoneout_;
  std::vector<T> h_[2], c_[2]; // [L, R] and [L, H], before and after a step by turns
  int now_ = 0;                // which of them is the state
  std::vector<T> output_;      // [R]
  nb::object copy_output_;
  std::mutex busy_;
};

} // namespace recurra::bindings
