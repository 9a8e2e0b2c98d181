// The thread that is this process's rank: it initialises MPI, makes all calls, one after the other in the order in which they were asked for, and ends MPI.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "call.hpp"

namespace dropwise::distributed {

/// How a task ended; `fault` says what MPI said of it.
struct Ended {
  Outcome outcome = Outcome::kDone;
  std::string fault;
};

class Session {
 public:
  using Work = std::function<Outcome(Mpi&, Waiting&)>;
  using Done = std::function<void(const Ended&)>;

  /// `isCrowded`: whether this machine has more ranks than cores.
  Session(std::unique_ptr<Mpi> mpi, Clock::duration timeout, bool isCrowded);
  /// Waits for the thread, if it will come to its end; else lets it be.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Mpi& mpi() const { return *state_->mpi; }

  /// Queues a call. `done` is called on the thread when it has ended, or has failed since one before it did.
  void post(Work work, Done done);
  /// Queues the beginning of MPI, and its end.
  void initialize(Done done);
  void finalize(Done done);

 private:
  struct Task {
    std::function<Ended()> run;
    Done done;
  };
  /// Shared with the thread, which may have to outlive this.
  struct State {
    explicit State(std::unique_ptr<Mpi> library) : mpi(std::move(library)) {}
    std::unique_ptr<Mpi> mpi;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> queue;
    Gate gate;
    /// The first failure; nothing is called after it.
    Ended broken;
  };

  void queue(Task task);
  /// Queues a call that returns when it has ended.
  void queueInside(int (Mpi::*call)(), std::string (*faultOf)(const Mpi&, int), Done done);
  static void serve(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;
  const Clock::duration timeout_;
  const bool isCrowded_;
  std::thread thread_;
};

}  // namespace dropwise::distributed
