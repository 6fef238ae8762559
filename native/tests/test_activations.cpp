// sigmoid and tanh against the C library in the next higher precision.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "api.hpp"
#include "check.hpp"

namespace {

template <class T> struct Next;
template <> struct Next<float> { using type = double; };
template <> struct Next<double> { using type = long double; };

template <class T> const recurra::Kernels<T> &kernels_of(const recurra::Variant &variant) {
  if constexpr (sizeof(T) == 4)
    return variant.f32;
  else
    return variant.f64;
}

template <class F> void for_each_variant(F &&f) {
  int count;
  const recurra::Variant *const *all = recurra::variants(&count);
  for (int k = 0; k < count; ++k)
    if (all[k]->supported())
      f(*all[k]);
}

// The distance of `got` from the exact value in units in the last place of that value.
template <class T, class Exact> double ulps(T got, Exact exact) {
  if (std::fabs(exact) < std::numeric_limits<T>::min())
    return std::fabs(got) <= std::numeric_limits<T>::min() ? 0 : 1e9;
  int exponent;
  std::frexp(exact, &exponent);
  return static_cast<double>(std::fabs(got - exact) /
                             std::ldexp(Exact(1), exponent - std::numeric_limits<T>::digits));
}

template <class T> std::vector<T> inputs() {
  std::vector<T> x;
  for (double magnitude = 1e-44; magnitude < 200; magnitude *= 1.00007)
    for (const double sign : {-1.0, 1.0})
      x.push_back(static_cast<T>(sign * magnitude));
  return x;
}

template <class T> void check_accuracy(const recurra::Variant &variant, double tanh_ulps, double sigmoid_error) {
  using Exact = typename Next<T>::type;
  const std::vector<T> x = inputs<T>();
  std::vector<T> s(x.size()), t(x.size());
  kernels_of<T>(variant).activations(x.data(), s.data(), t.data(), static_cast<std::int64_t>(x.size()));
  double worst_tanh = 0, worst_sigmoid = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    worst_tanh = std::fmax(worst_tanh, ulps<T>(t[k], std::tanh(static_cast<Exact>(x[k]))));
    const Exact exact = 1 / (1 + std::exp(-static_cast<Exact>(x[k])));
    worst_sigmoid = std::fmax(worst_sigmoid, static_cast<double>(std::fabs(s[k] - exact)));
  }
  CHECK(worst_tanh <= tanh_ulps, "%s: %.3f ulp", variant.name, worst_tanh);
  CHECK(worst_sigmoid <= sigmoid_error, "%s: %.3g", variant.name, worst_sigmoid);
}

template <class T> void check_limits(const recurra::Variant &variant) {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T x[] = {0, T(-0.0), infinity, -infinity, nan, std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()};
  T s[7], t[7];
  kernels_of<T>(variant).activations(x, s, t, 7);
  CHECK(s[0] == T(0.5) && t[0] == 0 && !std::signbit(t[0]));
  CHECK(t[1] == 0 && std::signbit(t[1]));
  CHECK(s[2] == 1 && t[2] == 1 && s[5] == 1 && t[5] == 1);
  CHECK(s[3] >= 0 && s[3] < T(1e-30) && t[3] == -1 && s[6] >= 0 && s[6] < T(1e-30) && t[6] == -1);
  CHECK(std::isnan(s[4]) && std::isnan(t[4]));
}

} // namespace

TEST(tanh_within_2_ulp_and_sigmoid_within_an_epsilon) {
  for_each_variant([](const recurra::Variant &variant) {
    check_accuracy<float>(variant, 2, std::ldexp(1.0, -23));
    check_accuracy<double>(variant, 2, std::ldexp(1.0, -52));
  });
}

TEST(activations_have_their_limits_and_keep_nan) {
  for_each_variant([](const recurra::Variant &variant) {
    check_limits<float>(variant);
    check_limits<double>(variant);
  });
}
