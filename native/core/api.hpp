// What the core offers: one direction of one recurrent layer over a batch, in single and double precision.
//
// Letters: N rows, T steps, I input size, H hidden size, R size of h (H, or the projection), G gates. Time-major throughout. Pointers name their shape; rows of H or
// I values are contiguous. Unless said, pointers may not be null, may not alias one another and need no alignment. Nothing here
// checks its arguments; the bindings do.
#pragma once

#include <cstdint>

namespace recurra {

enum class Cell { elman_tanh, elman_relu, lstm, gru, gru_reset_before, min_gru, min_lstm };

struct LayerShape {
  Cell cell;
  std::int64_t input;          // I, at least 1
  std::int64_t hidden;         // H, at least 1
  std::int64_t projection = 0; // LSTM: h = W_hr m has this size, below H; 0: no projection
  bool peephole = false;       // LSTM
  bool layer_norm = false;

  [[gnu::always_inline]] std::int64_t output() const { return projection ? projection : hidden; } // R
};

// Weights, or their gradients, in PyTorch's layout and gate order. T is const where they are only read.
template <class T> struct Weights {
  T *weight_ih; // [G * H, I]
  T *weight_hh; // [G * H, R]; null for the cells whose gates do not see h'
  T *bias_ih;   // [G * H]; null for none
  T *bias_hh;   // [G * H]; null for none
  T *weight_hr = nullptr;                                                      // [R, H]: projection
  T *weight_ci = nullptr, *weight_cf = nullptr, *weight_co = nullptr;          // [H] each: peephole
  T *ln_ih_weight = nullptr, *ln_hh_weight = nullptr;                          // [G * H] each: layer normalisation
  T *ln_c_weight = nullptr, *ln_c_bias = nullptr;                              // [H] each: its part for an LSTM's c
};

// A [T, N, .] array whose last axis is contiguous; strides count values.
template <class T> struct Steps {
  T *data;
  std::int64_t step_stride;
  std::int64_t row_stride;
};

// Masks and probabilities that act on the state. All null and 0: none.
template <class T> struct Noise {
  const T *recurrent = nullptr;         // [N, R]: multiplies the h' that enters W_hh, all steps of a sequence alike
  Steps<const T> keep_h{}, keep_c{};    // [T, N, R], [T, N, H]: how much of the old state stays (zoneout); data null: see zoneout
  T zoneout = 0;                        // how much of h and c stays wherever keep_h and keep_c are null: its expectation

  [[gnu::always_inline]] bool any() const { return recurrent || keep_h.data || keep_c.data || zoneout != 0; }
};

template <class T> struct ForwardArgs {
  LayerShape shape;
  const T *packed;                // from pack()
  std::int64_t steps, rows;       // T, N
  const std::int64_t *lengths;    // [N], each in [0, T]; null: every row has T steps
  bool reverse;                   // each row from its own last step to its first
  Steps<const T> x;               // [T, N, I]
  const T *h0;                    // [N, R]
  const T *c0;                    // [N, H]; null unless the cell has c
  Steps<T> y;                     // [T, N, R]: every step is written, zeros past a row's length
  T *h_n;                         // [N, R]: state after each row's last step; h0 for length 0
  T *c_n;                         // [N, H]; null unless the cell has c
  T *tape;                        // [T * N * tape_per_step()]: what backward needs; null for inference
  int threads;                    // at least 1
  Noise<T> noise = {};
  const T *const *starts = nullptr; // [N], of a single step: what project() wrote for each row's inputs before x; null: none
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
  Steps<const T> dy;              // [T, N, R]: gradient of y; what lies past a row's length is not read
  const T *dh_n, *dc_n;           // [N, R], [N, H]: gradients of the final states (dc_n null unless the cell has c)
  Steps<T> dx;                    // [T, N, I]; data null: not wanted
  T *dh0, *dc0;                   // [N, R], [N, H]; dc0 null unless the cell has c
  Weights<T> gradient;            // of the weights; written, not added to; null biases are left out
  int threads;
  Noise<T> noise = {};            // as given to forward
};

template <class T> struct StepArgs {
  LayerShape shape;
  const T *packed;
  const T *x;  // [I]
  const T *h;  // [R]
  const T *c;  // [H]; null unless the cell has c
  T *h_new;    // [R]
  T *c_new;    // [H]; null unless the cell has c
  T zoneout = 0;
  const T *start = nullptr; // a row that project() wrote for x, which is then not read; null: none
  std::int64_t turn = 0;    // steps that go to and fro find the weights that the one before read last in the caches: no bit differs
};

template <class T> struct ProjectArgs {
  LayerShape shape; // one whose start_size() is not 0
  const T *packed;
  std::int64_t rows;
  const T *x; // [rows, I]
  T *start;   // [rows, start_size()]; aligned to 64 it is read fastest
};

template <class T> struct LinearArgs {
  const T *packed;          // from pack_linear()
  std::int64_t inputs, outputs, rows;
  const T *x;               // [rows, inputs]
  T *y;                     // [rows, outputs]
  int threads;
};

template <class T> struct LogSoftmaxArgs {
  std::int64_t rows, count; // count at least 1
  const T *x;               // [rows, count]
  T *y;                     // [rows, count]
};

template <class T> struct AdditiveArgs {
  std::int64_t queries, keys, size, width; // at least one key
  const T *query;  // [queries, size]
  const T *key;    // [keys, size]
  const T *v;      // [size]
  const T *values; // [keys, width]
  T *context;      // [queries, width]
  T *weights;      // [queries, keys]
};

template <class T> struct HighestArgs {
  std::int64_t rows, count, most; // count and most at least 1
  const T *x;                     // [rows, count]; not NaN
  const double *totals;           // [rows]; finite: added to a row's values
  const std::int64_t *groups;     // [rows], ascending
  std::int64_t *row, *column;     // [rows * the smaller of most and count] each; those of what is found are written
  double *sum;                    // the same
};

template <class T> struct MaskArgs {
  std::uint64_t key;
  std::uint32_t below; // 2^32 times the probability of `value`
  T value;             // the others are 0
  std::int64_t count;
  T *mask; // [count]
};

struct QuantizedStepArgs {
  LayerShape shape;   // a plain Elman, LSTM or GRU (reset after); sizes at most MOST_QUANTIZED
  const void *packed; // from pack()
  const float *x;     // [I]
  const float *h;     // [H]
  const float *c;     // [H]; null unless the cell has c
  float *h_new;       // [H]; apart from x, h and c
  float *c_new;       // [H]; null unless the cell has c
};

// Up to here sums of products of bytes fit into 32 bits.
constexpr std::int64_t MOST_QUANTIZED = 65536;

// One row, one step, with weights that are rounded to fewer bits when they are packed.
struct QuantizedKernels {
  std::int64_t (*packed_size)(LayerShape);                               // words of 4 bytes that pack() writes
  void (*pack)(LayerShape, const Weights<const float> &, void *packed);  // packed: aligned to 64
  void (*step)(const QuantizedStepArgs &);
};

// One implementation a vector width. Every member works on one precision.
template <class T> struct Kernels {
  std::int64_t (*packed_size)(LayerShape);             // values that pack() writes
  std::int64_t (*tape_per_step)(LayerShape, bool noise); // values of tape a step and row, with noise or without
  void (*pack)(LayerShape, const Weights<const T> &, T *packed, int threads); // packed: aligned to 64
  void (*forward)(const ForwardArgs<T> &);
  void (*backward)(const BackwardArgs<T> &);
  void (*step)(const StepArgs<T> &); // same bits as forward over one step
  std::int64_t (*start_size)(LayerShape); // values that project() writes a row; 0 where step() can't begin with them
  void (*project)(const ProjectArgs<T> &); // what a step with zoneout 0 begins with in place of x, for the same bits
  std::int64_t (*packed_linear_size)(std::int64_t inputs, std::int64_t outputs);
  void (*pack_linear)(std::int64_t inputs, std::int64_t outputs, const T *weight, const T *bias, T *packed);
  void (*linear)(const LinearArgs<T> &); // y = x W^T + b; one row has the same bits in any number of rows
  void (*activations)(const T *x, T *sigmoid, T *tanh, std::int64_t count);
};

// Functions of each row of a table by itself; a row has the same bits in any number of rows.
template <class T> struct RowKernels {
  void (*log_softmax)(const LogSoftmaxArgs<T> &);
  void (*additive)(const AdditiveArgs<T> &);
  std::int64_t (*highest)(const HighestArgs<T> &); // how many are found: at most `most` in a group, all above -inf
  void (*tanh)(const T *x, T *y, std::int64_t count);
  void (*mask)(const MaskArgs<T> &); // the same values whatever the variant
};

struct Variant {
  const char *name;
  bool (*supported)();
  const Kernels<float> &f32;
  const Kernels<double> &f64;
  QuantizedKernels bfloat16, int8;
  const RowKernels<float> &rows_f32;
  const RowKernels<double> &rows_f64;
};

// All variants compiled in, best first; the last one runs everywhere.
const Variant *const *variants(int *count);

// The variant in use: the best supported one, chosen once, or the one that the environment variable RECURRA_KERNELS names.
const Variant &variant();

} // namespace recurra
