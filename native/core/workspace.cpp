#include "workspace.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace recurra {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t KEEP_BYTES = 0; // a sanitizer sees nothing within a block that is used again
#else
constexpr std::size_t KEEP_BYTES = std::size_t{256} << 20;
#endif
constexpr std::size_t KEEP_BLOCKS = 64;

struct Store {
  std::vector<Block> free;
  std::size_t total = 0;
  ~Store() {
    for (const Block &block : free)
      std::free(block.data);
    closed = true;
  }
  static thread_local bool closed; // what comes back while the thread ends is freed at once
};

thread_local bool Store::closed = false;
thread_local Store store;

} // namespace

Block take_block(std::size_t bytes) {
  bytes = (std::max<std::size_t>(bytes, 1) + 63) / 64 * 64;
  // The smallest free block that is large enough, unless it would waste a good part of itself.
  auto best = store.free.end();
  for (auto it = store.free.begin(); it != store.free.end(); ++it)
    if (it->bytes >= bytes && it->bytes - bytes <= bytes / 2 && (best == store.free.end() || it->bytes < best->bytes))
      best = it;
  if (best != store.free.end()) {
    const Block block = *best;
    store.total -= block.bytes;
    store.free.erase(best);
    return block;
  }
  void *data = std::aligned_alloc(64, bytes);
  if (!data)
    throw std::bad_alloc();
  return {data, bytes};
}

void give_back(Block block) noexcept {
  if (Store::closed || block.bytes > KEEP_BYTES)
    return std::free(block.data);
  while (!store.free.empty() && (store.free.size() >= KEEP_BLOCKS || store.total + block.bytes > KEEP_BYTES)) {
    store.total -= store.free.front().bytes;
    std::free(store.free.front().data);
    store.free.erase(store.free.begin());
  }
  try {
    store.free.push_back(block);
    store.total += block.bytes;
  } catch (...) {
    std::free(block.data);
  }
}

void *Workspace::take(std::size_t bytes) {
  blocks_.reserve(blocks_.size() + 1);
  blocks_.push_back(take_block(bytes));
  return blocks_.back().data;
}

void *Workspace::take_zeros(std::size_t bytes) {
  void *data = take(bytes);
  std::memset(data, 0, bytes);
  return data;
}

Workspace::~Workspace() {
  for (const Block &block : blocks_)
    give_back(block);
}

} // namespace recurra
