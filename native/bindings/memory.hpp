// Memory for NumPy arrays out of the kernels' own store, which has pages at hand.
#pragma once

#include <memory>

#include "arguments.hpp"
#include "workspace.hpp"

namespace recurra::bindings {

// `bytes` bytes, aligned to 64 and not set to anything; they go back to the store with the last array that uses them.
inline nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>> new_bytes(std::int64_t bytes) {
  if (bytes < 0)
    refuse("bytes must be at least 0, got " + std::to_string(bytes));
  auto block = std::make_unique<Block>(take_block(static_cast<std::size_t>(bytes)));
  void *data = block->data;
  nb::capsule owner(block.get(), [](void *given) noexcept {
    const std::unique_ptr<Block> own(static_cast<Block *>(given));
    give_back(*own);
  });
  block.release();
  return {data, {static_cast<std::size_t>(bytes)}, owner};
}

} // namespace recurra::bindings
