// Backpropagation through time: the time loop backward gives the gradients of all pre-activations, then the gradients of the
// input and of the weights are large products over all live steps.
#pragma once

#include "outer.hpp"

namespace recurra::RECURRA_VARIANT {

// Weights turned for products with gradients: panel p has the columns [p * PANEL, (p + 1) * PANEL) of `weight`, its rows in the
// order of a row of dz: [blocks][gates][PANEL].
template <class T, class Cell>
const T *pack_transposed(Workspace &space, const T *weight, std::int64_t H, std::int64_t K, const int (&gates)[Cell::gates]) {
  const std::int64_t blocks = blocks_of<T>(H), panels = blocks_of<T>(K), rows = blocks * Cell::gates * PANEL<T>;
  T *packed = take_zeros<T>(space, panels * rows * PANEL<T>);
  for (std::int64_t j = 0; j < blocks; ++j)
    for (int g = 0; g < Cell::gates; ++g)
      for (std::int64_t u = 0; u < smaller(PANEL<T>, H - j * PANEL<T>); ++u) {
        const T *from = weight + (gates[g] * H + j * PANEL<T> + u) * K;
        T *to = packed + ((j * Cell::gates + g) * PANEL<T> + u) * PANEL<T>;
        for (std::int64_t p = 0; p < panels; ++p)
          std::memcpy(to + p * rows * PANEL<T>, from + p * PANEL<T>, smaller(PANEL<T>, K - p * PANEL<T>) * sizeof(T));
      }
  return packed;
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

// Calls f.operator()<ROWS, PANELS>(row, panel) on tiles that cover rows [begin, end) and panels [first, last).
template <class T, class F>
RECURRA_INLINE void in_gradient_tiles(std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last, F &&f) {
  const int most = panels_at_once<T>(end - begin < TILE_ROWS ? end - begin : TILE_ROWS);
  for (std::int64_t p = first; begin < end && p < last; p += most)
    in_row_groups(begin, end, [&]<int ROWS>(std::int64_t row) {
      in_panel_groups<T, ROWS>(p, smaller(last, p + most),
                               [&]<int PANELS>(std::int64_t panel) { f.template operator()<ROWS, PANELS>(row, panel); });
    });
}

template <class T, class Cell> struct BackwardPass {
  const BackwardArgs<T> &args;
  const Batch &batch;
  std::int64_t blocks, width, stride; // stride: values of one row of dz
  const T *turned;                    // weight_hh, turned
  T *dz;                              // [total][stride]
  T *carry_h, *carry_c;               // [rows][width]: gradients of h past the product, and of c, from later steps

  // out[ROWS][PANELS * PANEL]: gradient of h after step s - 1, blocks from j on, through the recurrent product of step s.
  template <int ROWS, int PANELS> void through_product(T *out, std::int64_t s, std::int64_t row, std::int64_t j) const {
    const T *rows[ROWS];
    for (int r = 0; r < ROWS; ++r)
      rows[r] = dz + (batch.first[s] + row + r) * stride + Cell::h_first * PANEL<T>;
    const std::int64_t depth = blocks * Cell::gates * PANEL<T>;
    gradient_tile<T, ROWS, PANELS>(out, rows, slot_runs<T, Cell>(blocks), turned + j * depth * PANEL<T>, depth);
  }

  const T *h_before(std::int64_t p, std::int64_t s) const {
    return s ? at(args.y, time_of(batch, args.reverse, p, s - 1), batch.order[p]) : args.h0 + batch.order[p] * args.shape.hidden;
  }

  // The gate maths of block j of the sorted row p; `product` [PANEL] is the gradient that comes through step s + 1's product.
  RECURRA_INLINE void gates(std::int64_t s, std::int64_t p, std::int64_t j, const T *product) const {
    const std::int64_t q = batch.first[s] + p, t = time_of(batch, args.reverse, p, s), n = batch.order[p];
    const T *y = at(args.y, t, n), *dy = at(args.dy, t, n), *h_old = h_before(p, s);
    const T *tape = args.tape + (q * blocks + j) * Cell::kept * PANEL<T>;
#pragma GCC unroll 16
    for (int v = 0; v < VECS<T>; ++v) {
      const std::int64_t lane = v * LANES<T>, unit = j * PANEL<T> + lane, units = args.shape.hidden - unit;
      T *carry = carry_h + p * width + unit;
      Vec<T> keep[Cell::kept + 1], d[Cell::slots], dh_direct, dc{}, c_old{};
#pragma GCC unroll 16
      for (int k = 0; k < Cell::kept; ++k)
        keep[k] = load<T>(tape + k * PANEL<T> + lane);
      if constexpr (Cell::has_c) {
        dc = load<T>(carry_c + p * width + unit);
        c_old = s ? load<T>(args.tape + ((batch.first[s - 1] + p) * blocks + j) * Cell::kept * PANEL<T> +
                            Cell::kept_c * PANEL<T> + lane)
                  : load_first<T>(args.c0 + n * args.shape.hidden + unit, units);
      }
      const Vec<T> dh = load<T>(product + lane) + load_first<T>(dy + unit, units) + load<T>(carry);
      Cell::backward(keep, load_first<T>(y + unit, units), load_first<T>(h_old + unit, units), c_old, dh, dc, d, dh_direct);
#pragma GCC unroll 16
      for (int slot = 0; slot < Cell::slots; ++slot)
        store<T>(dz + q * stride + (j * Cell::slots + slot) * PANEL<T> + lane, keep_first<T>(d[slot], units));
      store<T>(carry, keep_first<T>(dh_direct, units));
      if constexpr (Cell::has_c)
        store<T>(carry_c + p * width + unit, keep_first<T>(dc, units));
    }
  }

  // The gradients of the initial states, once the first step is done.
  void initial_states(std::int64_t begin, std::int64_t end, std::int64_t first_block, std::int64_t last_block) const {
    const std::int64_t H = args.shape.hidden, live = batch.steps ? smaller(batch.live[0], end) : begin;
    const auto write = [&](std::int64_t p, std::int64_t j, const T *product) {
      const std::int64_t first = j * PANEL<T>, n = batch.order[p];
      for (std::int64_t u = 0; u < smaller(PANEL<T>, H - first); ++u) {
        args.dh0[n * H + first + u] = carry_h[p * width + first + u] + product[u];
        if constexpr (Cell::has_c)
          args.dc0[n * H + first + u] = carry_c[p * width + first + u];
      }
    };
    in_gradient_tiles<T>(begin, live, first_block, last_block, [&]<int ROWS, int PANELS>(std::int64_t row, std::int64_t j) {
      alignas(64) T product[ROWS * PANELS * PANEL<T>];
      through_product<ROWS, PANELS>(product, 0, row, j);
      for (int r = 0; r < ROWS; ++r)
        for (int p = 0; p < PANELS; ++p)
          write(row + r, j + p, product + (r * PANELS + p) * PANEL<T>);
    });
    for (std::int64_t j = first_block; j < last_block; ++j)
      for (std::int64_t p = live > begin ? live : begin; p < end; ++p)
        write(p, j, NOTHING<T>);
  }

  void steps(Team *team, std::int64_t begin, std::int64_t end, std::int64_t first_block, std::int64_t last_block) const {
    for (std::int64_t s = batch.steps - 1; s >= 0; --s) {
      std::int64_t live = smaller(batch.live[s], end), later = smaller(batch.live[s + 1], end);
      live = live > begin ? live : begin;
      later = later > begin ? later : begin;
      in_gradient_tiles<T>(begin, later, first_block, last_block, [&]<int ROWS, int PANELS>(std::int64_t row, std::int64_t j) {
        alignas(64) T product[ROWS * PANELS * PANEL<T>];
        through_product<ROWS, PANELS>(product, s + 1, row, j);
        for (int r = 0; r < ROWS; ++r)
          for (int p = 0; p < PANELS; ++p)
            gates(s, row + r, j + p, product + (r * PANELS + p) * PANEL<T>);
      });
      for (std::int64_t p = later; p < live; ++p)
        for (std::int64_t j = first_block; j < last_block; ++j)
          gates(s, p, j, NOTHING<T>);
      if (team)
        team->barrier();
    }
    initial_states(begin, end, first_block, last_block);
  }
};

// dx of every live step; `rows` are its rows in the order of dz.
template <class T, class Cell>
void input_gradient(Team &team, Workspace &space, const BackwardArgs<T> &args, const GradientRows<T> &dz, T *const *rows) {
  const std::int64_t I = args.shape.input, panels = blocks_of<T>(I), blocks = blocks_of<T>(args.shape.hidden);
  const std::int64_t K = blocks * Cell::gates * PANEL<T>;
  const T *turned = pack_transposed<T, Cell>(space, args.weights.weight_ih, args.shape.hidden, I, Cell::x_gates);
  run(team, [&](int id) {
    constexpr std::int64_t ROWS_AT_A_TIME = 96;
    const std::int64_t from = dz.total * id / team.size(), to = dz.total * (id + 1) / team.size();
    for (std::int64_t begin = from; begin < to; begin += ROWS_AT_A_TIME)
      in_gradient_tiles<T>(begin, smaller(to, begin + ROWS_AT_A_TIME), 0, panels, [&]<int ROWS, int PANELS>(std::int64_t q, std::int64_t p) {
        alignas(64) T out[ROWS * PANELS * PANEL<T>];
        const T *sources[ROWS];
        for (int r = 0; r < ROWS; ++r)
          sources[r] = dz.data + (q + r) * dz.stride + Cell::x_first * PANEL<T>;
        gradient_tile<T, ROWS, PANELS>(out, sources, slot_runs<T, Cell>(blocks), turned + p * K * PANEL<T>, K);
        for (int r = 0; r < ROWS; ++r)
          std::memcpy(rows[q + r] + p * PANEL<T>, out + r * PANELS * PANEL<T>, smaller(PANELS * PANEL<T>, I - p * PANEL<T>) * sizeof(T));
      });
  });
}

template <class T, class Cell> void backward(const BackwardArgs<T> &args) {
  const Batch batch(args.rows, args.steps, args.lengths);
  Workspace space;
  const std::int64_t H = args.shape.hidden, I = args.shape.input, blocks = blocks_of<T>(H), width = blocks * PANEL<T>;
  const std::int64_t stride = blocks * Cell::slots * PANEL<T>;
  Team team(threads_for(args.threads, 2 * batch.total * Cell::gates * H * (I + H)));
  BackwardPass<T, Cell> pass{args, batch, blocks, width, stride, nullptr, nullptr, nullptr, nullptr};
  pass.turned = pack_transposed<T, Cell>(space, args.weights.weight_hh, H, H, Cell::h_gates);
  pass.dz = take<T>(space, batch.total * stride);
  pass.carry_h = take_zeros<T>(space, batch.rows * width);
  if constexpr (Cell::has_c)
    pass.carry_c = take_zeros<T>(space, batch.rows * width);
  for (std::int64_t p = 0; p < batch.rows; ++p) {
    std::memcpy(pass.carry_h + p * width, args.dh_n + batch.order[p] * H, H * sizeof(T));
    if constexpr (Cell::has_c)
      std::memcpy(pass.carry_c + p * width, args.dc_n + batch.order[p] * H, H * sizeof(T));
  }
  const bool by_units = share_units(batch, Cell::gates * H * H * sizeof(T), team.size(), BACKWARD_BORDER);
  run(team, [&](int id) {
    if (by_units) {
      pass.steps(&team, 0, batch.rows, blocks * id / team.size(), blocks * (id + 1) / team.size());
    } else {
      std::int64_t begin, end;
      batch.share(id, team.size(), begin, end);
      constexpr std::int64_t ROWS_AT_A_TIME = 96;
      for (std::int64_t row = begin; row < end; row += ROWS_AT_A_TIME)
        pass.steps(nullptr, row, smaller(end, row + ROWS_AT_A_TIME), 0, blocks);
    }
  });

  const T **x_rows = take<const T *>(space, batch.total), **h_rows = take<const T *>(space, batch.total);
  T **dx_rows = take<T *>(space, batch.total);
  for (std::int64_t s = 0; s < batch.steps; ++s)
    for (std::int64_t p = 0; p < batch.live[s]; ++p) {
      const std::int64_t q = batch.first[s] + p, t = time_of(batch, args.reverse, p, s), n = batch.order[p];
      x_rows[q] = at(args.x, t, n);
      h_rows[q] = pass.h_before(p, s);
      if (args.dx.data)
        dx_rows[q] = at(args.dx, t, n);
    }
  const GradientRows<T> dz{pass.dz, batch.total, stride, Cell::slots * PANEL<T>, PANEL<T>};
  const Weights<T> &out = args.gradient;
  outer<T>(team, space, dz, H, Cell::slots,
           {OuterProduct<T>{x_rows, I, Cell::x_first, Cell::gates, Cell::x_gates, out.weight_ih, out.bias_ih},
            OuterProduct<T>{h_rows, H, Cell::h_first, Cell::gates, Cell::h_gates, out.weight_hh, out.bias_hh}});
  if (args.dx.data) {
    input_gradient<T, Cell>(team, space, args, dz, dx_rows);
    clear_padding(batch, args.steps, args.dx, I, 0, batch.rows);
  }
}

} // namespace recurra::RECURRA_VARIANT
