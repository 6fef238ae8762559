// What one core can do at best: fused multiply-adds a second, and bytes read a second from a block of memory.
//
// Compiled by benchmarks/ceilings.py for the very processor that it runs on.

#include <algorithm>
#include <chrono>

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = kVectorBytes / sizeof(float);
using Vector = float __attribute__((vector_size(kVectorBytes), aligned(4)));

// Enough independent sums to hide the latency of the unit, few enough to stay in registers.
constexpr int kSums = 12;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The best rate of `chunk`, called again and again for so many seconds; it returns how much it did.
template <class Chunk>
double best_rate(double seconds, Chunk chunk) {
  double best = 0.0;
  for (const double end = now() + seconds; now() < end;) {
    const double begin = now();
    const double done = chunk();
    best = std::max(best, done / (now() - begin));
  }
  return best;
}

volatile float sink;

}  // namespace

extern "C" {

// Floating-point operations a second, a multiply-add being two.
double fused_multiply_adds(double seconds) {
  volatile float given = 0.999F;
  const Vector factor = Vector{} + given;
  Vector sums[kSums];
  for (int k = 0; k < kSums; ++k) sums[k] = Vector{} + static_cast<float>(k);
  const double best = best_rate(seconds, [&] {
    constexpr int kSteps = 200'000;
    for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
      for (int k = 0; k < kSums; ++k) sums[k] = sums[k] * factor + factor;
    }
    return 2.0 * kSums * kLanes * kSteps;
  });
  for (const Vector& sum : sums) sink = sum[0];
  return best;
}

// Bytes a second of reading data (count,) over and over; count is a multiple of 128.
double read_bandwidth(const float* data, long count, double seconds) {
  Vector sums[8] = {};
  const long passes = std::max(1L, 4'000'000 / count);
  const double best = best_rate(seconds, [&] {
    for (long pass = 0; pass < passes; ++pass) {
      for (long i = 0; i < count; i += 8 * kLanes) {
#pragma GCC unroll 8
        for (int k = 0; k < 8; ++k) sums[k] += *reinterpret_cast<const Vector*>(data + i + k * kLanes);
      }
      asm volatile("" ::: "memory");
    }
    return 4.0 * static_cast<double>(count * passes);
  });
  for (const Vector& sum : sums) sink = sum[0];
  return best;
}

}  // extern "C"
