#include "pool.hpp"

#include <chrono>
#include <new>
#include <system_error>

#if defined(__x86_64__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace dropwise {

namespace {

constexpr std::align_val_t kCacheLine{64};

using Clock = std::chrono::steady_clock;

/// How long an idle thread looks for work before it sleeps: long enough to be there for the next kernel of a training step.
constexpr auto kSpin = std::chrono::microseconds(50);

/// Work to be computed alone for what a shared call lost: all losses together then stay below a twentieth of the time.
constexpr double kAlonePerLoss = 20;
/// The most that a loss counts for, some time slices of a busy processor: a process that was stopped for a minute learns nothing from it. And the
/// most that is put by from calls that gained, so that one bad moment changes nothing, and a processor that became busy is noticed at once.
constexpr double kMostNs = 2e7;

double nsBetween(Clock::time_point from, Clock::time_point to) { return std::chrono::duration<double, std::nano>(to - from).count(); }

void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

void AlignedDelete::operator()(float* p) const { ::operator delete(p, kCacheLine); }

Scratch newScratch(size_t floats) {
  return Scratch(static_cast<float*>(::operator new(floats * sizeof(float), kCacheLine, std::nothrow)));
}

void Pool::run(Kernel kernel, const void* args, size_t units, size_t chunk, double ns, float* scratch) {
  const size_t chunks = (units + chunk - 1) / chunk;
  if (!started_) start();
  if (workers_.empty() || chunks < 2 || chunks > UINT32_MAX / 2) return kernel(args, 0, units, scratch);
  if (aloneNs_ > 0) {
    aloneNs_ -= ns;
    return kernel(args, 0, units, scratch);
  }

  // Between calls no chunk is left to claim, so nobody acts on these until the claim word is set; it is set last.
  const uint64_t call = (claim_.load(std::memory_order_relaxed) >> 32) + 1;
  kernel_.store(kernel, std::memory_order_relaxed);
  args_.store(args, std::memory_order_relaxed);
  units_.store(units, std::memory_order_relaxed);
  chunk_.store(chunk, std::memory_order_relaxed);
  chunks_.store(chunks, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  const auto begun = Clock::now();
  claim_.store(call << 32 | chunks, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) > 0) {
    // Under the lock: a thread that is about to sleep has then either seen the call or is waiting already.
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  const auto woken = Clock::now();
  const size_t own = claimAll(scratch);
  const auto computed = Clock::now();
  for (uint32_t spins = 0; done_.load(std::memory_order_acquire) != chunks; spins++) {
    if (spins < 2000) pause();
    else std::this_thread::yield();  // whoever works on the last chunk may need this core
  }
  // What the others computed would have taken this thread as long as its own chunks did; against that stand waking them and waiting for them.
  const double saved = own == 0 ? ns : nsBetween(woken, computed) / double(own) * double(chunks - own);
  balanceNs_ += saved - nsBetween(begun, woken) - nsBetween(computed, Clock::now());
  if (balanceNs_ > kMostNs) balanceNs_ = kMostNs;
  if (balanceNs_ >= 0) return;
  aloneNs_ = kAlonePerLoss * (balanceNs_ > -kMostNs ? -balanceNs_ : kMostNs);
  balanceNs_ = 0;
}

size_t Pool::claimAll(float* scratch) {
  for (size_t claimed = 0;;) {
    uint64_t claim = claim_.load(std::memory_order_acquire);
    const uint32_t left = uint32_t(claim);
    if (left == 0) return claimed;
    const Kernel kernel = kernel_.load(std::memory_order_relaxed);
    const void* args = args_.load(std::memory_order_relaxed);
    const size_t units = units_.load(std::memory_order_relaxed);
    const size_t size = chunk_.load(std::memory_order_relaxed);
    const size_t begin = (chunks_.load(std::memory_order_relaxed) - left) * size;
    // If another call has begun, or another thread was quicker, what was read is void and the exchange fails.
    if (!claim_.compare_exchange_strong(claim, claim - 1, std::memory_order_acq_rel)) continue;
    claimed++;
    kernel(args, begin, units - begin < size ? units : begin + size, scratch);
    done_.fetch_add(1, std::memory_order_release);
  }
}

void Pool::work(float* scratch) {
  for (;;) {
    auto until = Clock::now() + kSpin;
    for (uint32_t idle = 1; !ending_.load(std::memory_order_relaxed); idle++) {
      if (claimAll(scratch) > 0) until = Clock::now() + kSpin;
      pause();
      if (idle % 64 == 0 && Clock::now() > until) break;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] { return ending_.load(std::memory_order_relaxed) || uint32_t(claim_.load(std::memory_order_seq_cst)) != 0; });
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
    if (ending_.load(std::memory_order_relaxed)) return;
  }
}

void Pool::start() {
  started_ = true;
  try {
    for (unsigned i = 1; i < threads_; i++) {
      Scratch scratch = newScratch(scratchFloats_);
      if (scratch == nullptr) return;
      workers_.reserve(threads_);
      scratches_.push_back(std::move(scratch));
      workers_.emplace_back([this, own = scratches_.back().get()] { work(own); });
    }
  } catch (const std::exception&) {
    // The system gives no more threads: those that run will do.
  }
}

void Pool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ending_.store(true, std::memory_order_relaxed);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  scratches_.clear();
  started_ = true;
}

}  // namespace dropwise
