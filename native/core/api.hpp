// What the core offers: one direction of one recurrent layer over a batch, in single and double precision.
//
// Letters: N rows, T steps, I input size, H hidden size, G gates. Time-major throughout. Pointers name their shape; rows of H or
// I values are contiguous. Unless said, pointers may not be null, may not alias one another and need no alignment. Nothing here
// checks its arguments; the bindings do.
#pragma once

#include <cstdint>

namespace recurra {

enum class Cell { elman_tanh, elman_relu, lstm, gru };

struct LayerShape {
  Cell cell;
  std::int64_t input;  // I, at least 1
  std::int64_t hidden; // H, at least 1
};

// Weights, or their gradients, in PyTorch's layout and gate order. T is const where they are only read.
template <class T> struct Weights {
  T *weight_ih; // [G * H, I]
  T *weight_hh; // [G * H, H]
  T *bias_ih;   // [G * H]; null for none
  T *bias_hh;   // [G * H]; null for none
};

// A [T, N, .] array whose last axis is contiguous; strides count values.
template <class T> struct Steps {
  T *data;
  std::int64_t step_stride;
  std::int64_t row_stride;
};

template <class T> struct ForwardArgs {
  LayerShape shape;
  const T *packed;                // from pack()
  std::int64_t steps, rows;       // T, N
  const std::int64_t *lengths;    // [N], each in [0, T]; null: every row has T steps
  bool reverse;                   // each row from its own last step to its first
  Steps<const T> x;               // [T, N, I]
  const T *h0;                    // [N, H]
  const T *c0;                    // [N, H]; null unless the cell has c
  Steps<T> y;                     // [T, N, H]: every step is written, zeros past a row's length
  T *h_n;                         // [N, H]: state after each row's last step; h0 for length 0
  T *c_n;                         // [N, H]; null unless the cell has c
  T *tape;                        // [T * N * tape_per_step()]: what backward needs; null for inference
  int threads;                    // at least 1
};

template <class T> struct BackwardArgs {
  LayerShape shape;
  Weights<const T> weights;
  std::int64_t steps, rows;
  const std::int64_t *lengths;
  bool reverse;
  Steps<const T> x;               // as given to forward
  const T *h0, *c0;               // as given to forward
  Steps<const T> y;               // as forward wrote it
  const T *tape;                  // as forward wrote it
  Steps<const T> dy;              // [T, N, H]: gradient of y; what lies past a row's length is not read
  const T *dh_n, *dc_n;           // [N, H]: gradients of the final states (dc_n null unless the cell has c)
  Steps<T> dx;                    // [T, N, I]; data null: not wanted
  T *dh0, *dc0;                   // [N, H]; dc0 null unless the cell has c
  Weights<T> gradient;            // of the weights; written, not added to; null biases are left out
  int threads;
};

template <class T> struct StepArgs {
  LayerShape shape;
  const T *packed;
  const T *x;  // [I]
  const T *h;  // [H]
  const T *c;  // [H]; null unless the cell has c
  T *h_new;    // [H]
  T *c_new;    // [H]; null unless the cell has c
};

template <class T> struct LinearArgs {
  const T *packed;          // from pack_linear()
  std::int64_t inputs, outputs, rows;
  const T *x;               // [rows, inputs]
  T *y;                     // [rows, outputs]
  int threads;
};

// One implementation a vector width. Every member works on one precision.
template <class T> struct Kernels {
  std::int64_t (*packed_size)(LayerShape);             // values that pack() writes
  std::int64_t (*tape_per_step)(LayerShape);           // values of tape a step and row
  void (*pack)(LayerShape, const Weights<const T> &, T *packed); // packed: aligned to 64
  void (*forward)(const ForwardArgs<T> &);
  void (*backward)(const BackwardArgs<T> &);
  void (*step)(const StepArgs<T> &); // same bits as forward over one step
  std::int64_t (*packed_linear_size)(std::int64_t inputs, std::int64_t outputs);
  void (*pack_linear)(std::int64_t inputs, std::int64_t outputs, const T *weight, const T *bias, T *packed);
  void (*linear)(const LinearArgs<T> &); // y = x W^T + b; one row has the same bits in any number of rows
  void (*activations)(const T *x, T *sigmoid, T *tanh, std::int64_t count);
};

struct Variant {
  const char *name;
  bool (*supported)();
  Kernels<float> f32;
  Kernels<double> f64;
};

// All variants compiled in, best first; the last one runs everywhere.
const Variant *const *variants(int *count);

// The variant in use: the best supported one, chosen once, or the one that the environment variable RECURRA_KERNELS names.
const Variant &variant();

} // namespace recurra
