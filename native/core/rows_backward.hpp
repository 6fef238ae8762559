// Backpropagation through time for layers with options, step by step as in rows_forward.hpp.
#pragma once

#include "backward.hpp"
#include "rows_forward.hpp"

namespace recurra::RECURRA_VARIANT {

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

// A chunk of steps and what their weight gradients are made of, a row each for every live step.
template <class T> struct RowsChunk {
  ChunkOfSteps steps;
  T *dzx, *dzh;   // [capacity][gates * width]; the same memory where they are equal
  T *d_projected; // [capacity][R padded]: gradient of what the projection gave; null without one
  T *h_masked;    // [capacity][R padded]: h' as it entered the products; null where that is h'
};

// Where the rows of all live steps lie, or those of the chunk at hand.
template <class T> struct RowPointers {
  const T **x, **h, **extra, **dzx; // [total]
  T **dx;                           // [total]
};

template <class T, class RowCell> struct RowsBackward {
  using D = RowGradient<T>;
  static constexpr int FIRST = RowCell::two_products ? RowCell::gates - 1 : RowCell::gates;
  const BackwardArgs<T> &args;
  const Batch &batch;
  const RowLayer<T, RowCell> &layer;
  const RowPointers<T> &rows;
  const T *turned_h, *turned_n, *turned_projection; // of the gates [0, FIRST), of the last gate, of weight_hr

  struct Buffers {
    T *back, *dh, *dm, *d_extra, *carry_h, *carry_c, *h_before, *c_before, *mask, *dc, *c_new, *sums;
    const T **sources;
    Row<T> *rows;
    RowGradient<T> *gradients;
  };

  Buffers buffers(Workspace &space, std::int64_t rows) const {
    const std::int64_t W = layer.width, V = layer.h_width;
    return {take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W),
            take_zeros<T>(space, rows * W), take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W),
            take_zeros<T>(space, rows * V), take_zeros<T>(space, rows * W), take_zeros<T>(space, rows * V),
            take<T>(space, rows * W),       take<T>(space, rows * W),
            nullptr,                        take<const T *>(space, rows),
            take<Row<T>>(space, rows),      take<RowGradient<T>>(space, rows)};
  }

  const T *h_before(std::int64_t p, std::int64_t s) const {
    return s ? at(args.y, time_of(batch, args.reverse, p, s - 1), batch.order[p]) : args.h0 + batch.order[p] * layer.packed.R;
  }

  void start(std::int64_t begin, std::int64_t end, const Buffers &b) const {
    const std::int64_t R = layer.packed.R, H = layer.shape.hidden, W = layer.width, V = layer.h_width;
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(b.carry_h + r * V, args.dh_n + n * R, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(b.carry_c + r * W, args.dc_n + n * H, H * sizeof(T));
      if (args.noise.recurrent)
        std::memcpy(b.mask + r * V, args.noise.recurrent + n * R, R * sizeof(T));
    }
  }

  // Rows [begin, end) through the steps of `chunk`; `later` is the chunk after it in time, of which the first step is read.
  void steps(const RowsChunk<T> &chunk, const RowsChunk<T> &later, std::int64_t begin, std::int64_t end, const Buffers &b) const {
    for (std::int64_t s = chunk.steps.end - 1; s >= chunk.steps.begin; --s) {
      const std::int64_t live = smaller(batch.live[s], end) - begin;
      if (live <= 0)
        continue;
      through_product(s + 1 < chunk.steps.end ? chunk : later, s + 1, begin, smaller(batch.live[s + 1], end) - begin, b);
      step(chunk, s, begin, live, b);
    }
  }

  // The gradients of the initial states, once the first step, which is in `chunk`, is done.
  void finish(const RowsChunk<T> &chunk, std::int64_t begin, std::int64_t end, const Buffers &b) const {
    const std::int64_t R = layer.packed.R, H = layer.shape.hidden;
    if (batch.steps)
      through_product(chunk, 0, begin, smaller(batch.live[0], end) - begin, b);
    for (std::int64_t r = 0; r < end - begin; ++r) {
      const std::int64_t n = batch.order[begin + r];
      std::memcpy(args.dh0 + n * R, b.carry_h + r * layer.h_width, R * sizeof(T));
      if constexpr (RowCell::has_c)
        std::memcpy(args.dc0 + n * H, b.carry_c + r * layer.width, H * sizeof(T));
    }
  }

private:
  // Adds to carry_h, for the rows that are alive at step s, what step s sends back to h before it.
  void through_product(const RowsChunk<T> &chunk, std::int64_t s, std::int64_t begin, std::int64_t live, const Buffers &b) const {
    if (live <= 0 || !RowCell::Packing::recurrent)
      return;
    for (std::int64_t r = 0; r < live; ++r)
      b.sources[r] = chunk.dzh + chunk.steps.at(batch, s, begin + r) * layer.all();
    multiply_turned<T>(b.sources, live, FIRST * layer.width, turned_h, layer.h_width / PANEL<T>, b.back);
    for (std::int64_t k = 0; k < live * layer.h_width; k += LANES<T>) {
      const Vec<T> back = load<T>(b.back + k);
      store<T>(b.carry_h + k, load<T>(b.carry_h + k) + (args.noise.recurrent ? back * load<T>(b.mask + k) : back));
    }
  }

  Row<T> row_of(const RowsChunk<T> &chunk, std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t p = begin + r, t = time_of(batch, args.reverse, p, s), n = batch.order[p], q = batch.first[s] + p;
    // Read only: the row maths has one view for both directions.
    T *tape = const_cast<T *>(args.tape) + q * layer.parts.size, *c = const_cast<T *>(c_before(p, s, b.c_before + r * layer.width));
    const T *h = whole_rows() ? h_before(p, s) : b.h_before + r * layer.h_width;
    return {&layer.shape, &layer.parts, layer.width, layer.packed.peephole, layer.packed.c_gain, layer.packed.c_bias, nullptr,
            nullptr, h, chunk.h_masked ? chunk.h_masked + chunk.steps.at(batch, s, p) * layer.h_width : h, c, tape,
            nullptr, args.noise.keep_c.data ? at(args.noise.keep_c, t, n) : nullptr, args.noise.zoneout};
  }

  RowGradient<T> gradient_of(const RowsChunk<T> &chunk, std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t W = layer.width, q = chunk.steps.at(batch, s, begin + r);
    const RowSums<T> sums(b.sums, RowCell::gates, W);
    return {layer.shape.projection ? b.dm + r * W : b.dh + r * layer.h_width, b.carry_h + r * layer.h_width, b.carry_c + r * W,
            args.noise.recurrent ? b.mask + r * layer.h_width : nullptr, chunk.dzx + q * layer.all(), chunk.dzh + q * layer.all(),
            sums.peephole, sums.c_gain, sums.c_bias, b.dc + r * W, b.c_new + r * W};
  }

  // Whether rows of h end where a panel ends, so that they can be read where they are.
  bool whole_rows() const { return layer.packed.R == layer.h_width; }

  // c' of a row: from the tape, or the initial one in `padded`.
  const T *c_before(std::int64_t p, std::int64_t s, T *padded) const {
    if (!RowCell::has_c || s)
      return s ? args.tape + (batch.first[s - 1] + p) * layer.parts.size + layer.parts.c : nullptr;
    const std::int64_t H = layer.shape.hidden;
    std::memcpy(padded, args.c0 + batch.order[p] * H, H * sizeof(T));
    return padded;
  }

  // h' of a row, padded; its features for the weight gradients.
  void states_before(const RowsChunk<T> &chunk, std::int64_t s, std::int64_t begin, std::int64_t r, const Buffers &b) const {
    const std::int64_t p = begin + r, R = layer.packed.R, V = layer.h_width, q = batch.first[s] + p, local = chunk.steps.at(batch, s, p);
    const T *source = h_before(p, s), *h = source;
    if (!whole_rows()) {
      std::memcpy(b.h_before + r * V, source, R * sizeof(T));
      h = b.h_before + r * V;
    }
    rows.dzx[q] = chunk.dzx + local * layer.all();
    rows.h[q] = source;
    if (chunk.h_masked) {
      T *masked = chunk.h_masked + local * V;
      for (std::int64_t u = 0; u < V; u += LANES<T>)
        store<T>(masked + u, args.noise.recurrent ? load<T>(h + u) * load<T>(b.mask + r * V + u) : load<T>(h + u));
      rows.h[q] = masked;
    }
  }

  void step(const RowsChunk<T> &chunk, std::int64_t s, std::int64_t begin, std::int64_t live, const Buffers &b) const {
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
      states_before(chunk, s, begin, r, b);
      b.sources[r] = dh;
      if (chunk.d_projected)
        std::memcpy(chunk.d_projected + chunk.steps.at(batch, s, p) * V, dh, V * sizeof(T));
    }
    if (layer.shape.projection)
      multiply_turned<T>(b.sources, live, V, turned_projection, W / PANEL<T>, b.dm);
    const RowSums<T> sums(b.sums, RowCell::gates, W);
    const bool norm = layer.shape.layer_norm;
    for (std::int64_t r = 0; r < live; ++r) {
      b.rows[r] = row_of(chunk, s, begin, r, b);
      b.gradients[r] = gradient_of(chunk, s, begin, r, b);
      if constexpr (RowCell::has_c)
        RowCell::backward_output(b.rows[r], b.gradients[r]);
    }
    if (RowCell::has_c && norm)
      through_norm(live, &D::dc, &D::dc, 0, 1, layer.packed.c_gain, layer.parts.norm_c, SCALE_C, sums.c_gain, sums.c_bias, b);
    for (std::int64_t r = 0; r < live; ++r)
      RowCell::backward(b.rows[r], b.gradients[r]);
    if constexpr (RowCell::two_products) {
      if (norm)
        through_norm(live, &D::dzh, &D::dzh, FIRST, 1, layer.packed.gain_h, layer.parts.norm_h, SCALE_N, sums.gain_h, sums.bias_h, b);
      for (std::int64_t r = 0; r < live; ++r)
        b.sources[r] = b.gradients[r].dzh + FIRST * W;
      multiply_turned<T>(b.sources, live, W, turned_n, W / PANEL<T>, b.d_extra);
      for (std::int64_t r = 0; r < live; ++r)
        RowCell::backward_second(b.rows[r], b.gradients[r], b.d_extra + r * W);
    }
    if (norm) {
      through_norm(live, RowCell::same_gradients ? &D::dzx : &D::dzh, &D::dzh, 0, FIRST, layer.packed.gain_h, layer.parts.norm_h,
                   SCALE_H, sums.gain_h, sums.bias_h, b);
      through_norm(live, &D::dzx, &D::dzx, 0, RowCell::gates, layer.packed.gain_x, layer.parts.norm_x, SCALE_X, sums.gain_x,
                   sums.bias_x, b);
    }
  }

  // The gates [first, first + gates) of `given`, gradients of pre-activations -> `out`, of the product that was normalised. Gains
  // and biases get their share.
  void through_norm(std::int64_t live, T *D::*given, T *D::*out, int first, int gates, const T *gain, std::int64_t norm, Scale scale,
                    T *d_gain, T *d_bias, const Buffers &b) const {
    const std::int64_t skip = first * layer.width;
    const Segments segments{gates, layer.shape.hidden, layer.width};
    in_row_groups(0, live, [&]<int ROWS>(std::int64_t row) {
      const T *from[ROWS], *normalised[ROWS];
      T *to[ROWS], scales[ROWS];
      for (int r = 0; r < ROWS; ++r) {
        const T *tape = b.rows[row + r].tape;
        from[r] = b.gradients[row + r].*given + skip;
        to[r] = b.gradients[row + r].*out + skip;
        normalised[r] = tape + norm + skip;
        scales[r] = tape[layer.parts.scales + scale];
      }
      normalise_backward<T, ROWS>(segments, from, to, normalised, scales, gain + skip, d_gain + skip, d_bias + skip);
      if (segments.H < segments.width)
        for (int k = 0; k < ROWS * gates; ++k)
          std::memset(to[k / gates] + k % gates * segments.width + segments.H, 0, (segments.width - segments.H) * sizeof(T));
    });
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

// dx of the rows whose dz `dz` points to, through weight_ih turned; `products` has room for ROWS_AT_A_TIME rows.
template <class T>
void rows_input_gradient(const T *const *dz, T *const *dx, std::int64_t count, std::int64_t depth, const T *turned, std::int64_t I,
                         T *products) {
  const std::int64_t panels = blocks_of<T>(I), width = panels * PANEL<T>;
  for (std::int64_t q = 0; q < count; q += ROWS_AT_A_TIME) {
    const std::int64_t some = smaller(ROWS_AT_A_TIME, count - q);
    multiply_turned<T>(dz + q, some, depth, turned, panels, products);
    for (std::int64_t r = 0; r < some; ++r)
      std::memcpy(dx[q + r], products + r * width, I * sizeof(T));
  }
}

// The gradients that are sums over rows of something else than products.
template <class T, class RowCell>
void finish_sums(const BackwardArgs<T> &args, const RowLayer<T, RowCell> &layer, T *sums, std::int64_t blocks) {
  const std::int64_t W = layer.width, size = RowSums<T>::size(RowCell::gates, W);
  const RowSums<T> first(sums, RowCell::gates, W);
  const Weights<T> &out = args.gradient;
  const auto add = [&](const T *part, int gates, T *to) { add_blocks<T>(part, blocks, size, gates, args.shape.hidden, W, to); };
  if (args.shape.peephole) {
    add(first.peephole, 1, out.weight_ci);
    add(first.peephole + W, 1, out.weight_cf);
    add(first.peephole + 2 * W, 1, out.weight_co);
  }
  if (args.shape.layer_norm) {
    add(first.bias_x, RowCell::gates, out.bias_ih);
    add(first.bias_h, RowCell::gates, out.bias_hh);
    add(first.gain_x, RowCell::gates, out.ln_ih_weight);
    add(first.gain_h, RowCell::gates, out.ln_hh_weight);
    add(first.c_gain, 1, out.ln_c_weight);
    add(first.c_bias, 1, out.ln_c_bias);
  }
}

template <class T, class RowCell> void rows_backward(const BackwardArgs<T> &args) {
  using Packing = typename RowCell::Packing;
  using Pass = RowsBackward<T, RowCell>;
  const LayerShape &shape = args.shape;
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  T *values = take<T>(space, PackedLayer<T, Packing>::size(shape));
  pack<T, Packing>(shape, args.weights, values, args.threads);
  const RowLayer<T, RowCell> layer(shape, values);
  const std::int64_t H = shape.hidden, I = shape.input, R = shape.output(), W = layer.width, V = layer.h_width, all = layer.all();
  const bool masked = RowCell::two_products || args.noise.recurrent, norm = shape.layer_norm;
  const bool same = RowCell::same_gradients && !norm;
  Team team(threads_for(args.threads, 2 * batch.total * RowCell::gates * H * (I + R)));

  const auto pointers = [&] { return take<const T *>(space, batch.total); };
  const RowPointers<T> rows{pointers(), pointers(), pointers(), pointers(), take<T *>(space, batch.total)};
  for (std::int64_t s = 0; s < batch.steps; ++s)
    for (std::int64_t p = 0; p < batch.live[s]; ++p) {
      const std::int64_t q = batch.first[s] + p, t = time_of(batch, args.reverse, p, s), n = batch.order[p];
      rows.x[q] = at(args.x, t, n);
      rows.dx[q] = args.dx.data ? at(args.dx, t, n) : nullptr;
      rows.extra[q] = args.tape + q * layer.parts.size + layer.parts.extra;
    }

  constexpr int IN_ORDER[] = {0, 1, 2, 3}, LAST[] = {RowCell::gates - 1}; // gates
  Pass pass{args, batch, layer, rows, nullptr, nullptr, nullptr};
  if constexpr (Packing::recurrent)
    pass.turned_h = turn<T>(team, space, args.weights.weight_hh, IN_ORDER, Pass::FIRST, H, R, PANEL<T>, W);
  if constexpr (RowCell::two_products)
    pass.turned_n = turn<T>(team, space, args.weights.weight_hh, LAST, 1, H, R, PANEL<T>, W);
  if (shape.projection)
    pass.turned_projection = turn<T>(team, space, args.weights.weight_hr, IN_ORDER, 1, R, H, PANEL<T>, V);
  const T *turned_x = args.dx.data ? turn<T>(team, space, args.weights.weight_ih, IN_ORDER, RowCell::gates, H, I, PANEL<T>, W) : nullptr;
  T *dx_products = take<T>(space, team.size() * ROWS_AT_A_TIME * blocks_of<T>(I) * PANEL<T>);

  const RowBlocks blocks(batch.rows);
  const auto own = take<typename Pass::Buffers>(space, blocks.count);
  const std::int64_t sums_size = RowSums<T>::size(RowCell::gates, W);
  T *sums = take_zeros<T>(space, blocks.count * sums_size);
  for (std::int64_t k = 0; k < blocks.count; ++k) {
    own[k] = pass.buffers(space, blocks.begin(k + 1) - blocks.begin(k));
    own[k].sums = sums + k * sums_size;
  }

  // Biases outside a normalisation have their gradients from the row sums. With one dz, one pass over it gives both products.
  const Weights<T> &out = args.gradient;
  const OuterProduct<T> of_x{rows.x, I, 0, RowCell::gates, IN_ORDER, out.weight_ih, norm ? nullptr : out.bias_ih};
  const OuterProduct<T> of_h{rows.h, R, 0, Pass::FIRST, IN_ORDER, out.weight_hh, norm ? nullptr : out.bias_hh};
  const OuterProduct<T> of_n{rows.extra, R, Pass::FIRST, 1, LAST, out.weight_hh, norm ? nullptr : out.bias_hh};
  std::vector<SharedOuter<T>> of_dzx, of_dzh, of_projected;
  if (Packing::recurrent && same)
    of_dzx.emplace_back(SharedOuter<T>(space, team, H, RowCell::gates, {of_x, of_h}));
  else
    of_dzx.emplace_back(SharedOuter<T>(space, team, H, RowCell::gates, {of_x}));
  if (Packing::recurrent && !same && RowCell::two_products)
    of_dzh.emplace_back(SharedOuter<T>(space, team, H, RowCell::gates, {of_h, of_n}));
  else if (Packing::recurrent && !same)
    of_dzh.emplace_back(SharedOuter<T>(space, team, H, RowCell::gates, {of_h}));
  if (shape.projection)
    of_projected.emplace_back(SharedOuter<T>(space, team, R, 1, {{rows.extra, H, 0, 1, IN_ORDER, out.weight_hr, nullptr}}));

  // Two chunks by turns, so that one barrier a chunk is enough: nobody writes to the one that others still read.
  const ChunkOfSteps last(batch, CHUNK_ROWS / 4); // its rows are up to four times as wide
  RowsChunk<T> turns[2] = {{last, nullptr, nullptr, nullptr, nullptr}, {last, nullptr, nullptr, nullptr, nullptr}};
  for (RowsChunk<T> &chunk : turns) {
    chunk.dzx = take<T>(space, last.capacity * all);
    chunk.dzh = same ? chunk.dzx : take<T>(space, last.capacity * all);
    chunk.d_projected = shape.projection ? take<T>(space, last.capacity * V) : nullptr;
    chunk.h_masked = masked ? take<T>(space, last.capacity * V) : nullptr;
  }
  run(team, [&](int id) {
    const int threads = team.size();
    const auto own_blocks = [&](auto &&f) {
      for (std::int64_t k = id; k < blocks.count; k += threads)
        f(blocks.begin(k), blocks.begin(k + 1), own[k]);
    };
    own_blocks([&](std::int64_t begin, std::int64_t end, const auto &b) { pass.start(begin, end, b); });
    RowsChunk<T> later{last, nullptr, nullptr, nullptr, nullptr};
    for (int turn = 0; later.steps.begin > 0; turn = 1 - turn) {
      RowsChunk<T> chunk = turns[turn];
      chunk.steps = later.steps.before(batch);
      own_blocks([&](std::int64_t begin, std::int64_t end, const auto &b) { pass.steps(chunk, later, begin, end, b); });
      team.barrier();
      const std::int64_t first = chunk.steps.first(batch), count = chunk.steps.rows(batch);
      for (SharedOuter<T> &outer : of_dzx)
        outer.add(team, id, {chunk.dzx, count, all, PANEL<T>, W}, first);
      for (SharedOuter<T> &outer : of_dzh)
        outer.add(team, id, {chunk.dzh, count, all, PANEL<T>, W}, first);
      for (SharedOuter<T> &outer : of_projected)
        outer.add(team, id, {chunk.d_projected, count, V, PANEL<T>, V}, first);
      if (args.dx.data) {
        const std::int64_t from = first + count * id / threads, to = first + count * (id + 1) / threads;
        rows_input_gradient<T>(rows.dzx + from, rows.dx + from, to - from, all, turned_x, I,
                               dx_products + id * ROWS_AT_A_TIME * blocks_of<T>(I) * PANEL<T>);
      }
      later = chunk;
    }
    for (const auto *outers : {&of_dzx, &of_dzh, &of_projected})
      for (const SharedOuter<T> &outer : *outers)
        outer.finish(team, id);
    own_blocks([&](std::int64_t begin, std::int64_t end, const auto &b) { pass.finish(later, begin, end, b); });
    if (args.dx.data && id == 0)
      clear_padding(batch, args.steps, args.dx, I, 0, batch.rows);
  });
  finish_sums<T, RowCell>(args, layer, sums, blocks.count);
}

} // namespace recurra::RECURRA_VARIANT
