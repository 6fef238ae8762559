#include "workspace.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace recurra {
namespace {

constexpr std::size_t KEEP_BYTES = std::size_t{128} << 20;
constexpr std::size_t KEEP_BLOCKS = 16;

struct Free {
  void *data;
  std::size_t bytes;
};

struct Store {
  std::vector<Free> free;
  std::size_t total = 0;
  ~Store() {
    for (const Free &block : free)
      std::free(block.data);
  }
};

thread_local Store store;

} // namespace

void *Workspace::take(std::size_t bytes) {
  bytes = (std::max<std::size_t>(bytes, 1) + 63) / 64 * 64;
  blocks_.reserve(blocks_.size() + 1);
  // The smallest free block that is large enough, unless it would waste most of itself.
  auto best = store.free.end();
  for (auto it = store.free.begin(); it != store.free.end(); ++it)
    if (it->bytes >= bytes && it->bytes / 4 <= bytes && (best == store.free.end() || it->bytes < best->bytes))
      best = it;
  if (best != store.free.end()) {
    blocks_.push_back({best->data, best->bytes});
    store.total -= best->bytes;
    store.free.erase(best);
  } else {
    void *data = std::aligned_alloc(64, bytes);
    if (!data)
      throw std::bad_alloc();
    blocks_.push_back({data, bytes});
  }
  return blocks_.back().data;
}

void *Workspace::take_zeros(std::size_t bytes) {
  void *data = take(bytes);
  std::memset(data, 0, bytes);
  return data;
}

Workspace::~Workspace() {
  for (const Block &block : blocks_) {
    if (block.bytes > KEEP_BYTES) {
      std::free(block.data);
      continue;
    }
    while (!store.free.empty() && (store.free.size() >= KEEP_BLOCKS || store.total + block.bytes > KEEP_BYTES)) {
      store.total -= store.free.front().bytes;
      std::free(store.free.front().data);
      store.free.erase(store.free.begin());
    }
    store.free.push_back({block.data, block.bytes});
    store.total += block.bytes;
  }
}

} // namespace recurra
