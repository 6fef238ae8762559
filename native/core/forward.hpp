// The time loop forward: products of a tile, then the gate maths on that tile while it is in the first-level cache.
#pragma once

#include "batch.hpp"
#include "matrix.hpp"
#include "pack.hpp"
#include "tile.hpp"
#include "workspace.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T> T *take(Workspace &space, std::int64_t count) {
  return static_cast<T *>(space.take(static_cast<std::size_t>(count) * sizeof(T)));
}

template <class T> T *take_zeros(Workspace &space, std::int64_t count) {
  return static_cast<T *>(space.take_zeros(static_cast<std::size_t>(count) * sizeof(T)));
}

// The time at which the sorted row p is at its step s.
RECURRA_INLINE std::int64_t time_of(const Batch &batch, bool reverse, std::int64_t p, std::int64_t s) {
  return reverse ? batch.length[p] - 1 - s : s;
}

template <class T> RECURRA_INLINE T *at(const Steps<T> &steps, std::int64_t t, std::int64_t row) {
  return steps.data + t * steps.step_stride + row * steps.row_stride;
}

// Zeros past each row's own length, for the sorted rows [begin, end).
template <class T>
void clear_padding(const Batch &batch, std::int64_t T_, const Steps<T> &y, std::int64_t width, std::int64_t begin, std::int64_t end) {
  for (std::int64_t p = begin; p < end; ++p)
    for (std::int64_t t = batch.length[p]; t < T_; ++t)
      std::memset(at(y, t, batch.order[p]), 0, width * sizeof(T));
}

// Threads worth waking for a pass of so many multiply-adds.
inline int threads_for(int threads, std::int64_t multiply_adds) { return multiply_adds < 1'000'000 ? 1 : threads; }

// Whether threads share the units of every step rather than the rows. Rows need no barrier; units do, one a step, but then each
// thread reads only its part of the weights, which pays where they are large and the rows that use them are few. The
// border, measured, is in bytes of weights for every row and thread.
inline bool share_units(const Batch &batch, std::int64_t weight_bytes, int threads, std::int64_t border) {
  const std::int64_t rows = batch.steps ? batch.total / batch.steps : 0; // on average
  return threads > 1 && weight_bytes > (256 << 10) && rows * threads * border < weight_bytes;
}

constexpr std::int64_t FORWARD_BORDER = 32 << 10, BACKWARD_BORDER = 120 << 10;

// The pre-activations z[BLOCKS][slots][ROWS][PANEL] of BLOCKS blocks of units from j on, of which this call fills the COUNT slots
// from FROM on. `start` [BLOCKS][slots][PANEL] holds the values to which the products are added, one such row for every row
// where the stride is not 0; a null `x` leaves the input's product out. Not inlined: the loops then own all the registers.
template <class T, class Cell, int ROWS, int BLOCKS, int FROM, int COUNT>
[[gnu::noinline]] void block_tile(T *z, const PackedLayer<T, Cell> &layer, std::int64_t j, const T *start,
                                  std::int64_t start_row_stride, const T *const *x, const T *const *h) {
  Vec<T> c[BLOCKS * COUNT][ROWS][VECS<T>];
  const auto place = [](int s) { return s / COUNT * Cell::slots + FROM + s % COUNT; };
#pragma GCC unroll 16
  for (int s = 0; s < BLOCKS * COUNT; ++s)
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        c[s][r][v] = load<T>(start + r * start_row_stride + place(s) * PANEL<T> + v * LANES<T>);
  const auto product = [&]<int FIRST>(const T *const *rows, const T *panels, std::int64_t K) {
    constexpr int BEGIN = FIRST > FROM ? FIRST : FROM;
    constexpr int END = FIRST + Cell::gates < FROM + COUNT ? FIRST + Cell::gates : FROM + COUNT;
    if constexpr (BEGIN < END) {
      constexpr int GATES = END - BEGIN;
      const T *each[BLOCKS * GATES];
#pragma GCC unroll 16
      for (int p = 0; p < BLOCKS * GATES; ++p)
        each[p] = panels + ((j + p / GATES) * Cell::gates + BEGIN - FIRST + p % GATES) * K * PANEL<T>;
      accumulate<T, ROWS, BLOCKS * GATES, COUNT, BEGIN - FROM, GATES>(c, rows, {K}, each);
    }
  };
  if (x)
    product.template operator()<Cell::x_first>(x, layer.x_panels, layer.I);
  product.template operator()<Cell::h_first>(h, layer.h_panels, layer.R);
#pragma GCC unroll 16
  for (int s = 0; s < BLOCKS * COUNT; ++s)
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v)
        store<T>(z + (place(s) * ROWS + r) * PANEL<T> + v * LANES<T>, c[s][r][v]);
}

// Blocks of units that a tile of `rows` rows holds, and slots of one block where it does not hold them all.
template <class T, class Cell> constexpr int blocks_at_once(std::int64_t rows) {
  return panels_at_once<T>(rows) > Cell::slots ? panels_at_once<T>(rows) / Cell::slots : 1;
}

template <class T, class Cell, int ROWS, int BLOCKS>
RECURRA_INLINE void products(T *z, const PackedLayer<T, Cell> &layer, std::int64_t j, const T *start, std::int64_t start_row_stride,
                             const T *const *x, const T *const *h) {
  constexpr int COUNT = panels_at_once<T>(ROWS) < Cell::slots ? panels_at_once<T>(ROWS) : Cell::slots;
  block_tile<T, Cell, ROWS, BLOCKS, 0, COUNT>(z, layer, j, start, start_row_stride, x, h);
  if constexpr (COUNT < Cell::slots)
    block_tile<T, Cell, ROWS, BLOCKS, COUNT, COUNT>(z, layer, j, start, start_row_stride, x, h);
  if constexpr (2 * COUNT < Cell::slots) {
    block_tile<T, Cell, ROWS, BLOCKS, 2 * COUNT, COUNT>(z, layer, j, start, start_row_stride, x, h);
    block_tile<T, Cell, ROWS, BLOCKS, 3 * COUNT, COUNT>(z, layer, j, start, start_row_stride, x, h);
  }
}

// Calls f.operator()<ROWS, BLOCKS>(row, block) on tiles that cover rows [begin, end) and blocks [first, last). The rows run
// innermost, so that a few blocks' weights serve all of them from the caches; every second turn goes from the last blocks to the
// first, so that it begins with those that the turn before has left there.
template <class T, class Cell, class F>
RECURRA_INLINE void in_tiles(std::int64_t turn, std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last, F &&f) {
  const int most = blocks_at_once<T, Cell>(end - begin < TILE_ROWS ? end - begin : TILE_ROWS);
  in_turns(turn, begin < end ? first : last, last, most, [&](std::int64_t j) {
    in_row_groups(begin, end, [&]<int ROWS>(std::int64_t row) {
      constexpr int BLOCKS = blocks_at_once<T, Cell>(ROWS);
      std::int64_t k = j;
      const std::int64_t to = smaller(last, j + most);
      for (; k + BLOCKS <= to; k += BLOCKS)
        f.template operator()<ROWS, BLOCKS>(row, k);
      if constexpr (BLOCKS > 1)
        for (; k < to; ++k)
          f.template operator()<ROWS, 1>(row, k);
    });
  });
}

// Start values plus the input product of `count` rows, for blocks [first_block, last_block): [blocks][slots][PANEL] a row, rows
// `stride` apart. A tile that begins with them goes on with the same bits as one that was given x.
template <class T, class Cell>
void project(const PackedLayer<T, Cell> &layer, const T *const *x, std::int64_t count, std::int64_t first_block,
             std::int64_t last_block, T *out, std::int64_t stride) {
  constexpr std::int64_t BLOCK = Cell::slots * PANEL<T>;
  const auto column = [&](std::int64_t p) {
    const std::int64_t j = p / Cell::gates, slot = Cell::x_first + p % Cell::gates;
    return Column<T>{layer.x_panels + p * layer.I * PANEL<T>, (j - first_block) * BLOCK + slot * PANEL<T>,
                     layer.start + j * BLOCK + slot * PANEL<T>};
  };
  multiply<T>(x, count, {layer.I}, first_block * Cell::gates, last_block * Cell::gates, column, out, stride);
  for (int slot = 0; slot < Cell::slots; ++slot)
    if (slot < Cell::x_first || slot >= Cell::x_first + Cell::gates)
      for (std::int64_t r = 0; r < count; ++r)
        for (std::int64_t j = first_block; j < last_block; ++j)
          std::memcpy(out + r * stride + (j - first_block) * BLOCK + slot * PANEL<T>, layer.start + j * BLOCK + slot * PANEL<T>,
                      PANEL<T> * sizeof(T));
}

// One thread's buffers: pointers to rows, and room for what is projected ahead.
template <class T> struct Scratch {
  const T **pointers; // [3 * rows]
  T *projected;       // [AHEAD_ROWS][blocks][slots][PANEL]
};

constexpr std::int64_t AHEAD_ROWS = 48;

// Start values plus the input product of some steps to come, where a step has few rows of its own: many rows at once read the
// weights once.
template <class T, class Cell> struct Ahead {
  static constexpr std::int64_t FEW = 3, MOST_STEPS = AHEAD_ROWS, BLOCK = Cell::slots * PANEL<T>;
  const Batch &batch;
  const PackedLayer<T, Cell> &layer;
  const ForwardArgs<T> &args;
  std::int64_t begin, end, first_block, last_block;
  const Scratch<T> &own;
  std::int64_t stride = (last_block - first_block) * BLOCK;
  std::int64_t from = 0, to = 0;            // steps projected
  std::int64_t offset[MOST_STEPS] = {};     // of each such step's first row among the projected ones

  // Whether step s, of rows [begin, live), is projected; projects it and its followers if that pays.
  bool covers(std::int64_t s, std::int64_t live) {
    if (s < to)
      return true;
    if (live <= begin || live - begin > FEW)
      return false;
    const T *x[AHEAD_ROWS] = {};
    std::int64_t count = 0;
    for (from = to = s; to < batch.steps; ++to) {
      const std::int64_t rows = smaller(batch.live[to], end) - begin;
      if (rows <= 0 || count + rows > AHEAD_ROWS)
        break;
      offset[to - from] = count;
      for (std::int64_t p = begin; p < begin + rows; ++p)
        x[count++] = at(args.x, time_of(batch, args.reverse, p, to), batch.order[p]);
    }
    project<T, Cell>(layer, x, count, first_block, last_block, own.projected, stride);
    return true;
  }

  const T *start(std::int64_t s, std::int64_t row, std::int64_t j) const {
    return own.projected + (offset[s - from] + row - begin) * stride + (j - first_block) * BLOCK;
  }
};

// State of a whole forward pass, shared by the threads. Rows of h and c are padded to whole blocks.
template <class T, class Cell> struct ForwardPass {
  const ForwardArgs<T> &args;
  const Batch &batch;
  PackedLayer<T, Cell> layer;
  std::int64_t width;  // blocks * PANEL
  T *h[2];             // [rows][width]: state before and after a step, by turns
  T *c;                // [rows][width]
  const T *starts;     // [rows][blocks][slots][PANEL], see ForwardArgs; null: none

  static constexpr int BLOCK = Cell::slots * PANEL<T>;

  // One step of ROWS sorted rows from `row` on, BLOCKS blocks of units from `first` on. x and h_rows hold those rows' pointers.
  template <int ROWS, int BLOCKS>
  void tile(std::int64_t s, std::int64_t row, std::int64_t first, const T *start, std::int64_t start_stride, const T *const *x,
            const T *const *h_rows, T *const *y) const {
    alignas(64) T z[BLOCKS * BLOCK * ROWS];
    products<T, Cell, ROWS, BLOCKS>(z, layer, first, start, start_stride, x, h_rows);
    for (int b = 0; b < BLOCKS; ++b)
      gates<ROWS>(s, row, first + b, z + b * BLOCK * ROWS, h_rows, y);
  }

  // The gate maths of block j of ROWS sorted rows from `row` on, from pre-activations z[slots][ROWS][PANEL].
  template <int ROWS>
  [[gnu::noinline]] void gates(std::int64_t s, std::int64_t row, std::int64_t j, T *z, const T *const *h_rows,
                               T *const *y) const {
    const std::int64_t kept = Cell::kept * PANEL<T>;
    T *tape = args.tape ? args.tape + ((batch.first[s] + row) * layer.blocks + j) * kept : nullptr;
    const auto load_gates = [](Vec<T> (&a)[Cell::slots], const T *from) {
#pragma GCC unroll 16
      for (int slot = 0; slot < Cell::slots; ++slot)
        a[slot] = load<T>(from + slot * ROWS * PANEL<T>);
    };
    for (int k = 0; k < ROWS * PANEL<T>; k += LANES<T>) {
      Vec<T> a[Cell::slots];
      load_gates(a, z + k);
      Cell::squash(a);
#pragma GCC unroll 16
      for (int slot = 0; slot < Cell::slots; ++slot)
        store<T>(z + slot * ROWS * PANEL<T> + k, a[slot]);
    }
    for (int k = 0; k < ROWS * PANEL<T>; k += LANES<T>) {
      const int r = k / PANEL<T>, lane = k % PANEL<T>;
      const std::int64_t unit = j * PANEL<T> + lane, units = layer.H - unit, at_state = (row + r) * width + unit;
      Vec<T> a[Cell::slots], keep[Cell::kept + 1]{}, c_new{};
      load_gates(a, z + k);
      if constexpr (Cell::has_c)
        c_new = load<T>(c + at_state);
      const Vec<T> h_out = keep_first<T>(Cell::forward(a, load<T>(h_rows[r] + unit), c_new, tape ? keep : nullptr), units);
      store<T>(h[(s + 1) % 2] + at_state, h_out);
      store_first<T>(y[r] + unit, h_out, units);
      if constexpr (Cell::has_c)
        store<T>(c + at_state, keep_first<T>(c_new, units));
      if (tape) {
#pragma GCC unroll 16
        for (int g = 0; g < Cell::kept; ++g)
          store<T>(tape + r * layer.blocks * kept + g * PANEL<T> + lane, keep_first<T>(keep[g], units));
      }
    }
  }

  // Rows [begin, end) and blocks [first_block, last_block) through all steps.
  void steps(Team *team, std::int64_t begin, std::int64_t end, std::int64_t first_block, std::int64_t last_block,
             const Scratch<T> &own) const {
    Ahead<T, Cell> ahead{batch, layer, args, begin, end, first_block, last_block, own};
    const T **x = own.pointers, **h_rows = x + batch.rows;
    T **y = const_cast<T **>(h_rows + batch.rows);
    for (std::int64_t s = 0; s < batch.steps; ++s) {
      const std::int64_t live = smaller(batch.live[s], end);
      if (live <= begin && !team)
        break;
      for (std::int64_t p = begin; p < live; ++p) {
        const std::int64_t t = time_of(batch, args.reverse, p, s);
        x[p] = at(args.x, t, batch.order[p]);
        y[p] = at(args.y, t, batch.order[p]);
        h_rows[p] = h[s % 2] + p * width;
      }
      const bool projected = !starts && ahead.covers(s, live);
      in_tiles<T, Cell>(s, begin, live, first_block, last_block, [&]<int ROWS, int BLOCKS>(std::int64_t row, std::int64_t j) {
        if (projected)
          tile<ROWS, BLOCKS>(s, row, j, ahead.start(s, row, j), ahead.stride, nullptr, h_rows + row, y + row);
        else if (starts)
          tile<ROWS, BLOCKS>(s, row, j, starts + (row * layer.blocks + j) * BLOCK, layer.blocks * BLOCK, x + row, h_rows + row, y + row);
        else
          tile<ROWS, BLOCKS>(s, row, j, layer.start + j * BLOCK, 0, x + row, h_rows + row, y + row);
      });
      if (team)
        team->barrier();
    }
  }
};

template <class T, class Cell> void forward(const ForwardArgs<T> &args) {
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  const std::int64_t H = args.shape.hidden, width = blocks_of<T>(H) * PANEL<T>, weights = Cell::gates * H * (args.shape.input + H);
  const int threads = threads_for(args.threads, batch.total * weights);
  const bool by_units = share_units(batch, weights * sizeof(T), threads, FORWARD_BORDER);
  Team team(by_units || batch.rows > 1 ? threads : 1);
  ForwardPass<T, Cell> pass{args, batch, {args.shape, args.packed}, width, {}, nullptr, nullptr};
  for (T *&h : pass.h)
    h = take_zeros<T>(space, batch.rows * width);
  if constexpr (Cell::has_c)
    pass.c = take_zeros<T>(space, batch.rows * width);
  for (std::int64_t p = 0; p < batch.rows; ++p) {
    std::memcpy(pass.h[0] + p * width, args.h0 + batch.order[p] * H, H * sizeof(T));
    if constexpr (Cell::has_c)
      std::memcpy(pass.c + p * width, args.c0 + batch.order[p] * H, H * sizeof(T));
  }
  const std::int64_t blocks = pass.layer.blocks;
  if (args.starts) { // side by side, as a tile reads them
    const std::int64_t size = blocks * Cell::slots * PANEL<T>;
    T *starts = take<T>(space, batch.rows * size);
    for (std::int64_t p = 0; p < batch.rows; ++p)
      std::memcpy(starts + p * size, args.starts[batch.order[p]], size * sizeof(T));
    pass.starts = starts;
  }
  const T **pointers = take<const T *>(space, 3 * batch.rows * team.size());
  T *projected = take<T>(space, AHEAD_ROWS * blocks * Cell::slots * PANEL<T> * team.size());
  run(team, [&](int id) {
    const Scratch<T> own{pointers + 3 * batch.rows * id, projected + AHEAD_ROWS * blocks * Cell::slots * PANEL<T> * id};
    std::int64_t begin, end;
    batch.share(id, team.size(), begin, end);
    if (by_units) {
      pass.steps(&team, 0, batch.rows, blocks * id / team.size(), blocks * (id + 1) / team.size(), own);
    } else {
      constexpr std::int64_t ROWS_AT_A_TIME = 96; // their state and one block's weights stay in the second-level cache
      for (std::int64_t row = begin; row < end; row += ROWS_AT_A_TIME)
        pass.steps(nullptr, row, smaller(end, row + ROWS_AT_A_TIME), 0, blocks, own);
    }
    clear_padding(batch, args.steps, args.y, H, begin, end);
  });
  for (std::int64_t p = 0; p < batch.rows; ++p) {
    std::memcpy(args.h_n + batch.order[p] * H, pass.h[batch.length[p] % 2] + p * width, H * sizeof(T));
    if constexpr (Cell::has_c)
      std::memcpy(args.c_n + batch.order[p] * H, pass.c + p * width, H * sizeof(T));
  }
}

// The gate maths of one row at one step, for BLOCKS blocks of units from j on, from pre-activations z [BLOCKS][slots][PANEL].
template <class T, class Cell, int BLOCKS, class Args>
RECURRA_INLINE void one_row_gates(const T *z, const Args &args, std::int64_t H, std::int64_t j) {
#pragma GCC unroll 16
  for (int v = 0; v < BLOCKS * VECS<T>; ++v) {
    const std::int64_t lane = v % VECS<T> * LANES<T>, b = v / VECS<T>;
    const std::int64_t unit = (j + b) * PANEL<T> + lane, units = H - unit;
    if (units <= 0)
      break;
    Vec<T> a[Cell::slots], c_new{};
#pragma GCC unroll 16
    for (int slot = 0; slot < Cell::slots; ++slot)
      a[slot] = load<T>(z + (b * Cell::slots + slot) * PANEL<T> + lane);
    Cell::squash(a);
    if constexpr (Cell::has_c)
      c_new = load_first<T>(args.c + unit, units);
    store_first<T>(args.h_new + unit, Cell::forward(a, load_first<T>(args.h + unit, units), c_new, nullptr), units);
    if constexpr (Cell::has_c)
      store_first<T>(args.c_new + unit, c_new, units);
  }
}

// One row, one step: the same tiles as forward, without its bookkeeping.
template <class T, class Cell> void step(const StepArgs<T> &args) {
  const PackedLayer<T, Cell> layer(args.shape, args.packed);
  const T *start = args.start ? args.start : layer.start;
  in_tiles<T, Cell>(args.turn, 0, 1, 0, layer.blocks, [&]<int ROWS, int BLOCKS>(std::int64_t, std::int64_t j) {
    if constexpr (ROWS == 1) {
      constexpr int BLOCK = Cell::slots * PANEL<T>;
      alignas(64) T z[BLOCKS * BLOCK];
      products<T, Cell, 1, BLOCKS>(z, layer, j, start + j * BLOCK, 0, args.start ? nullptr : &args.x, &args.h);
      one_row_gates<T, Cell, BLOCKS>(z, args, layer.H, j);
    }
  });
}

// What steps begin with in place of any of `rows` inputs.
template <class T, class Cell> void project_rows(const ProjectArgs<T> &args) {
  const PackedLayer<T, Cell> layer(args.shape, args.packed);
  const std::int64_t size = layer.blocks * Cell::slots * PANEL<T>;
  for (std::int64_t row = 0; row < args.rows; row += AHEAD_ROWS) {
    const std::int64_t count = smaller(AHEAD_ROWS, args.rows - row);
    const T *x[AHEAD_ROWS];
    for (std::int64_t r = 0; r < count; ++r)
      x[r] = args.x + (row + r) * layer.I;
    project<T, Cell>(layer, x, count, 0, layer.blocks, args.start + row * size, size);
  }
}

} // namespace recurra::RECURRA_VARIANT
