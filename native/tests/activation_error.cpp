// The largest error of tanh and sigmoid over every float32, against the C library in double precision. Takes minutes.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "api.hpp"

int main() {
  const recurra::Kernels<float> &kernels = recurra::variant().f32;
  constexpr std::uint32_t CHUNK = 1u << 20;
  std::vector<float> x(CHUNK), s(CHUNK), t(CHUNK);
  double worst_tanh = 0, worst_sigmoid = 0;
  float at_tanh = 0, at_sigmoid = 0;
  std::uint64_t strays = 0; // a NaN from a number, or a number from a NaN
  for (std::uint64_t first = 0; first < (std::uint64_t{1} << 32); first += CHUNK) {
    for (std::uint32_t k = 0; k < CHUNK; ++k) {
      const auto bits = static_cast<std::uint32_t>(first + k);
      std::memcpy(&x[k], &bits, sizeof bits);
    }
    kernels.activations(x.data(), s.data(), t.data(), CHUNK);
    for (std::uint32_t k = 0; k < CHUNK; ++k) {
      if (std::isnan(x[k]) || std::isnan(s[k]) || std::isnan(t[k])) {
        strays += !(std::isnan(x[k]) && std::isnan(s[k]) && std::isnan(t[k]));
        continue;
      }
      const double exact = std::tanh(static_cast<double>(x[k]));
      int exponent;
      std::frexp(exact, &exponent);
      // Below the smallest normal number the kernels may give zero, half a unit of its last place being 2^-150.
      const double unit = std::ldexp(1.0, std::fmax(exponent, -125) - 24);
      const double error = std::fabs(t[k] - exact) / (std::fabs(exact) < 1.1754943508222875e-38 ? 1.1754943508222875e-38 : unit);
      if (error > worst_tanh)
        worst_tanh = error, at_tanh = x[k];
      const double off = std::fabs(s[k] - 1 / (1 + std::exp(-static_cast<double>(x[k]))));
      if (off > worst_sigmoid)
        worst_sigmoid = off, at_sigmoid = x[k];
    }
  }
  std::printf("%s kernels, all 2^32 values of float32\n", recurra::variant().name);
  std::printf("tanh:    %.3f units in the last place at most, at %.9g\n", worst_tanh, static_cast<double>(at_tanh));
  std::printf("sigmoid: %.3g at most (2^-23 is %.3g), at %.9g\n", worst_sigmoid, std::ldexp(1.0, -23), static_cast<double>(at_sigmoid));
  std::printf("NaN: %llu strays\n", static_cast<unsigned long long>(strays));
  return worst_tanh > 2 || worst_sigmoid > std::ldexp(1.0, -23) || strays;
}
