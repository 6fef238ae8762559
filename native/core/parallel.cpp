#include "parallel.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <pthread.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace recurra {
namespace {

// Numbers too small to be normal cost a hundred cycles each on some processors and carry nothing a network could use.
class FlushDenormals {
public:
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | (1ull << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

private:
  unsigned long long before_;
#endif
};

void relax() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Polls for some microseconds, the usual distance between two pieces of work, then gives the core away.
template <class F> void spin_until(F &&done) {
  for (int k = 0; k < 4000; ++k) {
    if (done())
      return;
    relax();
  }
  while (!done())
    std::this_thread::yield();
}

class Pool {
public:
  // The pool of this process: made on first use, made anew in a forked child (whose copies of the threads do not exist), never
  // destroyed, since workers may outlive static destructors.
  static Pool &get() {
    static std::once_flag registered;
    std::call_once(registered, [] { pthread_atfork(nullptr, nullptr, [] { current.store(nullptr); }); });
    Pool *pool = current.load();
    if (!pool) {
      auto *fresh = new Pool;
      if (current.compare_exchange_strong(pool, fresh))
        pool = fresh;
      else
        delete fresh;
    }
    return *pool;
  }

  // The right to use threads, until release().
  bool acquire() { return owner_.try_lock(); }
  void release() { owner_.unlock(); }

  // How many of the wanted workers there are; the caller has the right to use them.
  int workers(int wanted) {
    try {
      while (static_cast<int>(workers_.size()) < wanted) {
        const int id = static_cast<int>(workers_.size()) + 1;
        workers_.emplace_back([this, id] { serve(id); }).detach();
      }
    } catch (...) { // no more threads to be had: work with those there are
    }
    return std::min(wanted, static_cast<int>(workers_.size()));
  }

  void start(int helpers, void (*work)(void *, int), void *context) {
    work_ = work;
    context_ = context;
    pending_.store(helpers);
    {
      std::lock_guard lock(mutex_);
      helpers_ = helpers;
      ++round_;
      visible_round_.store(round_);
    }
    wake_.notify_all();
  }

  void finish() {
    spin_until([this] { return pending_.load() == 0; });
  }

private:
  void serve(int id) {
    unsigned long seen = 0;
    for (;;) {
      for (int k = 0; k < 4000 && visible_round_.load() == seen; ++k)
        relax();
      bool mine;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        mine = id <= helpers_;
      }
      if (mine) {
        FlushDenormals flush;
        work_(context_, id);
        pending_.fetch_sub(1);
      }
    }
  }

  static std::atomic<Pool *> current;
  std::mutex owner_, mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  unsigned long round_ = 0;
  std::atomic<unsigned long> visible_round_{0};
  int helpers_ = 0;
  std::atomic<int> pending_{0};
  void (*work_)(void *, int) = nullptr;
  void *context_ = nullptr;
};

std::atomic<Pool *> Pool::current{nullptr};

// GNU's OpenMP runtime, by the functions that its compiler calls and that its ABI keeps stable.
struct OpenMP {
  void (*parallel)(void (*)(void *), void *, unsigned threads, unsigned flags) = nullptr;
  int (*thread)() = nullptr;
  int (*threads)() = nullptr;

  // The one of this process, or null: it may come at any time, with PyTorch, and is gone in a forked child.
  static const OpenMP *find() {
    static std::atomic<bool> forked{false};
    static std::once_flag registered;
    std::call_once(registered, [] { pthread_atfork(nullptr, nullptr, [] { forked.store(true); }); });
    static OpenMP known;
    static std::atomic<bool> found{false};
    if (forked.load())
      return nullptr;
    if (!found.load()) {
      static std::mutex once;
      std::lock_guard lock(once);
      known.parallel = reinterpret_cast<decltype(known.parallel)>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
      known.thread = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
      known.threads = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
      if (!known.parallel || !known.thread || !known.threads)
        return nullptr;
      found.store(true);
    }
    return &known;
  }
};

} // namespace

Team::Team(int threads) : size_(1), owner_(threads > 1 && Pool::get().acquire()) {
  if (owner_)
    size_ = OpenMP::find() ? threads : 1 + Pool::get().workers(threads - 1);
}

Team::~Team() {
  if (owner_)
    Pool::get().release();
}

void Team::run(void (*work)(void *, int), void *context) {
  FlushDenormals flush;
  if (size_ == 1)
    return work(context, 0);
  if (const OpenMP *openmp = OpenMP::find()) {
    struct Region {
      const OpenMP *openmp;
      void (*work)(void *, int);
      void *context;
      int size;
      std::atomic<bool> short_of_threads;
    } region{openmp, work, context, size_, false};
    openmp->parallel(
        [](void *data) {
          auto &own = *static_cast<Region *>(data);
          if (own.openmp->threads() < own.size) {
            own.short_of_threads.store(true);
            return;
          }
          FlushDenormals here;
          own.work(own.context, own.openmp->thread());
        },
        &region, static_cast<unsigned>(size_), 0);
    if (region.short_of_threads.load()) { // a limit of the user's, or a call from within a parallel region
      size_ = 1;
      work(context, 0);
    }
    return;
  }
  Pool &pool = Pool::get();
  pool.start(size_ - 1, work, context);
  work(context, 0);
  pool.finish();
}

void Team::barrier() {
  if (size_ == 1)
    return;
  const unsigned generation = generation_.load();
  if (arrived_.fetch_add(1) + 1 == size_) {
    arrived_.store(0);
    generation_.fetch_add(1);
  } else {
    spin_until([&] { return generation_.load() != generation; });
  }
}

} // namespace recurra
