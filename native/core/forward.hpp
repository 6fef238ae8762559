// The time loop forward: products of a tile, then the gate maths on that tile while it is in the first-level cache.
#pragma once

#include "batch.hpp"
#include "matrix.hpp"
#include "pack.hpp"
#include "parallel.hpp"
#include "tile.hpp"
#include "workspace.hpp"

namespace recurra::RECURRA_VARIANT {

template <class T> T *take(Workspace &space, std::int64_t count) {
  return static_cast<T *>(space.take(static_cast<std::size_t>(count) * sizeof(T)));
}

template <class T> T *take_zeros(Workspace &space, std::int64_t count) {
  return static_cast<T *>(space.take_zeros(static_cast<std::size_t>(count) * sizeof(T)));
}

template <class F> void run(Team &team, F &&work) {
  team.run([](void *context, int id) { (*static_cast<F *>(context))(id); }, const_cast<void *>(static_cast<const void *>(&work)));
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

// Whether threads share the units of every step rather than the rows. Rows need no barrier; units do, one a step, which pays
// once a step is some microseconds of arithmetic and there are too few rows to fill the tiles of every thread.
inline bool share_units(const Batch &batch, LayerShape shape, int gates, int threads) {
  const std::int64_t work = batch.rows * gates * shape.hidden * (shape.input + shape.hidden);
  return threads > 1 && batch.rows < 4 * threads && work > 200'000;
}

// All pre-activations of one block of units for ROWS rows: z[slot][row][PANEL].
template <class T, class Cell, int ROWS>
RECURRA_INLINE void products(T *z, const PackedLayer<T, Cell> &layer, std::int64_t j, const T *start, std::int64_t start_row_stride,
                             const T *const *x, const T *const *h) {
  // Where the accumulators of all slots fit in registers, one row takes them together.
  if constexpr (ROWS == 1 && Cell::slots * VECS<T> <= 8 && Cell::slots > 1) {
    const TileInput<T> in{start,           start_row_stride, x, {layer.I}, layer.x_panel(j, Cell::x_first), h, {layer.H},
                          layer.h_panel(j, Cell::h_first)};
    tile_one_row<T, Cell::slots, Cell::gates, Cell::x_first, Cell::h_first>(z, in);
  } else {
    for (int slot = 0; slot < Cell::slots; ++slot) {
      const T *x_panel = layer.x_panel(j, slot), *h_panel = layer.h_panel(j, slot);
      const TileInput<T> in{start + slot * PANEL<T>, start_row_stride, x_panel ? x : nullptr, {layer.I}, x_panel,
                            h_panel ? h : nullptr,   {layer.H},        h_panel};
      tile<T, ROWS>(z + slot * ROWS * PANEL<T>, in);
    }
  }
}

// State of a whole forward pass, shared by the threads. Rows of h and c are padded to whole blocks.
template <class T, class Cell> struct ForwardPass {
  const ForwardArgs<T> &args;
  const Batch &batch;
  PackedLayer<T, Cell> layer;
  std::int64_t width;  // blocks * PANEL
  T *h[2];             // [rows][width]: state before and after a step, by turns
  T *c;                // [rows][width]
  const T *projected;  // [total][blocks][slots][PANEL]: start values with the input product added; null: not done ahead

  // One step of ROWS sorted rows from `row` on, one block of units.
  template <int ROWS>
  void block(std::int64_t s, std::int64_t row, std::int64_t j, const T *const *x, const T *const *h_rows, T *const *y) const {
    alignas(64) T z[Cell::slots * ROWS * PANEL<T>];
    if (projected) {
      const std::int64_t stride = layer.blocks * Cell::slots * PANEL<T>;
      products<T, Cell, ROWS>(z, layer, j, projected + (batch.first[s] + row) * stride + j * Cell::slots * PANEL<T>, stride, nullptr,
                              h_rows);
    } else {
      products<T, Cell, ROWS>(z, layer, j, layer.start + j * Cell::slots * PANEL<T>, 0, x, h_rows);
    }
    T *h_new = h[(s + 1) % 2];
    for (int r = 0; r < ROWS; ++r) {
      T *tape = args.tape ? args.tape + ((batch.first[s] + row + r) * layer.blocks + j) * Cell::kept * PANEL<T> : nullptr;
#pragma GCC unroll 16
      for (int v = 0; v < VECS<T>; ++v) {
        const std::int64_t lane = v * LANES<T>, unit = j * PANEL<T> + lane, units = layer.H - unit;
        const std::int64_t at_state = (row + r) * width + unit;
        Vec<T> a[Cell::slots], keep[Cell::kept + 1], c_new{};
#pragma GCC unroll 16
        for (int slot = 0; slot < Cell::slots; ++slot)
          a[slot] = load<T>(z + (slot * ROWS + r) * PANEL<T> + lane);
        if constexpr (Cell::has_c)
          c_new = load<T>(c + at_state);
        const Vec<T> h_out =
            keep_first<T>(Cell::forward(a, load<T>(h_rows[r] + unit), c_new, tape ? keep : nullptr), units);
        store<T>(h_new + at_state, h_out);
        store_first<T>(y[r] + unit, h_out, units);
        if constexpr (Cell::has_c)
          store<T>(c + at_state, keep_first<T>(c_new, units));
        if (tape) {
#pragma GCC unroll 16
          for (int k = 0; k < Cell::kept; ++k)
            store<T>(tape + k * PANEL<T> + lane, keep_first<T>(keep[k], units));
        }
      }
    }
  }

  // Rows [begin, end) and blocks [first_block, last_block) through all steps. `pointers` has room for 3 * rows.
  void steps(Team *team, std::int64_t begin, std::int64_t end, std::int64_t first_block, std::int64_t last_block,
             const T **pointers) const {
    const T **x = pointers, **h_rows = x + batch.rows;
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
      for (std::int64_t j = first_block; j < last_block; ++j)
        in_row_groups(begin, live,
                      [&]<int ROWS>(std::int64_t row) { block<ROWS>(s, row, j, x + row, h_rows + row, y + row); });
      if (team)
        team->barrier();
    }
  }
};

// Start values plus the input product of every live step, in rows of many steps: worth it where a step has few rows of its own.
template <class T, class Cell>
const T *project_ahead(Team &team, Workspace &space, const ForwardArgs<T> &args, const Batch &batch,
                       const PackedLayer<T, Cell> &layer) {
  const std::int64_t stride = layer.blocks * Cell::slots * PANEL<T>;
  T *out = take<T>(space, batch.total * stride);
  const T **x = take<const T *>(space, batch.total);
  for (std::int64_t s = 0; s < batch.steps; ++s)
    for (std::int64_t p = 0; p < batch.live[s]; ++p)
      x[batch.first[s] + p] = at(args.x, time_of(batch, args.reverse, p, s), batch.order[p]);
  run(team, [&](int id) {
    for (std::int64_t j = layer.blocks * id / team.size(); j < layer.blocks * (id + 1) / team.size(); ++j)
      in_row_groups(0, batch.total, [&]<int ROWS>(std::int64_t row) {
        alignas(64) T z[Cell::slots * ROWS * PANEL<T>];
        products<T, Cell, ROWS>(z, layer, j, layer.start + j * Cell::slots * PANEL<T>, 0, x + row, nullptr);
        for (int slot = 0; slot < Cell::slots; ++slot)
          for (int r = 0; r < ROWS; ++r)
            std::memcpy(out + (row + r) * stride + (j * Cell::slots + slot) * PANEL<T>, z + (slot * ROWS + r) * PANEL<T>,
                        PANEL<T> * sizeof(T));
      });
  });
  return out;
}

template <class T, class Cell> void forward(const ForwardArgs<T> &args) {
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  Team team(args.threads);
  const std::int64_t H = args.shape.hidden, width = blocks_of<T>(H) * PANEL<T>;
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
  if (batch.rows < 4 && batch.steps > 3)
    pass.projected = project_ahead(team, space, args, batch, pass.layer);
  const bool by_units = share_units(batch, args.shape, Cell::gates, team.size());
  const T **pointers = take<const T *>(space, 3 * batch.rows * team.size());
  run(team, [&](int id) {
    std::int64_t begin, end;
    batch.share(id, team.size(), begin, end);
    if (by_units) {
      const std::int64_t blocks = pass.layer.blocks;
      pass.steps(&team, 0, batch.rows, blocks * id / team.size(), blocks * (id + 1) / team.size(),
                 pointers + 3 * batch.rows * id);
    } else {
      constexpr std::int64_t ROWS_AT_A_TIME = 96; // their state and one block's weights stay in the second-level cache
      for (std::int64_t row = begin; row < end; row += ROWS_AT_A_TIME)
        pass.steps(nullptr, row, smaller(end, row + ROWS_AT_A_TIME), 0, pass.layer.blocks, pointers + 3 * batch.rows * id);
    }
    clear_padding(batch, args.steps, args.y, H, begin, end);
  });
  for (std::int64_t p = 0; p < batch.rows; ++p) {
    std::memcpy(args.h_n + batch.order[p] * H, pass.h[batch.length[p] % 2] + p * width, H * sizeof(T));
    if constexpr (Cell::has_c)
      std::memcpy(args.c_n + batch.order[p] * H, pass.c + p * width, H * sizeof(T));
  }
}

// One row, one step: the same tiles as forward, without its bookkeeping.
template <class T, class Cell> void step(const StepArgs<T> &args) {
  const PackedLayer<T, Cell> layer(args.shape, args.packed);
  const std::int64_t H = layer.H;
  for (std::int64_t j = 0; j < layer.blocks; ++j) {
    alignas(64) T z[Cell::slots * PANEL<T>];
    products<T, Cell, 1>(z, layer, j, layer.start + j * Cell::slots * PANEL<T>, 0, &args.x, &args.h);
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v) {
      const std::int64_t lane = v * LANES<T>, unit = j * PANEL<T> + lane, units = H - unit;
      if (units <= 0)
        break;
      Vec<T> a[Cell::slots], c_new{};
#pragma GCC unroll 16
      for (int slot = 0; slot < Cell::slots; ++slot)
        a[slot] = load<T>(z + slot * PANEL<T> + lane);
      if constexpr (Cell::has_c)
        c_new = load_first<T>(args.c + unit, units);
      const Vec<T> h_out = Cell::forward(a, load_first<T>(args.h + unit, units), c_new, nullptr);
      store_first<T>(args.h_new + unit, h_out, units);
      if constexpr (Cell::has_c)
        store_first<T>(args.c_new + unit, c_new, units);
    }
  }
}

} // namespace recurra::RECURRA_VARIANT
