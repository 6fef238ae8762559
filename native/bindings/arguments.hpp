// What the bindings make sure of before a pointer is touched: precision, shape, layout, and memory that is not shared.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include "api.hpp"

namespace nb = nanobind;

namespace recurra::bindings {

// Arrays that a call reads, and arrays that it writes.
template <class T> using In = nb::ndarray<const T, nb::device::cpu>;
template <class T> using Out = nb::ndarray<T, nb::device::cpu>;
template <class T> using MaybeIn = std::optional<In<T>>;
template <class T> using MaybeOut = std::optional<Out<T>>;

template <class T> const Kernels<T> &kernels() {
  if constexpr (sizeof(T) == 4)
    return variant().f32;
  else
    return variant().f64;
}

template <class T> const RowKernels<T> &row_kernels() {
  if constexpr (sizeof(T) == 4)
    return variant().rows_f32;
  else
    return variant().rows_f64;
}

[[noreturn]] inline void refuse(const std::string &message) { throw nb::value_error(message.c_str()); }

// A shape in words; an axis of any size is below 0.
inline std::string text(const std::int64_t *sizes, std::size_t count) {
  std::string out = "(";
  for (std::size_t k = 0; k < count; ++k)
    out += (k ? ", " : "") + (sizes[k] < 0 ? std::string("?") : std::to_string(sizes[k]));
  return out + (count == 1 ? ",)" : ")");
}

inline std::string text(std::initializer_list<std::int64_t> sizes) { return text(sizes.begin(), sizes.size()); }

template <class A> std::string text_of(const A &array) { return text(array.shape_ptr(), array.ndim()); }

template <class A> std::int64_t axis(const A &array, std::size_t k) {
  return k < array.ndim() ? static_cast<std::int64_t>(array.shape(k)) : -1;
}

// Whether no axis is 0; a product of sizes could wrap around to it.
template <class A> bool has_values(const A &array) {
  return std::find(array.shape_ptr(), array.shape_ptr() + array.ndim(), 0) == array.shape_ptr() + array.ndim();
}

// What an array's data points at, and whether the call writes it.
template <class A> using ValueOf = std::remove_pointer_t<decltype(std::declval<A>().data())>;
template <class A> constexpr bool WRITTEN = !std::is_const_v<ValueOf<A>>;

// The arrays of one call: each is checked as it is added, and check_apart() once all are. Sizes may come from an array
// that is only checked later, so nothing may be allocated by them before.
class Arguments {
public:
  // What the arrays added next belong to, for messages: "gradient " or "".
  const char *owner = "";

  // The data of an array whose rows must lie without gaps.
  template <class A> auto *rows(const A &array, const char *name, std::initializer_list<std::int64_t> shape) {
    check_shape(array, name, shape);
    std::int64_t stride = 1;
    for (std::size_t k = array.ndim(); k-- > 0;) {
      if (array.shape(k) > 1 && has_values(array) && array.stride(k) != stride)
        refuse(owner + std::string(name) + " must be C-contiguous");
      stride *= axis(array, k);
    }
    add(array, name);
    return array.data();
  }

  // A [T, N, width] array with any strides over steps and rows.
  template <class A>
  Steps<ValueOf<A>> steps(const A &array, const char *name, std::int64_t T_, std::int64_t N, std::int64_t width) {
    check_shape(array, name, {T_, N, width});
    if (has_values(array)) {
      if (width > 1 && array.stride(2) != 1)
        refuse(owner + std::string(name) + " must be contiguous along its last axis");
      if (WRITTEN<A>)
        check_places(array, name);
    }
    add(array, name);
    return {array.data(), array.stride(0), array.stride(1)};
  }

  // Refuses what is written if it shares memory with anything else; the stretch of memory that an array spans counts as
  // its own.
  void check_apart() const {
    for (std::size_t k = 0; k < count_; ++k)
      for (std::size_t other = 0; other < count_ && spans_[k].written; ++other)
        if (k != other && spans_[k].from < spans_[other].to && spans_[other].from < spans_[k].to)
          refuse(spans_[k].name() + " must not share memory with " + spans_[other].name());
  }

private:
  struct Span {
    const char *owner, *own_name;
    std::uintptr_t from, to;
    bool written;
    std::string name() const { return std::string(owner) + own_name; }
  };

  template <class A>
  void check_shape(const A &array, const char *name, std::initializer_list<std::int64_t> shape) const {
    if (!std::equal(array.shape_ptr(), array.shape_ptr() + array.ndim(), shape.begin(), shape.end()))
      refuse(owner + std::string(name) + " must have shape " + text(shape) + ", got " + text_of(array));
  }

  // Every value of what is written has a place of its own: the wider stride passes over all that the other one reaches.
  template <class A> void check_places(const A &array, const char *name) const {
    const std::int64_t strides[] = {std::abs(array.stride(0)), std::abs(array.stride(1))}, width = axis(array, 2);
    const int inner = strides[0] < strides[1] ? 0 : 1, outer = 1 - inner;
    const std::int64_t reach = (axis(array, inner) - 1) * strides[inner] + width;
    if ((array.shape(inner) > 1 && strides[inner] < width) || (array.shape(outer) > 1 && strides[outer] < reach))
      refuse(owner + std::string(name) + " must have a place of its own for every value");
  }

  // Notes the memory that the array spans, whatever the signs of its strides.
  template <class A> void add(const A &array, const char *name) {
    const auto start = reinterpret_cast<std::uintptr_t>(array.data());
    constexpr std::int64_t bytes = sizeof(*array.data());
    if (!has_values(array))
      return;
    if (start % bytes)
      refuse(owner + std::string(name) + " must be aligned to its values");
    std::int64_t first = 0, last = 0;
    for (std::size_t k = 0; k < array.ndim(); ++k)
      (array.stride(k) < 0 ? first : last) += (axis(array, k) - 1) * array.stride(k);
    spans_.at(count_++) = {owner, name, start + first * bytes, start + (last + 1) * bytes, WRITTEN<A>};
  }

  std::array<Span, 48> spans_; // more than any call has arrays
  std::size_t count_ = 0;
};

inline double checked_zoneout(double zoneout) {
  if (!(zoneout >= 0 && zoneout <= 1))
    refuse("zoneout must lie between 0 and 1, got " + std::to_string(zoneout));
  return zoneout;
}

inline int checked_threads(int threads) {
  if (threads < 1 || threads > 1024)
    refuse("threads must lie between 1 and 1024, got " + std::to_string(threads));
  return threads;
}

} // namespace recurra::bindings
