#include "session.hpp"

#include <utility>

namespace dropwise::distributed {

Session::Session(std::unique_ptr<Mpi> mpi, Clock::duration timeout, bool isCrowded)
    : state_(std::make_shared<State>(std::move(mpi))), timeout_(timeout), isCrowded_(isCrowded), thread_(serve, state_) {}

Session::~Session() {
  const bool isInside = state_->gate.stop();
  {
    // Whoever is about to wait sees it, or is woken.
    const std::lock_guard lock(state_->mutex);
  }
  state_->changed.notify_one();
  if (isInside) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Session::post(Work work, Done done) {
  State* const state = state_.get();
  const auto run = [state, work = std::move(work), timeout = timeout_, isCrowded = isCrowded_] {
    Waiting waiting(*state->mpi, state->gate, timeout, isCrowded);
    waiting.begin();
    const Outcome outcome = work(*state->mpi, waiting);
    return Ended{outcome, outcome == Outcome::kFailed || outcome == Outcome::kUnlike ? waiting.fault() : ""};
  };
  queue({run, std::move(done)});
}

void Session::initialize(Done done) {
  queueInside(&Mpi::initialize, [](const Mpi& mpi, int code) { return mpi.errorText(code); }, std::move(done));
}

void Session::finalize(Done done) {
  // After its end, MPI may not be asked what a code means.
  queueInside(&Mpi::finalize, [](const Mpi&, int) { return std::string("MPI_Finalize failed"); }, std::move(done));
}

void Session::queueInside(int (Mpi::*call)(), std::string (*faultOf)(const Mpi&, int), Done done) {
  State* const state = state_.get();
  const auto run = [state, call, faultOf] {
    if (!state->gate.enter()) return Ended{Outcome::kStopped, ""};
    const int code = (state->mpi.get()->*call)();
    state->gate.leave();
    return code == 0 ? Ended{} : Ended{Outcome::kFailed, faultOf(*state->mpi, code)};
  };
  queue({run, std::move(done)});
}

void Session::queue(Task task) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.push_back(std::move(task));
  }
  state_->changed.notify_one();
}

void Session::serve(const std::shared_ptr<State>& shared) {
  const std::shared_ptr<State> state = shared;  // the thread's own: it may be the last to have it
  for (;;) {
    Task task;
    {
      std::unique_lock lock(state->mutex);
      state->changed.wait(lock, [&] { return state->gate.isStopped() || !state->queue.empty(); });
      if (state->gate.isStopped()) return;
      task = std::move(state->queue.front());
      state->queue.pop_front();
    }
    const Ended ended = state->broken.outcome == Outcome::kDone ? task.run() : state->broken;
    // Ranks that do not agree have all noticed it: they may go on.
    if (ended.outcome != Outcome::kUnlike) state->broken = ended;
    task.done(ended);
  }
}

}  // namespace dropwise::distributed
