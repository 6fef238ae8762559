// A variant's kernels in single precision; each precision is a file of its own, so that they compile side by side.
#include "kernels.hpp"

namespace recurra::RECURRA_VARIANT {

extern const Kernels<float> FLOAT_KERNELS;
constinit const Kernels<float> FLOAT_KERNELS = kernels<float>();

} // namespace recurra::RECURRA_VARIANT
