// tanh and the logistic sigmoid on vectors: branch-free, NaN stays NaN, infinities give the limits.
//
// Both rest on 2^n and expm1(r), where t = n ln 2 + r and |r| <= ln(2)/2 (Cody & Waite 1980). expm1(r) = r + r^2 q(r), q a
// polynomial interpolated at Chebyshev nodes. Working with expm1 rather than exp keeps tanh exact to the last bits near 0.
#pragma once

#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T> struct ExpConstants;

template <> struct ExpConstants<float> {
  static constexpr float log2e = 1.44269504f, ln2_high = 0.693145751953125f, ln2_low = 1.42860677e-06f;
  static constexpr float rounder = 12582912.f; // 1.5 * 2^23: adding it rounds to a whole number in the low bits
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float largest = 87.f;      // exp of it, and of its negative, are normal numbers
  static constexpr float tanh_is_one = -20.f; // 1 - tanh(10) is far below half a unit in the last place
  static constexpr float q[] = {0.5f, 0.16666576266288757f, 0.041666556149721146f, 0.008363178931176662f,
                                0.0013926184037700295f};
};

template <> struct ExpConstants<double> {
  static constexpr double log2e = 1.4426950408889634, ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double rounder = 6755399441055744.0; // 1.5 * 2^52
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double largest = 708.0;
  static constexpr double tanh_is_one = -44.0;
  static constexpr double q[] = {0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d63p-5,
                                 0x1.11111111109b3p-7,  0x1.6c16c1788bd90p-10, 0x1.a01a01a7c41d5p-13,
                                 0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22,
                                 0x1.af38a9b0ec855p-26};
};

// exp(t) = power + power * rest, for t in the range of normal results; NaN gives NaN in `rest`.
template <class T> RECURRA_INLINE void split_exp(Vec<T> t, Vec<T> &power, Vec<T> &rest) {
  using C = ExpConstants<T>;
  const Vec<T> shifted = fma(t, splat<T>(C::log2e), splat<T>(C::rounder));
  const Vec<T> n = shifted - splat<T>(C::rounder);
  Vec<T> r = fma(n, splat<T>(-C::ln2_high), t);
  r = fma(n, splat<T>(-C::ln2_low), r);
  constexpr int degree = sizeof(C::q) / sizeof(C::q[0]) - 1;
  Vec<T> q = splat<T>(C::q[degree]);
#pragma GCC unroll 16
  for (int k = degree - 1; k >= 0; --k)
    q = fma(q, r, splat<T>(C::q[k]));
  rest = fma(r * r, q, r);
  power = (Vec<T>)(((VecInt<T>)shifted + C::bias) << C::mantissa);
}

// exp(t), with t limited to where the result is a normal number.
template <class T> RECURRA_INLINE Vec<T> limited_exp(Vec<T> t) {
  using C = ExpConstants<T>;
  Vec<T> power, rest;
  split_exp<T>(at_least(at_most(t, C::largest), -C::largest), power, rest);
  return fma(power, rest, power);
}

// 1 / (1 + exp(-x)); absolute error at most 2^-23 in single precision.
template <class T> RECURRA_INLINE Vec<T> sigmoid(Vec<T> x) { return T(1) / (T(1) + limited_exp<T>(-x)); }

// tanh |x| = -e / (2 + e) with e = expm1(-2 |x|), then the sign of x; at most 2 units in the last place.
template <class T> RECURRA_INLINE Vec<T> tanh(Vec<T> x) {
  using C = ExpConstants<T>;
  const VecInt<T> sign = (VecInt<T>)x & (VecInt<T>)splat<T>(T(-0.0));
  const Vec<T> magnitude = (Vec<T>)((VecInt<T>)x ^ sign);
  Vec<T> power, rest;
  split_exp<T>(at_least(T(-2) * magnitude, C::tanh_is_one), power, rest);
  const Vec<T> one_less = power - T(1), e = fma(power, rest, one_less), below = T(2) + e;
  const Vec<T> q = (T(0) - e) / below;
  // What the roundings of e, of 2 + e and of the quotient left over, brought back by one Newton step; since
  // 1 / (2 + e) = (1 + tanh |x|) / 2, it needs no second division.
  const Vec<T> e_rest = fma(power, rest, one_less - e), below_rest = e - (below - T(2));
  Vec<T> left = fma(-q, below, T(0) - e);
  left = fma(-q, below_rest, left);
  left = fma(T(-1) - q, e_rest, left);
  const Vec<T> positive = fma(left, fma(q, splat<T>(T(0.5)), splat<T>(T(0.5))), q);
  return (Vec<T>)((VecInt<T>)positive | sign);
}

} // namespace recurra::RECURRA_VARIANT
