// The pool of threads: several callers at once, forked children, and the caller's floating-point settings.
#include <cmath>
#include <random>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "api.hpp"
#include "check.hpp"
#include "layer_case.hpp"
#include "parallel.hpp"

namespace {

struct Counter {
  recurra::Team *team;
  std::atomic<int> calls{0}, wrong{0};
};

void count(void *context, int) {
  auto *counter = static_cast<Counter *>(context);
  for (int round = 0; round < 1000; ++round) {
    counter->calls.fetch_add(1);
    counter->team->barrier();
    // Between two barriers every member has added exactly once more.
    if (counter->calls.load() != (round + 1) * counter->team->size())
      counter->wrong.fetch_add(1);
    counter->team->barrier();
  }
}

} // namespace

TEST(a_barrier_waits_for_every_member) {
  for (const int threads : {1, 2, 3}) {
    recurra::Team team(threads);
    Counter counter{&team};
    team.run(count, &counter);
    CHECK(counter.calls == 1000 * team.size());
    CHECK(counter.wrong == 0);
  }
}

TEST(callers_at_the_same_time_get_the_same_bits) {
  std::mt19937 random(4);
  const LayerCase<double> problem(recurra::Cell::lstm, random);
  const recurra::Kernels<double> &kernels = recurra::variant().f64;
  const std::vector<double> want = problem.forward(kernels, 1).y;
  std::vector<int> wrong(4);
  std::vector<std::thread> callers;
  for (std::size_t k = 0; k < wrong.size(); ++k)
    callers.emplace_back([&, k] {
      for (int round = 0; round < 200; ++round)
        wrong[k] += problem.forward(kernels, 2).y != want;
    });
  for (std::thread &caller : callers)
    caller.join();
  for (const int count : wrong)
    CHECK(count == 0);
}

TEST(a_forked_child_computes_with_threads_of_its_own) {
  std::mt19937 random(5);
  const LayerCase<double> problem(recurra::Cell::gru, random);
  const recurra::Kernels<double> &kernels = recurra::variant().f64;
  const std::vector<double> want = problem.forward(kernels, 2).y;
  const pid_t child = fork();
  if (child == 0)
    _exit(problem.forward(kernels, 2).y == want ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(denormals_are_zero_in_every_member) {
  for (const int threads : {1, 3}) {
    recurra::Team team(threads);
    std::atomic<int> flushed{0};
    team.run(
        [](void *context, int) {
          volatile double small = 1e-310; // as an operand
          volatile float least = 1.5e-38f; // and as a result
          *static_cast<std::atomic<int> *>(context) += small * 1e10 == 0 && least * 0.5f == 0;
        },
        &flushed);
    CHECK(flushed == team.size(), "%d of %d", flushed.load(), team.size());
  }
}

TEST(denormals_outside_the_kernels_are_left_alone) {
  std::mt19937 random(6);
  LayerCase<double>(recurra::Cell::lstm, random).forward(recurra::variant().f64, 2);
  volatile double small = 1e-310;
  CHECK(small * 0.5 > 0);
}
