// Memory of kernel calls. Blocks go back to a small store of the calling thread, because fresh pages cost more than the arithmetic
// of a short sequence.
#pragma once

#include <cstddef>
#include <vector>

namespace recurra {

// A block of at least `bytes`, aligned to 64 and not set to anything; throws std::bad_alloc.
struct Block {
  void *data;
  std::size_t bytes;
};
Block take_block(std::size_t bytes);
void give_back(Block block) noexcept;

// Scratch memory of one call.
class Workspace {
public:
  Workspace() = default;
  ~Workspace();
  Workspace(const Workspace &) = delete;
  Workspace &operator=(const Workspace &) = delete;

  // `bytes` of memory aligned to 64, not set to anything, valid as long as the workspace; throws std::bad_alloc.
  void *take(std::size_t bytes);
  // The same, set to zero.
  void *take_zeros(std::size_t bytes);

private:
  std::vector<Block> blocks_;
};

} // namespace recurra
