// The time loop forward for layers with options: a step is a few products over some rows, then row maths (see row.hpp).
//
// Threads share blocks of rows. The blocks depend on the batch alone, so sums over a block do too.
#pragma once

#include "forward.hpp"
#include "row_elman.hpp"
#include "row_gru.hpp"
#include "row_lstm.hpp"
#include "row_minimal.hpp"

namespace recurra::RECURRA_VARIANT {

struct RowBlocks {
  std::int64_t rows, count;
  explicit RowBlocks(std::int64_t rows_) : rows(rows_), count(rows_ < 2 ? rows_ : 2 * ((rows_ + 47) / 48)) {}
  std::int64_t begin(std::int64_t k) const { return rows * k / count; }
};

// A layer's packed weights as columns of products, gate after gate in PyTorch's order.
template <class T, class RowCell> struct RowLayer {
  using Packing = typename RowCell::Packing;
  LayerShape shape;
  PackedLayer<T, Packing> packed;
  RowTape parts;
  std::int64_t width, h_width; // H and R rounded up to whole panels
  std::int64_t all() const { return RowCell::gates * width; }

  RowLayer(LayerShape shape_, const T *values)
      : shape(shape_), packed(shape_, values), parts(row_tape<T, RowCell>(shape_)), width(packed.blocks * PANEL<T>),
        h_width(blocks_of<T>(packed.R) * PANEL<T>) {}

  // Start values of one slot: those of block j lie j * stride further on.
  struct Bias {
    const T *first;
    std::int64_t stride;
    const T *of(std::int64_t j) const { return first + j * stride; }
  };

  Bias bias(int slot) const { return {packed.start + slot * PANEL<T>, Packing::slots * PANEL<T>}; }

  // Slots that the input product fills carry all biases of their gate; only a slot that it misses has one for the state's.
  Bias x_bias(int g) const { return bias(Packing::x_first + g); }
  Bias h_bias(int g) const {
    const int slot = Packing::h_first + g;
    return slot >= Packing::x_first && slot < Packing::x_first + Packing::gates ? Bias{NOTHING<T>, 0} : bias(slot);
  }

  // zx of `count` rows.
  void multiply_x(const T *const *x, std::int64_t count, T *zx) const {
    const auto column = [&](std::int64_t p) {
      const std::int64_t j = p / RowCell::gates;
      const int g = static_cast<int>(p % RowCell::gates);
      return Column<T>{packed.x_panels + p * packed.I * PANEL<T>, Packing::x_gates[g] * width + j * PANEL<T>,
                       shape.layer_norm ? NOTHING<T> : x_bias(g).of(j)};
    };
    multiply<T>(x, count, {packed.I}, 0, packed.blocks * RowCell::gates, column, zx, all());
    clear_ends(zx, count * RowCell::gates);
  }

  // The gates [first, first + gates) of zh of `count` rows.
  void multiply_h(const T *const *h, std::int64_t count, int first, int gates, T *zh) const {
    const auto column = [&](std::int64_t p) {
      const std::int64_t j = p / gates;
      const int g = first + static_cast<int>(p % gates);
      return Column<T>{packed.h_panels + (j * RowCell::gates + g) * packed.R * PANEL<T>, Packing::h_gates[g] * width + j * PANEL<T>,
                       shape.layer_norm ? NOTHING<T> : h_bias(g).of(j)};
    };
    multiply<T>(h, count, {packed.R}, 0, packed.blocks * gates, column, zh, all());
    clear_ends(zh, count * RowCell::gates);
  }

  // h of `count` rows from their m.
  void project(const T *const *m, std::int64_t count, T *h) const {
    const auto column = [&](std::int64_t p) {
      return Column<T>{packed.projection + p * packed.H * PANEL<T>, p * PANEL<T>, NOTHING<T>};
    };
    multiply<T>(m, count, {packed.H}, 0, h_width / PANEL<T>, column, h, h_width);
  }

  // Normalises the gates [first, first + gates) of `z`, zx or zh, of some rows. Their tapes keep the normalised values from
  // `norm` on, and `scale`. Gains and biases are applied after.
  template <class F>
  void normalise_gates(const Row<T> *rows, std::int64_t count, T *Row<T>::*z, int first, int gates, const T *gain,
                       std::int64_t norm, Scale scale, F &&bias_of) const {
    norm += first * width;
    gain += first * width;
    Bias biases[RowCell::gates];
    for (int g = 0; g < gates; ++g)
      biases[g] = bias_of(first + g);
    in_row_groups(0, count, [&]<int ROWS>(std::int64_t from) {
      T *values[ROWS], *tapes[ROWS];
      for (int r = 0; r < ROWS; ++r) {
        values[r] = rows[from + r].*z + first * width;
        tapes[r] = rows[from + r].tape;
      }
      normalise_rows<ROWS>({gates, shape.hidden, width}, values, tapes, scale,
                           [&](int r, int g, std::int64_t u, Vec<T> value) {
        const std::int64_t k = g * width + u, j = u / PANEL<T>;
        store<T>(tapes[r] + norm + k, value);
        store<T>(values[r] + k, fma(value, load<T>(gain + k), load<T>(biases[g].of(j) + (u - j * PANEL<T>))));
      });
    });
  }

  // Normalises m, which holds c, of some rows; their tapes keep it.
  void normalise_c(const Row<T> *rows, std::int64_t count) const {
    in_row_groups(0, count, [&]<int ROWS>(std::int64_t from) {
      T *values[ROWS], *tapes[ROWS];
      for (int r = 0; r < ROWS; ++r) {
        values[r] = rows[from + r].m;
        tapes[r] = rows[from + r].tape;
      }
      normalise_rows<ROWS>({1, shape.hidden, width}, values, tapes, SCALE_C, [&](int r, int, std::int64_t u, Vec<T> value) {
        store<T>(tapes[r] + parts.norm_c + u, value);
        store<T>(values[r] + u, value);
      });
    });
  }

private:
  template <int ROWS, class F>
  void normalise_rows(Segments s, T *const (&values)[ROWS], T *const (&tapes)[ROWS], Scale scale, F &&write) const {
    const T *from[ROWS];
    T scales[ROWS];
    for (int r = 0; r < ROWS; ++r)
      from[r] = values[r];
    normalise<T, ROWS>(s, from, scales, write);
    for (int r = 0; r < ROWS; ++r)
      tapes[r][parts.scales + scale] = scales[r];
  }

  // Infinity times a padded zero weight is NaN: what lies past H is zero whatever came in.
  void clear_ends(T *z, std::int64_t rows) const {
    if (shape.hidden < width)
      for (std::int64_t k = 0; k < rows; ++k)
        std::memset(z + k * width + shape.hidden, 0, (width - shape.hidden) * sizeof(T));
  }
};

// The place of PyTorch's gate among the slots.
template <std::size_t COUNT> constexpr int place_of(const int (&gates)[COUNT], int gate) {
  for (int k = 0; k < static_cast<int>(COUNT); ++k)
    if (gates[k] == gate)
      return k;
  return -1;
}

template <class T, class RowCell> struct RowsForward {
  using Packing = typename RowCell::Packing;
  const ForwardArgs<T> &args;
  const Batch &batch;
  const RowLayer<T, RowCell> &layer;

  // Buffers of one block of at most `rows` rows.
  struct Buffers {
    T *zx, *zh, *m, *h, *h_masked, *c, *tape, *mask;
    const T **x, **sources;
    Row<T> *rows;
  };

  std::int64_t steps_at_once(std::int64_t rows) const { return rows >= 24 ? 1 : 24 / rows; }

  Buffers buffers(Workspace &space, std::int64_t rows) const {
    const std::int64_t W = layer.width, chunk = rows * steps_at_once(rows);
    T *zx = take<T>(space, chunk * layer.all()), *zh = take<T>(space, rows * layer.all()), *m = take<T>(space, rows * W);
    T *h = take_zeros<T>(space, rows * layer.h_width);
    return {zx, zh, m, h, args.noise.recurrent ? take_zeros<T>(space, rows * layer.h_width) : h,
            take_zeros<T>(space, rows * W), take<T>(space, rows * layer.parts.size), take_zeros<T>(space, rows * layer.h_width),
            take<const T *>(space, chunk), take<const T *>(space, rows),
            take<Row<T>>(space, rows)};
  }

  void block(std::int64_t begin, std::int64_t end, const Buffers &b) const {
    const std::int64_t R = layer.packed.R, H = layer.shape.hidden, W = layer.width;
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(b.h + r * layer.h_width, args.h0 + n * R, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(b.c + r * W, args.c0 + n * H, H * sizeof(T));
      if (args.noise.recurrent)
        std::memcpy(b.mask + r * layer.h_width, args.noise.recurrent + n * R, R * sizeof(T));
      mask_state(r, b);
    }
    const std::int64_t chunk = steps_at_once(end - begin);
    T *zx = b.zx;
    for (std::int64_t s = 0; s < batch.steps; ++s) {
      const std::int64_t live = smaller(batch.live[s], end) - begin;
      if (live <= 0)
        break;
      if (s % chunk == 0) {
        std::int64_t count = 0;
        for (std::int64_t later = s; later < smaller(s + chunk, batch.steps); ++later)
          for (std::int64_t p = begin; p < smaller(batch.live[later], end); ++p)
            b.x[count++] = at(args.x, time_of(batch, args.reverse, p, later), batch.order[p]);
        layer.multiply_x(b.x, count, b.zx);
        zx = b.zx;
      }
      step(s, begin, live, zx, b);
      zx += live * layer.all();
    }
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(args.h_n + n * R, b.h + r * layer.h_width, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(args.c_n + n * H, b.c + r * W, H * sizeof(T));
    }
    clear_padding(batch, args.steps, args.y, R, begin, end);
  }

private:
  // Where there is no mask, h_masked is h.
  void mask_state(std::int64_t r, const Buffers &b) const {
    if (!args.noise.recurrent)
      return;
    T *masked = b.h_masked + r * layer.h_width;
    const T *h = b.h + r * layer.h_width, *mask = b.mask + r * layer.h_width;
    for (std::int64_t u = 0; u < layer.h_width; u += LANES<T>)
      store<T>(masked + u, load<T>(h + u) * load<T>(mask + u));
  }

  Row<T> row_of(std::int64_t s, std::int64_t begin, std::int64_t r, T *zx, const Buffers &b) const {
    const std::int64_t t = time_of(batch, args.reverse, begin + r, s), n = batch.order[begin + r];
    T *tape = args.tape ? args.tape + (batch.first[s] + begin + r) * layer.parts.size : b.tape + r * layer.parts.size;
    return {&layer.shape, &layer.parts, layer.width, layer.packed.peephole, layer.packed.c_gain, layer.packed.c_bias,
            zx + r * layer.all(), b.zh + r * layer.all(), b.h + r * layer.h_width, b.h_masked + r * layer.h_width,
            b.c + r * layer.width, tape, b.m + r * layer.width,
            args.noise.keep_c.data ? at(args.noise.keep_c, t, n) : nullptr, args.noise.zoneout};
  }

  void step(std::int64_t s, std::int64_t begin, std::int64_t live, T *zx, const Buffers &b) const {
    const auto x_bias = [&](int gate) { return layer.x_bias(place_of(Packing::x_gates, gate)); };
    const auto h_bias = [&](int gate) { return layer.h_bias(place_of(Packing::h_gates, gate)); };
    constexpr int FIRST = RowCell::two_products ? RowCell::gates - 1 : RowCell::gates; // gates of the first product
    if constexpr (Packing::recurrent) {
      for (std::int64_t r = 0; r < live; ++r)
        b.sources[r] = b.h_masked + r * layer.h_width;
      layer.multiply_h(b.sources, live, 0, FIRST, b.zh);
    }
    const bool norm = layer.shape.layer_norm;
    for (std::int64_t r = 0; r < live; ++r) {
      b.rows[r] = row_of(s, begin, r, zx, b);
      if (norm)
        std::memset(b.rows[r].tape + layer.parts.scales, 0, PANEL<T> * sizeof(T)); // a tape has no unwritten places
    }
    if (norm) {
      layer.normalise_gates(b.rows, live, &Row<T>::zx, 0, RowCell::gates, layer.packed.gain_x, layer.parts.norm_x, SCALE_X, x_bias);
      layer.normalise_gates(b.rows, live, &Row<T>::zh, 0, FIRST, layer.packed.gain_h, layer.parts.norm_h, SCALE_H, h_bias);
    }
    if constexpr (RowCell::two_products) {
      for (std::int64_t r = 0; r < live; ++r) {
        RowCell::forward_first(b.rows[r]);
        b.sources[r] = b.rows[r].tape + layer.parts.extra;
      }
      layer.multiply_h(b.sources, live, FIRST, 1, b.zh);
      if (norm)
        layer.normalise_gates(b.rows, live, &Row<T>::zh, FIRST, 1, layer.packed.gain_h, layer.parts.norm_h, SCALE_N, h_bias);
    }
    for (std::int64_t r = 0; r < live; ++r) {
      RowCell::forward(b.rows[r]);
      b.sources[r] = b.rows[r].m;
    }
    if constexpr (RowCell::has_c) {
      if (norm)
        layer.normalise_c(b.rows, live);
      for (std::int64_t r = 0; r < live; ++r)
        RowCell::forward_output(b.rows[r]);
    }
    T *h_new = b.m;
    if (layer.shape.projection) {
      h_new = b.zh; // its products are used up, and R < H
      layer.project(b.sources, live, h_new);
    }
    const std::int64_t R = layer.packed.R;
    for (std::int64_t r = 0; r < live; ++r) {
      const std::int64_t t = time_of(batch, args.reverse, begin + r, s), n = batch.order[begin + r];
      const T *keep = args.noise.keep_h.data ? at(args.noise.keep_h, t, n) : nullptr;
      T *h = b.h + r * layer.h_width, *y = at(args.y, t, n);
      for (std::int64_t u = 0; u < layer.h_width; u += LANES<T>) {
        const Vec<T> fresh = load<T>(h_new + r * layer.h_width + u);
        const Vec<T> mixed = mix<T>(kept_share(keep, args.noise.zoneout, u, R), load<T>(h + u), fresh);
        const Vec<T> value = keep_first<T>(mixed, R - u);
        store<T>(h + u, value);
        store_first<T>(y + u, value, R - u);
      }
      mask_state(r, b);
    }
  }
};

template <class T, class RowCell> void rows_forward(const ForwardArgs<T> &args) {
  const Batch batch(args.rows, args.steps, args.lengths);
  const RowLayer<T, RowCell> layer(args.shape, args.packed);
  const RowsForward<T, RowCell> pass{args, batch, layer};
  const RowBlocks blocks(batch.rows);
  if (!blocks.count)
    return;
  Workspace space;
  Team team(blocks.count > 1 ? args.threads : 1);
  const auto own = take<typename RowsForward<T, RowCell>::Buffers>(space, blocks.count);
  for (std::int64_t k = 0; k < blocks.count; ++k)
    own[k] = pass.buffers(space, blocks.begin(k + 1) - blocks.begin(k));
  run(team, [&](int id) {
    for (std::int64_t k = id; k < blocks.count; k += team.size())
      pass.block(blocks.begin(k), blocks.begin(k + 1), own[k]);
  });
}

template <class T, class RowCell> void rows_step(const StepArgs<T> &args) {
  const LayerShape &shape = args.shape;
  const std::int64_t R = shape.output();
  ForwardArgs<T> one{shape, args.packed, 1, 1, nullptr, false, {args.x, 0, 0}, args.h, args.c, {args.h_new, 0, 0},
                     nullptr, args.c_new, nullptr, 1, {}};
  one.noise.zoneout = args.zoneout;
  Workspace space;
  one.h_n = take<T>(space, R);
  rows_forward<T, RowCell>(one);
}

} // namespace recurra::RECURRA_VARIANT
