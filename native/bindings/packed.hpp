// Memory for packed weights, aligned as the kernels want it.
#pragma once

#include <memory>
#include <new>

#include "arguments.hpp"

namespace recurra::bindings {

template <class T> class Packed {
public:
  Packed() = default;

  explicit Packed(std::int64_t count)
      : data_(static_cast<T *>(std::aligned_alloc(64, (count * sizeof(T) + 127) / 64 * 64))) {
    if (!data_)
      throw std::bad_alloc();
  }

  T *get() const { return data_.get(); }

private:
  struct Free {
    void operator()(T *data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
};

} // namespace recurra::bindings
