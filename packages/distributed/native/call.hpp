// One collective call, and how its end is waited for.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "mpi.hpp"
#include "ordered-sum.hpp"

namespace dropwise::distributed {

using Clock = std::chrono::steady_clock;

/// `kUnlike`: the ranks do not make the same call. All of them notice, and nothing was sent.
enum class Outcome { kDone, kLate, kFailed, kStopped, kUnlike };

/// What must be the same on all ranks; MPI itself would write past the end of a shorter array.
enum class Kind { kBarrier, kAllReduce, kBroadcast, kAllGather, kOrderedSum };
struct Header {
  Kind kind = Kind::kBarrier;
  Type type = Type::kByte;
  int count = 0;
  /// The root, or the reduction, or how many parts there are.
  int detail = 0;
};

/// Whether the thread is where it cannot be called back from: in a call of MPI's that returns when it has ended. Whoever wants the thread to stop asks here.
class Gate {
 public:
  /// False when it is to stop.
  bool enter() {
    const std::lock_guard lock(mutex_);
    isInside_ = !isStopped_;
    return isInside_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    isInside_ = false;
  }
  /// Closes it. True when the thread is inside, and perhaps for ever.
  bool stop() {
    const std::lock_guard lock(mutex_);
    isStopped_ = true;
    return isInside_;
  }
  bool isStopped() const {
    const std::lock_guard lock(mutex_);
    return isStopped_;
  }

 private:
  mutable std::mutex mutex_;
  bool isStopped_ = false;
  bool isInside_ = false;
};

/// Waits for calls, until a deadline or until it is told to stop. MPI's own waiting keeps a core busy however long a peer takes. Here a thread that waits for peers sleeps, for
/// longer and longer; only once all are known to be there, data are sent in MPI's own way. Where a machine has more ranks than cores, those that wait like that keep the others
/// from sending: there, transfers are asked about in turn, too, and cores are handed on.
class Waiting {
 public:
  Waiting(Mpi& mpi, Gate& gate, Clock::duration timeout, bool isCrowded)
      : mpi_(mpi), gate_(gate), timeout_(timeout), isCrowded_(isCrowded) {}

  /// Begins a call: from now on, the time counts.
  void begin() { deadline_ = Clock::now() + timeout_; }

  /// Starts one of MPI's calls and waits for its end; `start` takes a request, or null for a transfer that all are ready for.
  template <class Start>
  Outcome through(Start start, bool isTransfer) {
    if (!isTransfer || isCrowded_) {
      Request request{};
      code_ = start(&request);
      return code_ == 0 ? until(request, isTransfer) : Outcome::kFailed;
    }
    if (!gate_.enter()) return Outcome::kStopped;
    code_ = start(nullptr);
    gate_.leave();
    return code_ == 0 ? Outcome::kDone : Outcome::kFailed;
  }

  /// Waits for all peers, and sees that they make the same call.
  Outcome peers(const Header& header);

  /// What was wrong, after `kFailed` and `kUnlike`.
  std::string fault() const { return code_ == 0 ? unlike_ : mpi_.errorText(code_); }

 private:
  Outcome until(Request& request, bool isTransfer);

  Mpi& mpi_;
  Gate& gate_;
  const Clock::duration timeout_;
  const bool isCrowded_;
  Clock::time_point deadline_{};
  int code_ = 0;
  std::string unlike_;
};

/// What a call works on. Memory belongs to the caller, and stays where it is until the call has ended.
struct Buffer {
  void* data = nullptr;
  size_t count = 0;
  Type type = Type::kByte;
};

Outcome barrier(Mpi& mpi, Waiting& waiting);
Outcome allReduce(Mpi& mpi, Waiting& waiting, Buffer buffer, Reduction reduction);
Outcome broadcast(Mpi& mpi, Waiting& waiting, Buffer buffer, int root);
/// Each rank's part of `counts[rank]` elements, one after the other.
Outcome allGather(Mpi& mpi, Waiting& waiting, Buffer buffer, const std::vector<int>& counts);

/// The sum of all nodes of all ranks, in `result` of every rank. `nodes` are those of each rank, in the order of ranks and of leaves; `parts` the data of this
/// rank's own. The vector is cut in as many segments as there are ranks: each rank sums one of them for all.
struct OrderedSum {
  std::vector<void*> parts;
  Buffer result;
  std::vector<std::vector<Node>> nodes;
};
Outcome orderedSum(Mpi& mpi, Waiting& waiting, const OrderedSum& sum);

}  // namespace dropwise::distributed
