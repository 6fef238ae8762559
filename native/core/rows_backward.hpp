// Backpropagation through time for layers with options, step by step as in rows_forward.hpp.
#pragma once

#include "outer.hpp"
#include "rows_forward.hpp"

namespace recurra::RECURRA_VARIANT {

// The gates [first, first + gates) of weight [G * H, K], turned for products with gradients: panel p has K's columns from
// p * PANEL on, its rows in the order [gates][width].
template <class T>
const T *turn(Workspace &space, const T *weight, int first, int gates, std::int64_t H, std::int64_t width, std::int64_t K) {
  const std::int64_t panels = blocks_of<T>(K), rows = gates * width;
  T *turned = take_zeros<T>(space, panels * rows * PANEL<T>);
  for (int g = 0; g < gates; ++g)
    for (std::int64_t u = 0; u < H; ++u)
      for (std::int64_t p = 0; p < panels; ++p)
        std::memcpy(turned + (p * rows + g * width + u) * PANEL<T>, weight + ((first + g) * H + u) * K + p * PANEL<T>,
                    smaller(PANEL<T>, K - p * PANEL<T>) * sizeof(T));
  return turned;
}

// out [count][panels * PANEL] = rows of `depth` gradients times a turned matrix.
template <class T>
void multiply_turned(const T *const *rows, std::int64_t count, std::int64_t depth, const T *turned, std::int64_t panels, T *out) {
  const auto column = [&](std::int64_t p) { return Column<T>{turned + p * depth * PANEL<T>, p * PANEL<T>, NOTHING<T>}; };
  multiply<T>(rows, count, {depth}, 0, panels, column, out, panels * PANEL<T>);
}

// Gradients that are sums over steps of something else than a product: one set a block of rows, added up in order at the end.
template <class T> struct RowSums {
  T *bias_x, *bias_h, *gain_x, *gain_h; // [gates][width]
  T *peephole;                          // [3][width]
  T *c_gain, *c_bias;                   // [width]
  static std::int64_t size(int gates, std::int64_t width) { return (4 * gates + 5) * width; }

  RowSums(T *at, int gates, std::int64_t width) {
    bias_x = at;
    bias_h = bias_x + gates * width;
    gain_x = bias_h + gates * width;
    gain_h = gain_x + gates * width;
    peephole = gain_h + gates * width;
    c_gain = peephole + 3 * width;
    c_bias = c_gain + width;
  }
};

template <class T, class RowCell> struct RowsBackward {
  static constexpr int FIRST = RowCell::two_products ? RowCell::gates - 1 : RowCell::gates;
  const BackwardArgs<T> &args;
  const Batch &batch;
  const RowLayer<T, RowCell> &layer;
  const T *turned_h, *turned_n, *turned_projection; // of the gates [0, FIRST), of the last gate, of weight_hr
  T *dzx, *dzh;    // [total][gates * width]; the same memory where they are equal
  T *d_projected;  // [total][R padded]: gradient of what the projection gave; null without one
  T *h_masked;     // [total][R padded]: h' as it entered the products; null where that is h'

  struct Buffers {
    T *back, *dh, *dm, *d_extra, *carry_h, *carry_c, *h_before, *c_before, *mask, *scratch, *sums;
    const T **sources;
  };

  Buffers buffers(Workspace &space, std::int64_t rows) const {
    const std::int64_t W = layer.width, V = layer.h_width;
    return {take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W),
            take_zeros<T>(space, rows * W), take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W),
            take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W), take_zeros<T>(space, rows * V),
            take<T>(space, 2 * W),          take_zeros<T>(space, RowSums<T>::size(RowCell::gates, W)),
            take<const T *>(space, rows)};
  }

  const T *h_before(std::int64_t p, std::int64_t s) const {
    return s ? at(args.y, time_of(batch, args.reverse, p, s - 1), batch.order[p]) : args.h0 + batch.order[p] * layer.packed.R;
  }

  void block(std::int64_t begin, std::int64_t end, const Buffers &b) const {
    const std::int64_t R = layer.packed.R, H = layer.shape.hidden, W = layer.width, V = layer.h_width;
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(b.carry_h + r * V, args.dh_n + n * R, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(b.carry_c + r * W, args.dc_n + n * H, H * sizeof(T));
      if (args.noise.recurrent)
        std::memcpy(b.mask + r * V, args.noise.recurrent + n * R, R * sizeof(T));
    }
    for (std::int64_t s = batch.steps - 1; s >= 0; --s) {
      const std::int64_t live = smaller(batch.live[s], end) - begin;
      if (live <= 0)
        continue;
      through_product(s + 1, begin, smaller(batch.live[s + 1], end) - begin, b);
      step(s, begin, live, b);
    }
    if (batch.steps)
      through_product(0, begin, smaller(batch.live[0], end) - begin, b);
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(args.dh0 + n * R, b.carry_h + r * V, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(args.dc0 + n * H, b.carry_c + r * W, H * sizeof(T));
    }
  }

private:
  T *zh_of(std::int64_t s, std::int64_t p) const { return dzh + (batch.first[s] + p) * layer.all(); }

  // Adds to carry_h, for the rows that are alive at step s, what step s sends back to h before it.
  void through_product(std::int64_t s, std::int64_t begin, std::int64_t live, const Buffers &b) const {
    if (live <= 0 || !RowCell::Packing::recurrent)
      return;
    for (std::int64_t r = 0; r < live; ++r)
      b.sources[r] = zh_of(s, begin + r);
    multiply_turned<T>(b.sources, live, FIRST * layer.width, turned_h, layer.h_width / PANEL<T>, b.back);
    for (std::int64_t k = 0; k < live * layer.h_width; k += LANES<T>) {
      const Vec<T> back = load<T>(b.back + k);
      store<T>(b.carry_h + k, load<T>(b.carry_h + k) + (args.noise.recurrent ? back * load<T>(b.mask + k) : back));
    }
  }

  Row<T> row_of(std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t p = begin + r, t = time_of(batch, args.reverse, p, s), n = batch.order[p], q = batch.first[s] + p;
    const std::int64_t V = layer.h_width;
    T *tape = const_cast<T *>(args.tape) + q * layer.parts.size; // read only: the row maths has one view for both directions
    return {layer.shape, layer.parts, layer.width, layer.packed.peephole, layer.packed.c_gain, layer.packed.c_bias, nullptr,
            nullptr, b.h_before + r * V, h_masked ? h_masked + q * V : b.h_before + r * V, b.c_before + r * layer.width, tape,
            nullptr, args.noise.keep_c.data ? at(args.noise.keep_c, t, n) : nullptr, args.noise.zoneout};
  }

  RowGradient<T> gradient_of(std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t W = layer.width, q = batch.first[s] + begin + r;
    const RowSums<T> sums(b.sums, RowCell::gates, W);
    return {layer.shape.projection ? b.dm + r * W : b.dh + r * layer.h_width, b.carry_h + r * layer.h_width, b.carry_c + r * W,
            args.noise.recurrent ? b.mask + r * layer.h_width : nullptr, dzx + q * layer.all(), dzh + q * layer.all(),
            sums.peephole, sums.c_gain, sums.c_bias, b.scratch};
  }

  // h' and c' of a row in padded rows of their own.
  void states_before(std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t p = begin + r, R = layer.packed.R, H = layer.shape.hidden, W = layer.width, V = layer.h_width;
    T *h = b.h_before + r * V;
    std::memcpy(h, h_before(p, s), R * sizeof(T));
    if (h_masked)
      for (std::int64_t u = 0; u < V; u += LANES<T>)
        store<T>(h_masked + (batch.first[s] + p) * V + u,
                 args.noise.recurrent ? load<T>(h + u) * load<T>(b.mask + r * V + u) : load<T>(h + u));
    if constexpr (RowCell::has_c) {
      if (s)
        std::memcpy(b.c_before + r * W, args.tape + (batch.first[s - 1] + p) * layer.parts.size + layer.parts.c, W * sizeof(T));
      else
        std::memcpy(b.c_before + r * W, args.c0 + batch.order[p] * H, H * sizeof(T));
    }
  }

  void step(std::int64_t s, std::int64_t begin, std::int64_t live, const Buffers &b) const {
    const std::int64_t R = layer.packed.R, W = layer.width, V = layer.h_width;
    for (std::int64_t r = 0; r < live; ++r) {
      const std::int64_t p = begin + r, t = time_of(batch, args.reverse, p, s), n = batch.order[p];
      const T *dy = at(args.dy, t, n), *keep = args.noise.keep_h.data ? at(args.noise.keep_h, t, n) : nullptr;
      T *dh = b.dh + r * V, *carry = b.carry_h + r * V;
      for (std::int64_t u = 0; u < V; u += LANES<T>) {
        const Vec<T> whole = keep_first<T>(load_first<T>(dy + u, R - u) + load<T>(carry + u), R - u);
        const Vec<T> share = kept_share(keep, args.noise.zoneout, u, R);
        store<T>(dh + u, (splat<T>(1) - share) * whole);
        store<T>(carry + u, share * whole);
      }
      states_before(s, begin, r, b);
      b.sources[r] = dh;
      if (d_projected)
        std::memcpy(d_projected + (batch.first[s] + p) * V, dh, V * sizeof(T));
    }
    if (layer.shape.projection)
      multiply_turned<T>(b.sources, live, V, turned_projection, W / PANEL<T>, b.dm);
    for (std::int64_t r = 0; r < live; ++r) {
      const Row<T> row = row_of(s, begin, r, b);
      const RowGradient<T> d = gradient_of(s, begin, r, b);
      RowCell::backward(row, d);
      if (RowCell::same_gradients && layer.shape.layer_norm)
        std::memcpy(d.dzh, d.dzx, layer.all() * sizeof(T));
      if (RowCell::two_products) {
        if (layer.shape.layer_norm)
          through_norm(row, d.dzh, FIRST, 1, layer.packed.gain_h, layer.parts.norm_h, SCALE_N, false, b);
        b.sources[r] = d.dzh + FIRST * W;
      }
    }
    if constexpr (RowCell::two_products) {
      multiply_turned<T>(b.sources, live, W, turned_n, W / PANEL<T>, b.d_extra);
      for (std::int64_t r = 0; r < live; ++r)
        RowCell::backward_second(row_of(s, begin, r, b), gradient_of(s, begin, r, b), b.d_extra + r * W);
    }
    if (layer.shape.layer_norm)
      for (std::int64_t r = 0; r < live; ++r) {
        const Row<T> row = row_of(s, begin, r, b);
        const RowGradient<T> d = gradient_of(s, begin, r, b);
        through_norm(row, d.dzx, 0, RowCell::gates, layer.packed.gain_x, layer.parts.norm_x, SCALE_X, true, b);
        through_norm(row, d.dzh, 0, FIRST, layer.packed.gain_h, layer.parts.norm_h, SCALE_H, false, b);
      }
  }

  // dz of the gates [first, first + gates): of the pre-activations -> of the product that was normalised. Biases and gains get
  // their share.
  void through_norm(const Row<T> &row, T *dz, int first, int gates, const T *gain, std::int64_t norm, Scale scale, bool of_x,
                    const Buffers &b) const {
    const std::int64_t from = first * layer.width;
    const RowSums<T> sums(b.sums, RowCell::gates, layer.width);
    T *bias = (of_x ? sums.bias_x : sums.bias_h) + from, *d_gain = (of_x ? sums.gain_x : sums.gain_h) + from;
    for (std::int64_t u = 0; u < gates * layer.width; u += LANES<T>)
      store<T>(bias + u, load<T>(bias + u) + load<T>(dz + from + u));
    normalise_backward<T>({gates, layer.shape.hidden, layer.width}, dz + from, row.tape + norm + from,
                          row.tape[layer.parts.scales + scale], gain + from, d_gain);
    if (layer.shape.hidden < layer.width)
      for (int g = first; g < first + gates; ++g)
        std::memset(dz + g * layer.width + layer.shape.hidden, 0, (layer.width - layer.shape.hidden) * sizeof(T));
  }
};

// out[g * H + u] = sum over blocks of sums[block][g][u], blocks in order; nothing where out is null.
template <class T>
void add_blocks(const T *first, std::int64_t blocks, std::int64_t stride, int gates, std::int64_t H, std::int64_t width, T *out) {
  for (int g = 0; out && g < gates; ++g)
    for (std::int64_t u = 0; u < H; ++u) {
      T sum = 0;
      for (std::int64_t k = 0; k < blocks; ++k)
        sum += first[k * stride + g * width + u];
      out[g * H + u] = sum;
    }
}

template <class T, class RowCell> void rows_backward(const BackwardArgs<T> &args) {
  using Packing = typename RowCell::Packing;
  using Pass = RowsBackward<T, RowCell>;
  const LayerShape &shape = args.shape;
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  T *values = take<T>(space, PackedLayer<T, Packing>::size(shape));
  pack<T, Packing>(shape, args.weights, values);
  const RowLayer<T, RowCell> layer(shape, values);
  const std::int64_t H = shape.hidden, I = shape.input, R = shape.output(), W = layer.width, V = layer.h_width, all = layer.all();
  const bool masked = RowCell::two_products || args.noise.recurrent;
  Pass pass{args, batch, layer, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  if constexpr (Packing::recurrent)
    pass.turned_h = turn<T>(space, args.weights.weight_hh, 0, Pass::FIRST, H, W, R);
  if constexpr (RowCell::two_products)
    pass.turned_n = turn<T>(space, args.weights.weight_hh, Pass::FIRST, 1, H, W, R);
  if (shape.projection) {
    pass.turned_projection = turn<T>(space, args.weights.weight_hr, 0, 1, R, V, H);
    pass.d_projected = take<T>(space, batch.total * V);
  }
  pass.dzx = take<T>(space, batch.total * all);
  pass.dzh = RowCell::same_gradients && !shape.layer_norm ? pass.dzx : take<T>(space, batch.total * all);
  if (masked)
    pass.h_masked = take<T>(space, batch.total * V);

  const RowBlocks blocks(batch.rows);
  Team team(args.threads);
  const auto own = take<typename Pass::Buffers>(space, blocks.count);
  const std::int64_t sums_size = RowSums<T>::size(RowCell::gates, W);
  T *sums = take_zeros<T>(space, blocks.count * sums_size);
  for (std::int64_t k = 0; k < blocks.count; ++k) {
    own[k] = pass.buffers(space, blocks.begin(k + 1) - blocks.begin(k));
    own[k].sums = sums + k * sums_size;
  }
  run(team, [&](int id) {
    for (std::int64_t k = id; k < blocks.count; k += team.size())
      pass.block(blocks.begin(k), blocks.begin(k + 1), own[k]);
  });

  const T **x_rows = take<const T *>(space, batch.total), **h_rows = take<const T *>(space, batch.total),
          **extra_rows = take<const T *>(space, batch.total), **dzx_rows = take<const T *>(space, batch.total);
  T **dx_rows = take<T *>(space, batch.total);
  for (std::int64_t s = 0; s < batch.steps; ++s)
    for (std::int64_t p = 0; p < batch.live[s]; ++p) {
      const std::int64_t q = batch.first[s] + p;
      const std::int64_t t = time_of(batch, args.reverse, p, s), n = batch.order[p];
      x_rows[q] = at(args.x, t, n);
      dx_rows[q] = args.dx.data ? at(args.dx, t, n) : nullptr;
      h_rows[q] = masked ? pass.h_masked + q * V : pass.h_before(p, s);
      extra_rows[q] = args.tape + q * layer.parts.size + layer.parts.extra;
      dzx_rows[q] = pass.dzx + q * all;
    }
  constexpr int IN_ORDER[] = {0, 1, 2, 3}, LAST[] = {RowCell::gates - 1};
  const Weights<T> &out = args.gradient;
  const bool norm = shape.layer_norm; // its biases lie outside the normalisation, so the row sums have their gradients
  const GradientRows<T> dzx{pass.dzx, batch.total, all, PANEL<T>, W}, dzh{pass.dzh, batch.total, all, PANEL<T>, W};
  const OuterProduct<T> of_x{x_rows, I, 0, RowCell::gates, IN_ORDER, out.weight_ih, norm ? nullptr : out.bias_ih};
  if constexpr (!Packing::recurrent) {
    outer<T>(team, space, dzx, H, RowCell::gates, {of_x});
  } else {
    const OuterProduct<T> of_h{h_rows, R, 0, Pass::FIRST, IN_ORDER, out.weight_hh, norm ? nullptr : out.bias_hh};
    if (pass.dzh == pass.dzx) {
      outer<T>(team, space, dzx, H, RowCell::gates, {of_x, of_h});
    } else {
      outer<T>(team, space, dzx, H, RowCell::gates, {of_x});
      if constexpr (RowCell::two_products)
        outer<T>(team, space, dzh, H, RowCell::gates,
                 {of_h, OuterProduct<T>{extra_rows, R, Pass::FIRST, 1, LAST, out.weight_hh, norm ? nullptr : out.bias_hh}});
      else
        outer<T>(team, space, dzh, H, RowCell::gates, {of_h});
    }
  }
  if (shape.projection) {
    const GradientRows<T> projected{pass.d_projected, batch.total, V, PANEL<T>, V};
    outer<T>(team, space, projected, R, 1,
             {OuterProduct<T>{extra_rows, H, 0, 1, IN_ORDER, out.weight_hr, static_cast<T *>(nullptr)}});
  }
  const RowSums<T> first(sums, RowCell::gates, W);
  const auto add = [&](const T *part, int gates, T *to) { add_blocks<T>(part, blocks.count, sums_size, gates, H, W, to); };
  if (shape.peephole) {
    add(first.peephole, 1, out.weight_ci);
    add(first.peephole + W, 1, out.weight_cf);
    add(first.peephole + 2 * W, 1, out.weight_co);
  }
  if (norm) {
    add(first.bias_x, RowCell::gates, out.bias_ih);
    add(first.bias_h, RowCell::gates, out.bias_hh);
    add(first.gain_x, RowCell::gates, out.ln_ih_weight);
    add(first.gain_h, RowCell::gates, out.ln_hh_weight);
    add(first.c_gain, 1, out.ln_c_weight);
    add(first.c_bias, 1, out.ln_c_bias);
  }
  if (args.dx.data) {
    const T *turned = turn<T>(space, args.weights.weight_ih, 0, RowCell::gates, H, W, I);
    const std::int64_t panels = blocks_of<T>(I), width = panels * PANEL<T>;
    constexpr std::int64_t AT_ONCE = 96;
    T *products = take<T>(space, team.size() * AT_ONCE * width);
    run(team, [&](int id) {
      T *product = products + id * AT_ONCE * width;
      const std::int64_t end = batch.total * (id + 1) / team.size();
      for (std::int64_t q = batch.total * id / team.size(); q < end; q += AT_ONCE) {
        const std::int64_t count = smaller(AT_ONCE, end - q);
        multiply_turned<T>(dzx_rows + q, count, all, turned, panels, product);
        for (std::int64_t r = 0; r < count; ++r)
          std::memcpy(dx_rows[q + r], product + r * width, I * sizeof(T));
      }
    });
    clear_padding(batch, args.steps, args.dx, I, 0, batch.rows);
  }
}

} // namespace recurra::RECURRA_VARIANT
