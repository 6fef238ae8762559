// A variant's functions of rows, in both precisions.
#include "masks.hpp"
#include "rowwise.hpp"

namespace recurra::RECURRA_VARIANT {

extern const RowKernels<float> FLOAT_ROWS;
extern const RowKernels<double> DOUBLE_ROWS;
constinit const RowKernels<float> FLOAT_ROWS = {log_softmax<float>, additive<float>, highest<float>, tanh_of<float>, draw_mask<float>};
constinit const RowKernels<double> DOUBLE_ROWS = {log_softmax<double>, additive<double>, highest<double>, tanh_of<double>, draw_mask<double>};

} // namespace recurra::RECURRA_VARIANT
