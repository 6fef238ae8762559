// Vectors of the width that this translation unit is compiled for.
//
// One source serves every instruction set: the compiler's vector types carry arithmetic, comparison and selection; only the
// fused multiply-add needs a name of its own. Each variant lives in its own namespace (RECURRA_VARIANT), so that the linker
// can never merge code compiled for a newer processor into a path that must run on an older one.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef RECURRA_VARIANT
#error "compile with -DRECURRA_VARIANT=name and -DRECURRA_VECTOR_BYTES=16, 32 or 64"
#endif

#define RECURRA_INLINE [[gnu::always_inline]] inline

namespace recurra::RECURRA_VARIANT {

// A panel is one cache line wide in every variant, so packed weights have one layout.
constexpr int PANEL_BYTES = 64;

template <class T> struct Simd;

template <> struct Simd<float> {
  typedef float Vec __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
  typedef std::int32_t Int __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
};

template <> struct Simd<double> {
  typedef double Vec __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
  typedef std::int64_t Int __attribute__((vector_size(RECURRA_VECTOR_BYTES)));
};

template <class T> using Vec = typename Simd<T>::Vec;
template <class T> using VecInt = typename Simd<T>::Int;

template <class T> constexpr int LANES = RECURRA_VECTOR_BYTES / sizeof(T);
template <class T> constexpr int PANEL = PANEL_BYTES / sizeof(T);
template <class T> constexpr int VECS = PANEL<T> / LANES<T>;

// A vector anywhere in memory. Not memcpy: for Arm, GCC would copy 16 bytes through two integer registers.
template <class T> using Loose [[gnu::aligned(alignof(T)), gnu::may_alias]] = Vec<T>;

template <class T> RECURRA_INLINE Vec<T> load(const T *p) { return *reinterpret_cast<const Loose<T> *>(p); }

template <class T> RECURRA_INLINE void store(T *p, Vec<T> v) { *reinterpret_cast<Loose<T> *>(p) = v; }

// s - 0 rather than s + 0: it keeps the sign of a negative zero.
template <class T> RECURRA_INLINE Vec<T> splat(T s) { return s - Vec<T>{}; }

// The first `count` lanes from memory, zeros after them.
template <class T> RECURRA_INLINE Vec<T> load_first(const T *p, std::int64_t count) {
  if (count >= LANES<T>)
    return load<T>(p);
  T lanes[LANES<T>] = {};
  for (std::int64_t k = 0; k < count; ++k)
    lanes[k] = p[k];
  return load<T>(lanes);
}

template <class T> RECURRA_INLINE void store_first(T *p, Vec<T> v, std::int64_t count) {
  if (count >= LANES<T>)
    return store<T>(p, v);
  T lanes[LANES<T>];
  store<T>(lanes, v);
  for (std::int64_t k = 0; k < count; ++k)
    p[k] = lanes[k];
}

// v with every lane from `count` on set to zero, whatever it held.
template <class T> RECURRA_INLINE Vec<T> keep_first(Vec<T> v, std::int64_t count) {
  if (count >= LANES<T>)
    return v;
  T lanes[LANES<T>];
  store<T>(lanes, v);
  return load_first<T>(lanes, count);
}

// a * b + c: one rounding where the variant's processor has the instruction, two in the baseline of x86-64. The compiler is
// told never to fuse on its own (-ffp-contract=off), so results do not depend on how it arranged a loop.
RECURRA_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
#if RECURRA_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<float>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif RECURRA_VECTOR_BYTES == 32 && defined(__FMA__)
  return (Vec<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif RECURRA_VECTOR_BYTES == 16 && defined(__FMA__)
  return (Vec<float>)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#elif defined(__aarch64__)
  return (Vec<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

RECURRA_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
#if RECURRA_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<double>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif RECURRA_VECTOR_BYTES == 32 && defined(__FMA__)
  return (Vec<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif RECURRA_VECTOR_BYTES == 16 && defined(__FMA__)
  return (Vec<double>)_mm_fmadd_pd((__m128d)a, (__m128d)b, (__m128d)c);
#elif defined(__aarch64__)
  return (Vec<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}

// Limits that let NaN pass. x86 gives the second operand where one is NaN.
RECURRA_INLINE Vec<float> at_most(Vec<float> v, float limit) {
#if RECURRA_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<float>)_mm512_maskz_min_ps(0xffff, (__m512)splat<float>(limit), (__m512)v);
#elif RECURRA_VECTOR_BYTES == 32 && defined(__AVX__)
  return (Vec<float>)_mm256_min_ps((__m256)splat<float>(limit), (__m256)v);
#else
  return v > limit ? splat<float>(limit) : v;
#endif
}

RECURRA_INLINE Vec<float> at_least(Vec<float> v, float limit) {
#if RECURRA_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<float>)_mm512_maskz_max_ps(0xffff, (__m512)splat<float>(limit), (__m512)v);
#elif RECURRA_VECTOR_BYTES == 32 && defined(__AVX__)
  return (Vec<float>)_mm256_max_ps((__m256)splat<float>(limit), (__m256)v);
#else
  return v < limit ? splat<float>(limit) : v;
#endif
}

RECURRA_INLINE Vec<double> at_most(Vec<double> v, double limit) { return v > limit ? splat<double>(limit) : v; }
RECURRA_INLINE Vec<double> at_least(Vec<double> v, double limit) { return v < limit ? splat<double>(limit) : v; }

} // namespace recurra::RECURRA_VARIANT
