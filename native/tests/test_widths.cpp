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

TEST(the_width_of_vectors_changes_no_bit_of_rows) {
  const recurra::Variant &narrow = recurra::narrow::VARIANT;
  for (const recurra::Variant *wide : {&recurra::avx2::VARIANT, &recurra::avx512::VARIANT}) {
    if (!wide->supported())
      continue;
    std::mt19937 random(9);
    std::normal_distribution<float> normal;
    for (const std::int64_t size : {1, 3, 4, 7, 8, 15, 16, 17, 33, 130, 1000}) {
      constexpr std::int64_t ROWS = 3, KEYS = 21;
      std::vector<float> x(ROWS * size), key(KEYS * size), v(size);
      for (std::vector<float> *values : {&x, &key, &v})
        for (float &value : *values)
          value = normal(random);
      const auto results = [&](const recurra::Variant &variant) {
        std::vector<float> y(ROWS * size), context(ROWS * size), weights(ROWS * KEYS);
        variant.rows_f32.log_softmax({ROWS, size, x.data(), y.data()});
        variant.rows_f32.additive({ROWS, KEYS, size, size, x.data(), key.data(), v.data(), key.data(), context.data(), weights.data()});
        const std::int64_t most = (size + 1) / 2;
        std::vector<std::int64_t> row(ROWS * most), column(ROWS * most), groups(ROWS);
        std::vector<double> sum(ROWS * most), totals(ROWS);
        for (int r = 0; r < ROWS; ++r) {
          groups[r] = r / 2;
          totals[r] = r / 8.0;
        }
        const std::int64_t found = variant.rows_f32.highest(
            {ROWS, size, most, x.data(), totals.data(), groups.data(), row.data(), column.data(), sum.data()});
        for (std::int64_t k = 0; k < found; ++k)
          y.insert(y.end(), {static_cast<float>(row[k]), static_cast<float>(column[k]), static_cast<float>(sum[k])});
        std::vector<float> bent(x.size());
        variant.rows_f32.tanh(x.data(), bent.data(), static_cast<std::int64_t>(x.size()));
        y.insert(y.end(), bent.begin(), bent.end());
        y.insert(y.end(), context.begin(), context.end());
        y.insert(y.end(), weights.begin(), weights.end());
        return y;
      };
      CHECK(same_bits(results(*wide), results(narrow)), "%s, size %d", wide->name, static_cast<int>(size));
    }
  }
}
