// Functions of each row of a table by itself.
//
// Sums run into PANEL partial sums that are combined in one fixed tree, whatever the vector width.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "activations.hpp"
#include "layer_norm.hpp"

namespace recurra::RECURRA_VARIANT {

// Calls f(offset, vector, lanes) for the vectors of one row of `count` values; `vector` is the place within its panel.
template <class T, class F> RECURRA_INLINE void over_row(std::int64_t count, F &&f) {
  const std::int64_t whole = count / PANEL<T> * PANEL<T>;
  for (std::int64_t k = 0; k < whole; k += PANEL<T>)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v)
      f(k + v * LANES<T>, v, std::int64_t{LANES<T>});
#pragma GCC unroll 16
  for (int v = 0; v < VECS<T>; ++v)
    if (const std::int64_t left = count - whole - v * LANES<T>; left > 0)
      f(whole + v * LANES<T>, v, left);
}

// The highest of `count` values, at least one.
template <class T> T peak_of(const T *x, std::int64_t count) {
  Vec<T> peaks[VECS<T>];
  for (Vec<T> &peak : peaks)
    peak = splat<T>(x[0]);
  const std::int64_t whole = count / PANEL<T> * PANEL<T>;
  for (std::int64_t k = 0; k < whole; k += PANEL<T>)
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v) {
      const Vec<T> value = load<T>(x + k + v * LANES<T>);
      peaks[v] = value > peaks[v] ? value : peaks[v];
    }
  T peak = x[0];
  for (const Vec<T> &each : peaks)
    for (int lane = 0; lane < LANES<T>; ++lane)
      peak = each[lane] > peak ? each[lane] : peak;
  for (std::int64_t k = whole; k < count; ++k)
    peak = x[k] > peak ? x[k] : peak;
  return peak;
}

// y = exp(x - peak) for one row, and the sum of that; the peak is the highest value, so 1 is the highest y. What lies so far
// below it that its exponential is no normal number counts as the least that is.
template <class T, class F> RECURRA_INLINE T sum_of_powers(const T *x, std::int64_t count, T peak, F &&write) {
  Vec<T> sums[VECS<T>] = {};
  over_row<T>(count, [&](std::int64_t k, int v, std::int64_t lanes) {
    const Vec<T> power = keep_first<T>(limited_exp<T>(load_first<T>(x + k, lanes) - splat<T>(peak)), lanes);
    sums[v] = sums[v] + power;
    write(k, power, lanes);
  });
  return fold<T>(sums);
}

// y[r] = x[r] - log sum exp x[r].
template <class T> void log_softmax(const LogSoftmaxArgs<T> &args) {
  for (std::int64_t r = 0; r < args.rows; ++r) {
    const T *x = args.x + r * args.count, peak = peak_of(x, args.count);
    T *y = args.y + r * args.count;
    const T sum = sum_of_powers<T>(x, args.count, peak, [](std::int64_t, Vec<T>, std::int64_t) {});
    const Vec<T> high = splat<T>(peak), rest = splat<T>(std::log(sum));
    over_row<T>(args.count, [&](std::int64_t k, int, std::int64_t lanes) {
      store_first<T>(y + k, (load_first<T>(x + k, lanes) - high) - rest, lanes);
    });
  }
}

// weights[n] = softmax over s of v^T tanh(query[n] + key[s]), context[n] = sum over s of weights[n][s] values[s].
template <class T> void additive(const AdditiveArgs<T> &args) {
  for (std::int64_t n = 0; n < args.queries; ++n) {
    const T *query = args.query + n * args.size;
    T *weights = args.weights + n * args.keys, *context = args.context + n * args.width;
    for (std::int64_t s = 0; s < args.keys; ++s) {
      const T *key = args.key + s * args.size;
      Vec<T> sums[VECS<T>] = {};
      over_row<T>(args.size, [&](std::int64_t k, int v, std::int64_t lanes) {
        const Vec<T> bent = tanh<T>(load_first<T>(query + k, lanes) + load_first<T>(key + k, lanes));
        sums[v] = fma(load_first<T>(args.v + k, lanes), bent, sums[v]);
      });
      weights[s] = fold<T>(sums);
    }
    const T sum = sum_of_powers<T>(weights, args.keys, peak_of<T>(weights, args.keys), [&](std::int64_t k, Vec<T> power, std::int64_t lanes) {
      store_first<T>(weights + k, power, lanes);
    });
    for (std::int64_t s = 0; s < args.keys; ++s)
      weights[s] /= sum;
    for (std::int64_t k = 0; k < args.width; k += LANES<T>) {
      const std::int64_t lanes = args.width - k;
      Vec<T> mean{};
      for (std::int64_t s = 0; s < args.keys; ++s)
        mean = fma(splat<T>(weights[s]), load_first<T>(args.values + s * args.width + k, lanes), mean);
      store_first<T>(context + k, mean, lanes);
    }
  }
}

// Where the `most` highest of `count` values stand, the highest first and of equal ones the first, and how many they are: those
// that are no higher than `floor` once `total` is added may be left out.
template <class T>
std::int64_t highest_of_row(const T *x, std::int64_t count, std::int64_t most, double total, double floor, std::int64_t *found) {
  constexpr std::int64_t STRETCH = 8 * PANEL<T>; // of which most, in a long row, hold nothing that is high enough
  std::int64_t size = 0;
  for (std::int64_t from = 0; from < count; from += STRETCH) {
    const std::int64_t to = smaller(count, from + STRETCH);
    const T peak = peak_of(x + from, to - from);
    if (!(peak + total > floor) || (size == most && !(peak > x[found[size - 1]])))
      continue;
    for (std::int64_t k = from; k < to; ++k) {
      if (size == most && !(x[k] > x[found[size - 1]]))
        continue;
      std::int64_t place = size < most ? size++ : size - 1;
      for (; place > 0 && x[k] > x[found[place - 1]]; --place)
        found[place] = found[place - 1];
      found[place] = k;
    }
  }
  return size;
}

// The `most` highest sums of each group of rows, the highest first; of equal ones that of the lower row, and of one row that of
// the higher value.
template <class T> std::int64_t highest(const HighestArgs<T> &args) {
  std::vector<std::int64_t> own(smaller(args.most, args.count));
  std::int64_t first = 0, end = 0; // of the group's results
  for (std::int64_t r = 0; r < args.rows; ++r) {
    if (r && args.groups[r] != args.groups[r - 1])
      first = end;
    const T *x = args.x + r * args.count;
    const double floor = end - first == args.most ? args.sum[end - 1] : -std::numeric_limits<double>::infinity();
    const std::int64_t size = highest_of_row(x, args.count, static_cast<std::int64_t>(own.size()), args.totals[r], floor, own.data());
    for (std::int64_t k = 0; k < size; ++k) {
      const std::int64_t column = own[k];
      const double sum = x[column] + args.totals[r];
      const bool full = end - first == args.most;
      if (!(sum > -std::numeric_limits<double>::infinity()) || (full && !(sum > args.sum[end - 1])))
        break; // and what follows is no higher
      std::int64_t place = full ? end - 1 : end++;
      for (; place > first && sum > args.sum[place - 1]; --place) {
        args.row[place] = args.row[place - 1];
        args.column[place] = args.column[place - 1];
        args.sum[place] = args.sum[place - 1];
      }
      args.row[place] = r;
      args.column[place] = column;
      args.sum[place] = sum;
    }
  }
  return end;
}

template <class T> void tanh_of(const T *x, T *y, std::int64_t count) {
  over_row<T>(count, [&](std::int64_t k, int, std::int64_t lanes) { store_first<T>(y + k, tanh<T>(load_first<T>(x + k, lanes)), lanes); });
}

} // namespace recurra::RECURRA_VARIANT
