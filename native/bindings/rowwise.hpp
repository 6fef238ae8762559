// Functions of each row of a table by itself, as Python sees them.
#pragma once

#include "arguments.hpp"

namespace recurra::bindings {

template <class T> void log_softmax(const In<T> &x, const Out<T> &y) {
  const std::int64_t rows = axis(x, 0), count = axis(x, 1);
  Arguments arguments;
  const LogSoftmaxArgs<T> args{rows, count, arguments.rows(x, "x", {rows, count}), arguments.rows(y, "y", {rows, count})};
  if (count < 1)
    refuse("x must have shape (rows, count), count at least 1, got " + text_of(x));
  arguments.check_apart();
  nb::gil_scoped_release release;
  row_kernels<T>().log_softmax(args);
}

template <class T>
void additive(const In<T> &query, const In<T> &key, const In<T> &v, const In<T> &values, const Out<T> &context,
              const Out<T> &shares) {
  const std::int64_t queries = axis(query, 0), keys = axis(key, 0), size = axis(v, 0), width = axis(values, 1);
  Arguments arguments;
  const AdditiveArgs<T> args{queries,
                             keys,
                             size,
                             width,
                             arguments.rows(query, "query", {queries, size}),
                             arguments.rows(key, "key", {keys, size}),
                             arguments.rows(v, "v", {size}),
                             arguments.rows(values, "values", {keys, width}),
                             arguments.rows(context, "context", {queries, width}),
                             arguments.rows(shares, "shares", {queries, keys})};
  if (keys < 1)
    refuse("key must have shape (keys, size), keys at least 1, got " + text_of(key));
  arguments.check_apart();
  nb::gil_scoped_release release;
  row_kernels<T>().additive(args);
}

template <class T>
std::int64_t highest(const In<T> &x, const In<double> &totals, const In<std::int64_t> &groups, std::int64_t most,
                     const Out<std::int64_t> &row, const Out<std::int64_t> &column, const Out<double> &sum) {
  const std::int64_t rows = axis(x, 0), count = axis(x, 1), each = std::min(most, count);
  Arguments arguments;
  const HighestArgs<T> args{rows,
                            count,
                            most,
                            arguments.rows(x, "x", {rows, count}),
                            arguments.rows(totals, "totals", {rows}),
                            arguments.rows(groups, "groups", {rows}),
                            arguments.rows(row, "row", {rows, each}),
                            arguments.rows(column, "column", {rows, each}),
                            arguments.rows(sum, "sum", {rows, each})};
  if (most < 1 || count < 1)
    refuse("most and the columns of x must be at least 1, got " + text({most, count}));
  arguments.check_apart();
  nb::gil_scoped_release release;
  return row_kernels<T>().highest(args);
}

// y = tanh x.
template <class T> void tanh(const In<T> &x, const Out<T> &y) {
  const std::int64_t count = static_cast<std::int64_t>(x.size());
  Arguments arguments;
  const T *from = arguments.rows(x, "x", {axis(x, 0), axis(x, 1)});
  T *to = arguments.rows(y, "y", {axis(x, 0), axis(x, 1)});
  arguments.check_apart();
  nb::gil_scoped_release release;
  row_kernels<T>().tanh(from, to, count);
}

template <class T> void mask(std::uint64_t key, std::uint32_t below, T value, const Out<T> &mask) {
  Arguments arguments;
  const std::int64_t count = axis(mask, 0);
  const MaskArgs<T> args{key, below, value, count, arguments.rows(mask, "mask", {count})};
  nb::gil_scoped_release release;
  row_kernels<T>().mask(args);
}

} // namespace recurra::bindings
