// The least that a test needs: named cases that register themselves, and checks that count failures and say where.
#pragma once

#include <cstdio>
#include <vector>

struct Case {
  const char *name;
  void (*run)();
};

inline std::vector<Case> &cases() {
  static std::vector<Case> all;
  return all;
}

inline int failures = 0;

#define TEST(name)                                                                                                     \
  static void name();                                                                                                  \
  static const bool name##_registered = (cases().push_back({#name, name}), true);                                      \
  static void name()

#define CHECK(condition, ...)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      ++failures;                                                                                                      \
      std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                              \
      __VA_OPT__(std::printf("    " __VA_ARGS__); std::printf("\n");)                                                  \
    }                                                                                                                  \
  } while (false)
