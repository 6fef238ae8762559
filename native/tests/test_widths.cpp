// Vectors of 16, 32 and 64 bytes give the same bits in inference, for every cell and option, where both fuse multiply-adds.
#include <cstring>
#include <random>

#include "api.hpp"
#include "check.hpp"
#include "layer_case.hpp"

namespace recurra::avx512 {
extern const Variant VARIANT;
}
namespace recurra::avx2 {
extern const Variant VARIANT;
}
namespace recurra::narrow {
extern const Variant VARIANT;
}

namespace {

template <class T> bool same_bits(const std::vector<T> &a, const std::vector<T> &b) {
  return a.size() == b.size() && (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof(T)));
}

template <class T> bool same_bits(const LayerResult<T> &a, const LayerResult<T> &b) {
  return same_bits(a.y, b.y) && same_bits(a.h_n, b.h_n) && same_bits(a.c_n, b.c_n);
}

} // namespace

TEST(the_width_of_vectors_changes_no_bit) {
  using recurra::Cell;
  for (const recurra::Variant *wide : {&recurra::avx2::VARIANT, &recurra::avx512::VARIANT}) {
    if (!wide->supported())
      continue;
    std::mt19937 random(8);
    for (const Cell cell : {Cell::elman_tanh, Cell::elman_relu, Cell::lstm, Cell::gru, Cell::gru_reset_before, Cell::min_gru,
                            Cell::min_lstm})
      for (int k = 0; k < 40; ++k) {
        const LayerCase<double> problem(cell, random, k % 2);
        CHECK(same_bits(problem.forward(wide->f64, 1), problem.forward(recurra::narrow::VARIANT.f64, 2)));
        const LayerCase<float> single = problem.single();
        CHECK(same_bits(single.forward(wide->f32, 1), single.forward(recurra::narrow::VARIANT.f32, 2)));
      }
  }
}
