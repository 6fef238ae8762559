// A small pool of threads of its own: the core cannot share the one that PyTorch bundles.
//
// One caller at a time gets the workers; a second caller (another Python thread, or a forked child before its pool exists) is
// given a team of one and computes alone, with the same result. Idle workers sleep. Denormals are flushed inside a team's work
// and only there.
#pragma once

#include <atomic>

namespace recurra {

class Team {
public:
  // Asks for `threads` (at least 1) threads, the caller included; size() says how many there are.
  explicit Team(int threads);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  int size() const { return size_; }

  // Calls work(context, id) once for every id in [0, size()), all at the same time, and waits for the last.
  void run(void (*work)(void *context, int id), void *context);

  // Waits inside `work` until every member of the team is there.
  void barrier();

private:
  int size_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> generation_{0};
};

} // namespace recurra
