// The threads of one kernel call.
//
// Where the process has an OpenMP runtime in its global scope, as PyTorch puts one there, its threads do the work: they are the
// ones that spin between two of PyTorch's operators, and threads of our own would wait for the cores they hold. Elsewhere, and
// in a forked child, where an OpenMP runtime does not work, a small pool of our own does it.
//
// One caller at a time gets threads; a second one (another Python thread) is given a team of one and computes alone, with the
// same result. Idle workers sleep. Denormals are flushed inside a team's work and only there.
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
  bool owner_; // of the right to use threads
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> generation_{0};
};

} // namespace recurra
