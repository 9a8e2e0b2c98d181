#include "session.hpp"

#include <utility>

namespace dropwise::distributed {

Session::Session(std::unique_ptr<Mpi> mpi, Clock::duration timeout)
    : state_(std::make_shared<State>(std::move(mpi))), timeout_(timeout), thread_(serve, state_) {}

Session::~Session() {
  bool isInside = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->isStopped = true;
    isInside = state_->isInside;
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
  const auto run = [state, work = std::move(work), timeout = timeout_] {
    Waiting waiting(*state->mpi, state->isStopped, timeout);
    waiting.begin();
    const Outcome outcome = work(*state->mpi, waiting);
    return Ended{outcome, outcome == Outcome::kFailed || outcome == Outcome::kUnlike ? waiting.fault() : ""};
  };
  queue({run, std::move(done)});
}

void Session::initialize(Done done) {
  State* const state = state_.get();
  queue({[state] {
           const int code = state->mpi->initialize();
           return code == 0 ? Ended{} : Ended{Outcome::kFailed, state->mpi->errorText(code)};
         },
         std::move(done), true});
}

void Session::finalize(Done done) {
  State* const state = state_.get();
  queue({[state] {
           const int code = state->mpi->finalize();
           return code == 0 ? Ended{} : Ended{Outcome::kFailed, "MPI_Finalize failed"};
         },
         std::move(done), true});
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
      state->changed.wait(lock, [&] { return state->isStopped || !state->queue.empty(); });
      if (state->isStopped) return;
      task = std::move(state->queue.front());
      state->queue.pop_front();
      state->isInside = task.isInside;
    }
    const Ended ended = state->broken.outcome == Outcome::kDone ? task.run() : state->broken;
    // Ranks that do not agree have all noticed it: they may go on.
    if (ended.outcome != Outcome::kUnlike) state->broken = ended;
    {
      const std::lock_guard lock(state->mutex);
      state->isInside = false;
    }
    task.done(ended);
  }
}

}  // namespace dropwise::distributed
