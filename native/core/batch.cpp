#include "batch.hpp"

#include <algorithm>
#include <numeric>

namespace recurra {

Batch::Batch(std::int64_t rows_, std::int64_t T, const std::int64_t *lengths)
    : rows(rows_), order(rows_), length(rows_, T) {
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (lengths) {
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return lengths[a] > lengths[b]; });
    for (std::int64_t p = 0; p < rows; ++p)
      length[p] = lengths[order[p]];
  }
  steps = rows ? length[0] : 0;
  live.resize(steps + 1);
  first.resize(steps + 1);
  std::int64_t alive = rows;
  for (std::int64_t s = 0; s <= steps; ++s) {
    while (alive > 0 && length[alive - 1] <= s)
      --alive;
    live[s] = alive;
    first[s] = total;
    total += alive;
  }
}

Batch::~Batch() = default;

void Batch::share(int id, int workers, std::int64_t &begin, std::int64_t &end) const {
  const std::int64_t from = total * id / workers, to = total * (id + 1) / workers;
  std::int64_t before = 0;
  begin = end = 0;
  for (std::int64_t p = 0; p < rows; ++p) {
    if (before < from)
      begin = p + 1;
    if (before < to)
      end = p + 1;
    before += length[p];
  }
  if (id == workers - 1)
    end = rows;
}

} // namespace recurra
