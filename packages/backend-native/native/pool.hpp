// The threads of one backend. A backend is used by one JavaScript thread, so there is one call at a time; several backends, in one or more
// environments of the process, have threads of their own that know nothing of each other.
//
// A call is cut in chunks. Every thread, the caller's too, claims the next chunk until there is none left; the caller then waits only for
// chunks that somebody is working on. A thread that loses its core in the middle of one can still keep everybody waiting for as long as the
// whole call takes a hundred times over. So gains and losses are added up, and where calls lose more by being shared than they gained, it is made
// up for: the next ones are computed on the caller's thread alone, until what was lost is a small part of the time. Which thread computes a chunk
// does not matter to its bits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "kernel-table.hpp"

namespace dropwise {

/// Memory for floats on a cache line, or null when there is none.
struct AlignedDelete {
  void operator()(float* p) const;
};
using Scratch = std::unique_ptr<float[], AlignedDelete>;
Scratch newScratch(size_t floats);

class Pool {
 public:
  /// `threads`: the caller's and threads - 1 others, which are started by the first call that is worth it.
  Pool(unsigned threads, size_t scratchFloats) : threads_(threads), scratchFloats_(scratchFloats) {}
  ~Pool() { stop(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  unsigned threads() const { return threads_; }

  /// Runs all units in chunks of `chunk`; returns when all are done. `ns`: about what all of it takes one thread. `scratch` is the caller's own.
  void run(Kernel kernel, const void* args, size_t units, size_t chunk, double ns, float* scratch);

  /// Shares the next call whatever was lost: for tests, which want threads on a busy machine too.
  void forgetLosses() { aloneNs_ = 0; }

  /// Ends the threads. A later `run` does all the work on the caller's.
  void stop();

 private:
  void start();
  void work(float* scratch);
  /// Claims and computes chunks until none is left; how many.
  size_t claimAll(float* scratch);

  const unsigned threads_;
  const size_t scratchFloats_;
  std::vector<std::thread> workers_;
  std::vector<Scratch> scratches_;
  bool started_ = false;
  double balanceNs_ = 0;  // what sharing gained of late, less what it lost
  double aloneNs_ = 0;    // work still to be computed without the others

  // The call that is on. Read by threads that may be late, so each is atomic, and what was read counts only if the claim then succeeds.
  std::atomic<Kernel> kernel_{nullptr};
  std::atomic<const void*> args_{nullptr};
  std::atomic<size_t> units_{0}, chunk_{1}, chunks_{0};
  /// High half: the number of the call. Low half: chunks left to claim. One word, so that a late thread cannot claim a chunk of the next call.
  alignas(64) std::atomic<uint64_t> claim_{0};
  alignas(64) std::atomic<uint32_t> done_{0};

  // Sleeping.
  alignas(64) std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> ending_{false};
};

}  // namespace dropwise
