// One row at one step, for the layers with options: what their gate maths reads and writes.
//
// Such a layer computes the input's and the state's products of a row apart (zx and zh, gate after gate in PyTorch's order),
// may normalise them, and then runs the cell's row maths over whole rows. Rows are padded to whole panels; what lies past H is
// zero in every pre-activation, so it stays zero.
//
// A RowCell has its gate count and a few facts: `keeps_gates` and `keeps_extra`, on the tape; `has_c`; `plain`, whether it also has
// a fused pass (its Packing); `two_products`, whether the last gate's product starts from what the others gave; `same_gradients`,
// whether those of zx and zh are the same. One with c has its maths in two parts, since c may be normalised between them.
#pragma once

#include "activations.hpp"
#include "layer_norm.hpp"

namespace recurra::RECURRA_VARIANT {

// Where the parts of one row's tape lie, in values.
struct RowTape {
  std::int64_t gates = 0, c = 0, extra = 0, norm_x = 0, norm_h = 0, norm_c = 0, scales = 0, size = 0;
};

// Places of the four scales (1 / deviation) on the tape.
enum Scale { SCALE_X, SCALE_H, SCALE_N, SCALE_C };

template <class T, class RowCell> RowTape row_tape(LayerShape shape) {
  const std::int64_t width = blocks_of<T>(shape.hidden) * PANEL<T>;
  RowTape tape;
  const auto part = [&](std::int64_t count) {
    const std::int64_t at = tape.size;
    tape.size += count;
    return at;
  };
  tape.gates = part(RowCell::keeps_gates ? RowCell::gates * width : 0);
  tape.c = part(RowCell::has_c ? width : 0);
  tape.extra = part(RowCell::keeps_extra(shape) ? width : 0);
  if (shape.layer_norm) {
    tape.norm_x = part(RowCell::gates * width);
    tape.norm_h = part(RowCell::gates * width);
    tape.norm_c = part(RowCell::has_c ? width : 0);
    tape.scales = part(PANEL<T>);
  }
  return tape;
}

template <class T> struct Row {
  const LayerShape *shape;
  const RowTape *parts;
  std::int64_t width;    // H rounded up to whole panels
  const T *peephole;     // [3][width]
  const T *c_gain, *c_bias; // [width]
  T *zx, *zh;            // [gates][width]: pre-activations, complete with biases
  const T *h_before;     // [R padded]
  const T *h_masked;     // [R padded]: h' as it enters the recurrent product
  T *c;                  // [width]: c' in, c out
  T *tape;               // [parts.size]; in inference scratch of that size
  T *m;                  // [width]: out, the cell's output before projection and zoneout
  const T *keep_c;       // [H] or null
  T zoneout;
};

// What the backward of one row reads and writes besides.
template <class T> struct RowGradient {
  const T *dm;           // [width]: gradient of m
  T *carry_h;            // [R padded]: what reaches h' past the products is added
  T *carry_c;            // [width]: gradient of c in, of c' out
  const T *mask;         // [R padded]: the recurrent mask, or null
  T *dzx, *dzh;          // [gates][width]: out, gradients of zx and zh
  T *d_peephole;         // [3][width]: added to
  T *d_c_gain, *d_c_bias; // [width]: added to
  T *dc, *c_new;         // [width]: scratch of a cell with c
};

// The share of the old state that stays, for lanes from `unit` on.
template <class T>
RECURRA_INLINE Vec<T> kept_share(const T *mask, T otherwise, std::int64_t unit, std::int64_t units) {
  return mask ? load_first<T>(mask + unit, units - unit) : splat<T>(otherwise);
}

// keep * before + (1 - keep) * after.
template <class T> RECURRA_INLINE Vec<T> mix(Vec<T> keep, Vec<T> before, Vec<T> after) {
  return fma(keep, before - after, after);
}

} // namespace recurra::RECURRA_VARIANT
