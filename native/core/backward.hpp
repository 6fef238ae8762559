// Backpropagation through time, in chunks of steps: the time loop backward gives the gradients of their pre-activations, from
// which those of the input and of the weights follow as larger products while they are still in the caches.
#pragma once

#include "outer.hpp"

namespace recurra::RECURRA_VARIANT {

// Some gates of weight [G * H, K], turned for products with gradients: panel p has the columns [p * PANEL, (p + 1) * PANEL), its
// rows in the order of a row of dz, where block j of gates[g] begins at j * block_stride + g * gate_stride.
template <class T>
const T *turn(Team &team, Workspace &space, const T *weight, const int *gates, int count, std::int64_t H, std::int64_t K,
              std::int64_t block_stride, std::int64_t gate_stride) {
  const std::int64_t blocks = blocks_of<T>(H), panels = blocks_of<T>(K), rows = blocks * count * PANEL<T>;
  T *turned = take<T>(space, panels * rows * PANEL<T>);
  run(team, [&](int id) {
    for (std::int64_t p = panels * id / team.size(); p < panels * (id + 1) / team.size(); ++p)
      for (std::int64_t j = 0; j < blocks; ++j)
        for (int g = 0; g < count; ++g) {
          const std::int64_t units = smaller(PANEL<T>, H - j * PANEL<T>), width = smaller(PANEL<T>, K - p * PANEL<T>);
          const T *from = weight + (gates[g] * H + j * PANEL<T>) * K + p * PANEL<T>;
          T *to = turned + (p * rows + j * block_stride + g * gate_stride) * PANEL<T>;
          if (units < PANEL<T> || width < PANEL<T>)
            std::memset(to, 0, PANEL<T> * PANEL<T> * sizeof(T));
          for (std::int64_t u = 0; u < units; ++u)
            if (width == PANEL<T>)
              std::memcpy(to + u * PANEL<T>, from + u * K, PANEL<T> * sizeof(T));
            else
              std::memcpy(to + u * PANEL<T>, from + u * K, width * sizeof(T));
        }
  });
  return turned;
}

// Where the gates of one product lie in a row of dz.
template <class T, class Cell> Runs slot_runs(std::int64_t blocks) {
  if constexpr (Cell::gates == Cell::slots)
    return {blocks * Cell::slots * PANEL<T>};
  else
    return {Cell::gates * PANEL<T>, blocks, Cell::slots * PANEL<T>};
}

// out[ROWS][PANELS * PANEL] = rows of `runs` gradients times turned panels that lie `depth` rows apart.
template <class T, int ROWS, int PANELS>
RECURRA_INLINE void gradient_tile(T *out, const T *const *rows, Runs runs, const T *panel, std::int64_t depth) {
  Column<T> columns[PANELS];
  for (int p = 0; p < PANELS; ++p)
    columns[p] = {panel + p * depth * PANEL<T>, p * PANEL<T>, NOTHING<T>};
  columns_tile<T, ROWS, PANELS>(columns, rows, runs, out, PANELS * PANEL<T>);
}

// Calls f.operator()<ROWS, PANELS>(row, panel) on tiles that cover rows [begin, end) and panels [first, last), in turns as
// in_tiles does.
template <class T, class F>
RECURRA_INLINE void in_gradient_tiles(std::int64_t turn, std::int64_t begin, std::int64_t end, std::int64_t first,
                                      std::int64_t last, F &&f) {
  const int most = panels_at_once<T>(end - begin < TILE_ROWS ? end - begin : TILE_ROWS);
  in_turns(turn, begin < end ? first : last, last, most, [&](std::int64_t p) {
    in_row_groups(begin, end, [&]<int ROWS>(std::int64_t row) {
      in_panel_groups<T, ROWS>(p, smaller(last, p + most),
                               [&]<int PANELS>(std::int64_t panel) { f.template operator()<ROWS, PANELS>(row, panel); });
    });
  });
}

constexpr std::int64_t CHUNK_ROWS = 1024;  // whose gradients stay in the nearer caches
constexpr std::int64_t ROWS_AT_A_TIME = 96; // whose sources and one panel do

// A chunk of steps and the gradients of their pre-activations.
template <class T> struct Chunk {
  ChunkOfSteps steps;
  T *dz; // [capacity][stride]
};

// One row at one step.
template <class T> struct RowStep {
  const T *y, *dy, *h_before, *tape, *c_before;
  T *dz;
};

template <class T, class Cell> struct BackwardPass {
  const BackwardArgs<T> &args;
  const Batch &batch;
  std::int64_t blocks, width, stride; // stride: values of one row of dz
  const T *turned;                    // weight_hh, turned
  T *carry_h, *carry_c;               // [rows][width]: gradients of h past the product, and of c, from later steps

  T *row(const Chunk<T> &chunk, std::int64_t s, std::int64_t p) const {
    return chunk.dz + chunk.steps.at(batch, s, p) * stride;
  }

  // out[ROWS][PANELS * PANEL]: what the rows of dz send back through the recurrent product, blocks from j on.
  template <int ROWS, int PANELS> void through_product(T *out, const T *dz, std::int64_t j) const {
    const T *rows[ROWS];
    for (int r = 0; r < ROWS; ++r)
      rows[r] = dz + r * stride + Cell::h_first * PANEL<T>;
    const std::int64_t depth = blocks * Cell::gates * PANEL<T>;
    gradient_tile<T, ROWS, PANELS>(out, rows, slot_runs<T, Cell>(blocks), turned + j * depth * PANEL<T>, depth);
  }

  const T *h_before(std::int64_t p, std::int64_t s) const {
    return s ? at(args.y, time_of(batch, args.reverse, p, s - 1), batch.order[p]) : args.h0 + batch.order[p] * args.shape.hidden;
  }

  RowStep<T> row_step(const Chunk<T> &chunk, std::int64_t s, std::int64_t p) const {
    const std::int64_t t = time_of(batch, args.reverse, p, s), n = batch.order[p], size = blocks * Cell::kept * PANEL<T>;
    const T *c_before = nullptr;
    if constexpr (Cell::has_c)
      c_before = s ? args.tape + (batch.first[s - 1] + p) * size + Cell::kept_c * PANEL<T> : args.c0 + n * args.shape.hidden;
    return {at(args.y, t, n), at(args.dy, t, n), h_before(p, s), args.tape + (batch.first[s] + p) * size, c_before, row(chunk, s, p)};
  }

  // The gate maths of block j of the sorted row p; `product` [PANEL] is the gradient that comes through the next step's product.
  [[gnu::noinline]] void gates(const RowStep<T> &at, bool first, std::int64_t p, std::int64_t j, const T *product) const {
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v) {
      const std::int64_t lane = v * LANES<T>, unit = j * PANEL<T> + lane, units = args.shape.hidden - unit;
      T *carry = carry_h + p * width + unit;
      Vec<T> keep[Cell::kept + 1], d[Cell::slots], dh_direct, dc{}, c_old{};
#pragma GCC unroll 16
      for (int k = 0; k < Cell::kept; ++k)
        keep[k] = load<T>(at.tape + (j * Cell::kept + k) * PANEL<T> + lane);
      if constexpr (Cell::has_c) {
        dc = load<T>(carry_c + p * width + unit);
        c_old = first ? load_first<T>(at.c_before + unit, units) : load<T>(at.c_before + j * Cell::kept * PANEL<T> + lane);
      }
      const Vec<T> dh = load<T>(product + lane) + load_first<T>(at.dy + unit, units) + load<T>(carry);
      Cell::backward(keep, load_first<T>(at.y + unit, units), load_first<T>(at.h_before + unit, units), c_old, dh, dc, d, dh_direct);
#pragma GCC unroll 16
      for (int slot = 0; slot < Cell::slots; ++slot)
        store<T>(at.dz + (j * Cell::slots + slot) * PANEL<T> + lane, keep_first<T>(d[slot], units));
      store<T>(carry, keep_first<T>(dh_direct, units));
      if constexpr (Cell::has_c)
        store<T>(carry_c + p * width + unit, keep_first<T>(dc, units));
    }
  }

  // Rows [begin, end) and blocks [first_block, last_block) through the steps of `chunk`; `later` is the chunk after it in time, of
  // which the first step is read. `rows` has room for all rows.
  void steps(Team *team, const Chunk<T> &chunk, const Chunk<T> &later, std::int64_t begin, std::int64_t end,
             std::int64_t first_block, std::int64_t last_block, RowStep<T> *rows) const {
    for (std::int64_t s = chunk.steps.end - 1; s >= chunk.steps.begin; --s) {
      const std::int64_t live = smaller(batch.live[s], end), next = smaller(batch.live[s + 1], end);
      for (std::int64_t p = begin; p < live; ++p)
        rows[p] = row_step(chunk, s, p);
      in_gradient_tiles<T>(s, begin, next, first_block, last_block, [&]<int ROWS, int PANELS>(std::int64_t p, std::int64_t j) {
        alignas(64) T product[ROWS * PANELS * PANEL<T>];
        through_product<ROWS, PANELS>(product, row(s + 1 < chunk.steps.end ? chunk : later, s + 1, p), j);
        for (int r = 0; r < ROWS; ++r)
          for (int k = 0; k < PANELS; ++k)
            gates(rows[p + r], !s, p + r, j + k, product + (r * PANELS + k) * PANEL<T>);
      });
      for (std::int64_t p = next > begin ? next : begin; p < live; ++p)
        for (std::int64_t j = first_block; j < last_block; ++j)
          gates(rows[p], !s, p, j, NOTHING<T>);
      if (team)
        team->barrier();
    }
  }

  // The gradients of the initial states, once the first step, which is in `chunk`, is done.
  void initial_states(const Chunk<T> &chunk, std::int64_t begin, std::int64_t end, std::int64_t first_block,
                      std::int64_t last_block) const {
    const std::int64_t H = args.shape.hidden, live = batch.steps ? smaller(batch.live[0], end) : begin;
    const auto write = [&](std::int64_t p, std::int64_t j, const T *product) {
      const std::int64_t first = j * PANEL<T>, n = batch.order[p];
      for (std::int64_t u = 0; u < smaller(PANEL<T>, H - first); ++u) {
        args.dh0[n * H + first + u] = carry_h[p * width + first + u] + product[u];
        if constexpr (Cell::has_c)
          args.dc0[n * H + first + u] = carry_c[p * width + first + u];
      }
    };
    in_gradient_tiles<T>(0, begin, live, first_block, last_block, [&]<int ROWS, int PANELS>(std::int64_t p, std::int64_t j) {
      alignas(64) T product[ROWS * PANELS * PANEL<T>];
      through_product<ROWS, PANELS>(product, row(chunk, 0, p), j);
      for (int r = 0; r < ROWS; ++r)
        for (int k = 0; k < PANELS; ++k)
          write(p + r, j + k, product + (r * PANELS + k) * PANEL<T>);
    });
    for (std::int64_t p = live > begin ? live : begin; p < end; ++p)
      for (std::int64_t j = first_block; j < last_block; ++j)
        write(p, j, NOTHING<T>);
  }
};

// dx of the rows [begin, end) of dz; `rows` are where they go, and `turned` is weight_ih, turned.
template <class T, class Cell>
void input_gradient(const GradientRows<T> &dz, const T *turned, std::int64_t I, std::int64_t blocks, T *const *rows,
                    std::int64_t begin, std::int64_t end) {
  const std::int64_t depth = blocks * Cell::gates * PANEL<T>;
  for (std::int64_t from = begin; from < end; from += ROWS_AT_A_TIME)
    in_gradient_tiles<T>(from / ROWS_AT_A_TIME, from, smaller(end, from + ROWS_AT_A_TIME), 0, blocks_of<T>(I), [&]<int ROWS, int PANELS>(std::int64_t q, std::int64_t p) {
      alignas(64) T out[ROWS * PANELS * PANEL<T>];
      const T *sources[ROWS];
      for (int r = 0; r < ROWS; ++r)
        sources[r] = dz.data + (q + r) * dz.stride + Cell::x_first * PANEL<T>;
      gradient_tile<T, ROWS, PANELS>(out, sources, slot_runs<T, Cell>(blocks), turned + p * depth * PANEL<T>, depth);
      for (int r = 0; r < ROWS; ++r)
        std::memcpy(rows[q + r] + p * PANEL<T>, out + r * PANELS * PANEL<T>, smaller(PANELS * PANEL<T>, I - p * PANEL<T>) * sizeof(T));
    });
}

template <class T, class Cell> void backward(const BackwardArgs<T> &args) {
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  const std::int64_t H = args.shape.hidden, I = args.shape.input, blocks = blocks_of<T>(H), width = blocks * PANEL<T>;
  const std::int64_t stride = blocks * Cell::slots * PANEL<T> + PANEL<T>; // a little more than a power of two, for the caches' sake
  Team team(threads_for(args.threads, 2 * batch.total * Cell::gates * H * (I + H)));
  BackwardPass<T, Cell> pass{args, batch, blocks, width, stride, nullptr, nullptr, nullptr};
  const auto turned = [&](const T *weight, const int *gates, std::int64_t K) {
    return turn<T>(team, space, weight, gates, Cell::gates, H, K, Cell::gates * PANEL<T>, PANEL<T>);
  };
  pass.turned = turned(args.weights.weight_hh, Cell::h_gates, H);
  const T *turned_x = args.dx.data ? turned(args.weights.weight_ih, Cell::x_gates, I) : nullptr;
  pass.carry_h = take_zeros<T>(space, batch.rows * width);
  if constexpr (Cell::has_c)
    pass.carry_c = take_zeros<T>(space, batch.rows * width);
  for (std::int64_t p = 0; p < batch.rows; ++p) {
    std::memcpy(pass.carry_h + p * width, args.dh_n + batch.order[p] * H, H * sizeof(T));
    if constexpr (Cell::has_c)
      std::memcpy(pass.carry_c + p * width, args.dc_n + batch.order[p] * H, H * sizeof(T));
  }
  const T **x_rows = take<const T *>(space, batch.total), **h_rows = take<const T *>(space, batch.total);
  T **dx_rows = take<T *>(space, batch.total);
  for (std::int64_t s = 0; s < batch.steps; ++s)
    for (std::int64_t p = 0; p < batch.live[s]; ++p) {
      const std::int64_t q = batch.first[s] + p, t = time_of(batch, args.reverse, p, s), n = batch.order[p];
      x_rows[q] = at(args.x, t, n);
      h_rows[q] = pass.h_before(p, s);
      dx_rows[q] = args.dx.data ? at(args.dx, t, n) : nullptr;
    }
  const Weights<T> &out = args.gradient;
  SharedOuter<T> weights(space, team, H, Cell::slots,
                         {{x_rows, I, Cell::x_first, Cell::gates, Cell::x_gates, out.weight_ih, out.bias_ih},
                          {h_rows, H, Cell::h_first, Cell::gates, Cell::h_gates, out.weight_hh, out.bias_hh}});

  // Two chunks by turns, so that one barrier a chunk is enough: nobody writes to the one that others still read.
  const ChunkOfSteps last(batch, CHUNK_ROWS);
  T *const dz[2] = {take<T>(space, last.capacity * stride), take<T>(space, last.capacity * stride)};
  RowStep<T> *row_steps = take<RowStep<T>>(space, batch.rows * team.size());
  const bool by_units = share_units(batch, Cell::gates * H * H * sizeof(T), team.size(), BACKWARD_BORDER);
  run(team, [&](int id) {
    const int threads = team.size();
    std::int64_t begin = 0, end = batch.rows, first_block = 0, last_block = blocks;
    if (by_units) {
      first_block = blocks * id / threads;
      last_block = blocks * (id + 1) / threads;
    } else {
      batch.share(id, threads, begin, end);
    }
    Chunk<T> later{last, nullptr};
    for (int turn = 0; later.steps.begin > 0; turn = 1 - turn) {
      const Chunk<T> chunk{later.steps.before(batch), dz[turn]};
      if (by_units)
        pass.steps(&team, chunk, later, begin, end, first_block, last_block, row_steps + batch.rows * id);
      else
        for (std::int64_t row = begin; row < end; row += ROWS_AT_A_TIME)
          pass.steps(nullptr, chunk, later, row, smaller(end, row + ROWS_AT_A_TIME), 0, blocks, row_steps + batch.rows * id);
      team.barrier();
      const std::int64_t first = chunk.steps.first(batch), count = chunk.steps.rows(batch);
      const GradientRows<T> gradients{chunk.dz, count, stride, Cell::slots * PANEL<T>, PANEL<T>};
      weights.add(team, id, gradients, first);
      if (args.dx.data)
        input_gradient<T, Cell>(gradients, turned_x, I, blocks, dx_rows + first, count * id / threads, count * (id + 1) / threads);
      later = chunk;
    }
    weights.finish(team, id);
    pass.initial_states(later, begin, end, first_block, last_block);
    if (args.dx.data && id == 0)
      clear_padding(batch, args.steps, args.dx, I, 0, batch.rows);
  });
}

} // namespace recurra::RECURRA_VARIANT
