// A variant's kernels in double precision; each precision is a file of its own, so that they compile side by side.
#include "kernels.hpp"

namespace recurra::RECURRA_VARIANT {

extern const Kernels<double> DOUBLE_KERNELS;
constinit const Kernels<double> DOUBLE_KERNELS = kernels<double>();

} // namespace recurra::RECURRA_VARIANT
