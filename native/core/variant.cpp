// One vector width: its name, what it needs of the processor, and its kernels. Compiled with that variant's flags.
#include "quantized.hpp"

namespace recurra::RECURRA_VARIANT {
namespace {

bool supported() {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#elif defined(__FMA__)
  return __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

} // namespace

#define RECURRA_STRING(x) #x
#define RECURRA_NAME(x) RECURRA_STRING(x)
extern const Kernels<float> FLOAT_KERNELS;
extern const Kernels<double> DOUBLE_KERNELS;
extern const RowKernels<float> FLOAT_ROWS;
extern const RowKernels<double> DOUBLE_ROWS;
extern const Variant VARIANT;
constinit const Variant VARIANT = {RECURRA_NAME(RECURRA_VARIANT), supported, FLOAT_KERNELS, DOUBLE_KERNELS,
                                   quantized_kernels<Bfloat16>(), quantized_kernels<Int8>(), FLOAT_ROWS, DOUBLE_ROWS};

} // namespace recurra::RECURRA_VARIANT
