// Memory for packed weights, aligned as the kernels want it.
#pragma once

#include "arguments.hpp"
#include "workspace.hpp"

namespace recurra::bindings {

template <class T> class Packed {
public:
  Packed() = default;
  explicit Packed(std::int64_t count) : block_(take_block(static_cast<std::size_t>(count) * sizeof(T))) {}
  Packed(const Packed &) = delete;
  Packed &operator=(Packed &&other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Packed() {
    if (block_.data)
      give_back(block_);
  }

  T *get() const { return static_cast<T *>(block_.data); }

private:
  Block block_{};
};

} // namespace recurra::bindings
