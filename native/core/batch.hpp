// A ragged batch, seen from inside: rows sorted by length, longest first, so that the rows alive at any step are a prefix and
// no step is spent on padding.
#pragma once

#include <cstdint>
#include <vector>

namespace recurra {

struct Batch {
  std::int64_t rows = 0;           // N
  std::int64_t steps = 0;          // the longest length
  std::int64_t total = 0;          // live steps of all rows together
  std::vector<std::int64_t> order;  // [rows]: the caller's row at each sorted position
  std::vector<std::int64_t> length; // [rows]: its length, descending
  std::vector<std::int64_t> live;   // [steps + 1]: rows alive at each step; 0 at the end
  std::vector<std::int64_t> first;  // [steps + 1]: number of the first live row of each step among all live steps

  // lengths: [rows], each in [0, T], or null where every row has T steps.
  Batch(std::int64_t rows, std::int64_t T, const std::int64_t *lengths);
  ~Batch(); // out of line, so that no variant emits a copy of it with its own instructions

  // The sorted rows [begin, end) of worker `id` out of `workers`, with about equal numbers of live steps.
  void share(int id, int workers, std::int64_t &begin, std::int64_t &end) const;
};

} // namespace recurra
