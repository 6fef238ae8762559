#include "check.hpp"

int main() {
  int failed = 0;
  for (const Case &test : cases()) {
    const int before = failures;
    test.run();
    const bool passed = failures == before;
    failed += !passed;
    std::printf("%s %s\n", passed ? "ok    " : "FAILED", test.name);
  }
  std::printf("%d passed, %d failed\n", static_cast<int>(cases().size()) - failed, failed);
  return failed != 0 || cases().empty();
}
