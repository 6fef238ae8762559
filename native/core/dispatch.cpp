// Which compiled variant runs: the best that this processor supports.
#include <cstdlib>
#include <cstring>

#include "api.hpp"

namespace recurra {

#define RECURRA_DECLARE(name)                                                                                          \
  namespace name {                                                                                                     \
  extern const Variant VARIANT;                                                                                        \
  }
#if defined(RECURRA_X86)
RECURRA_DECLARE(avx512)
RECURRA_DECLARE(avx2)
#endif
RECURRA_DECLARE(baseline)

const Variant *const *variants(int *count) {
  static const Variant *const all[] = {
#if defined(RECURRA_X86)
      &avx512::VARIANT, &avx2::VARIANT,
#endif
      &baseline::VARIANT,
  };
  *count = sizeof all / sizeof all[0];
  return all;
}

const Variant &variant() {
  static const Variant &chosen = []() -> const Variant & {
    int count;
    const Variant *const *all = variants(&count);
    const char *wanted = std::getenv("RECURRA_KERNELS");
    for (int k = 0; k < count; ++k)
      if (all[k]->supported() && (!wanted || !std::strcmp(wanted, all[k]->name)))
        return *all[k];
    return *all[count - 1];
  }();
  return chosen;
}

} // namespace recurra
