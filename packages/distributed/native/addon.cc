// The addon's face to JavaScript: what `src/load.ts` declares as `Addon`. Arguments come from this package alone, which has checked them; here is checked what would
// otherwise reach memory that is not there.
#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "session.hpp"

namespace {

using namespace dropwise::distributed;

Napi::Value refuse(Napi::Env env, const char* message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

/// A typed array as memory; no type where MPI gets none of it.
bool bufferOf(const Napi::Value& value, Buffer& buffer) {
  if (!value.IsTypedArray()) return false;
  const auto array = value.As<Napi::TypedArray>();
  switch (array.TypedArrayType()) {
    case napi_uint8_array: buffer.type = Type::kByte; break;
    case napi_int32_array: buffer.type = Type::kInt32; break;
    case napi_float32_array: buffer.type = Type::kFloat32; break;
    case napi_float64_array: buffer.type = Type::kFloat64; break;
    default: return false;
  }
  constexpr size_t kMost = size_t(1) << 28;
  buffer.count = array.ElementLength();
  if (buffer.count > kMost) return false;
  buffer.data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return true;
}

/// A promise for the end of a call, and what must stay alive until then.
class Pending {
 public:
  Pending(Napi::Env env, std::vector<Napi::Value> kept) : deferred_(Napi::Promise::Deferred::New(env)) {
    for (const Napi::Value& value : kept) kept_.push_back(Napi::Persistent(value.As<Napi::Object>()));
    report_ = Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "dropwise", 0, 1);
  }

  Napi::Value promise() const { return deferred_.Promise(); }

  /// Called on the session's thread, once: settles the promise on JavaScript's, and ends this.
  void end(const Ended& ended) {
    const auto settle = [](Napi::Env env, Napi::Function, std::pair<Pending*, Ended>* given) {
      const std::unique_ptr<std::pair<Pending*, Ended>> owned(given);
      if (env == nullptr) return;  // the environment is going down: nothing can be said any more
      given->first->settle(env, given->second);
    };
    auto* const given = new std::pair<Pending*, Ended>(this, ended);
    const Napi::ThreadSafeFunction report = report_;  // once it is called, this may be gone
    if (report.BlockingCall(given, settle) != napi_ok) delete given;
    report.Release();
  }

 private:
  void settle(Napi::Env env, const Ended& ended) {
    const Napi::HandleScope scope(env);
    static constexpr const char* kNames[] = {"done", "late", "failed", "stopped", "unlike"};
    Napi::Object result = Napi::Object::New(env);
    result.Set("outcome", kNames[int(ended.outcome)]);
    result.Set("fault", ended.fault);
    // After a failure, a late peer may still write to what was given: it stays.
    if (ended.outcome != Outcome::kDone && ended.outcome != Outcome::kUnlike) {
      for (auto& reference : kept_) reference.SuppressDestruct();
    }
    deferred_.Resolve(result);
    delete this;
  }

  Napi::Promise::Deferred deferred_;
  std::vector<Napi::ObjectReference> kept_;
  Napi::ThreadSafeFunction report_;
};

class Group : public Napi::ObjectWrap<Group> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Group",
                       {
                           InstanceMethod<&Group::initialize>("initialize"),
                           InstanceMethod<&Group::finalize>("finalize"),
                           InstanceMethod<&Group::finalizeNow>("finalizeNow"),
                           InstanceMethod<&Group::end>("end"),
                           InstanceMethod<&Group::barrier>("barrier"),
                           InstanceMethod<&Group::allReduce>("allReduce"),
                           InstanceMethod<&Group::broadcast>("broadcast"),
                           InstanceMethod<&Group::allGather>("allGather"),
                           InstanceMethod<&Group::orderedSum>("orderedSum"),
                           InstanceAccessor<&Group::rank>("rank"),
                           InstanceAccessor<&Group::size>("size"),
                           InstanceAccessor<&Group::version>("version"),
                       });
  }

  /// new Group(library, timeoutMs, isCrowded): opens the library; throws where it is none.
  explicit Group(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Group>(info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsString() || !info[1].IsNumber() || !info[2].IsBoolean()) {
      refuse(env, "distributed: expected new Group(string, number, boolean)");
      return;
    }
    // MPI begins once in a process, and ends once.
    static std::atomic<bool> isTaken{false};
    if (isTaken.exchange(true)) {
      Napi::Error::New(env, "this process has joined a group already").ThrowAsJavaScriptException();
      return;
    }
    std::string fault;
    auto mpi = openMpi(info[0].As<Napi::String>(), fault);
    if (mpi == nullptr) {
      isTaken = false;
      Napi::Error::New(env, fault).ThrowAsJavaScriptException();
      return;
    }
    const auto timeout = std::chrono::milliseconds(info[1].As<Napi::Number>().Int64Value());
    session_ = std::make_unique<Session>(std::move(mpi), timeout, info[2].As<Napi::Boolean>().Value());
    // The thread must be gone before the code is unloaded.
    napi_add_env_cleanup_hook(env, stop, this);
  }

  ~Group() override {
    if (session_ != nullptr) napi_remove_env_cleanup_hook(Env(), stop, this);
  }

 private:
  static void stop(void* self) { static_cast<Group*>(self)->session_.reset(); }

  Napi::Value initialize(const Napi::CallbackInfo& info) {
    return queue(info.Env(), {}, [this](Session::Done done) { session_->initialize(std::move(done)); });
  }

  Napi::Value finalize(const Napi::CallbackInfo& info) {
    return queue(info.Env(), {}, [this](Session::Done done) { session_->finalize(std::move(done)); });
  }

  /// finalizeNow(ms): waits for all to come, and for MPI's end, here, at the end of the process; whether it came.
  Napi::Value finalizeNow(const Napi::CallbackInfo& info) {
    if (session_ == nullptr) return Napi::Boolean::New(info.Env(), false);
    struct Gate {
      std::mutex mutex;
      std::condition_variable changed;
      bool isOpen = false, isDone = false;
    };
    const auto gate = std::make_shared<Gate>();
    session_->post([](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::barrier(mpi, waiting); }, [](const Ended&) {});
    session_->finalize([gate](const Ended& ended) {
      const std::lock_guard lock(gate->mutex);
      gate->isOpen = true;
      gate->isDone = ended.outcome == Outcome::kDone;
      gate->changed.notify_one();
    });
    std::unique_lock lock(gate->mutex);
    gate->changed.wait_for(lock, std::chrono::milliseconds(info[0].ToNumber().Int64Value()), [&] { return gate->isOpen; });
    return Napi::Boolean::New(info.Env(), gate->isDone);
  }

  /// Ends the thread.
  Napi::Value end(const Napi::CallbackInfo& info) {
    if (session_ != nullptr) {
      napi_remove_env_cleanup_hook(Env(), stop, this);
      session_.reset();
    }
    return info.Env().Undefined();
  }

  Napi::Value barrier(const Napi::CallbackInfo& info) {
    return post(info.Env(), {}, [](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::barrier(mpi, waiting); });
  }

  /// allReduce(array, reduction): 0 sum, 1 max, 2 min.
  Napi::Value allReduce(const Napi::CallbackInfo& info) {
    Buffer buffer;
    const int reduction = info[1].IsNumber() ? info[1].As<Napi::Number>().Int32Value() : -1;
    if (!bufferOf(info[0], buffer) || reduction < 0 || reduction >= kReductions) return refuse(info.Env(), "distributed: allReduce(array, 0 to 2)");
    return post(info.Env(), {info[0]},
                [=](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::allReduce(mpi, waiting, buffer, Reduction(reduction)); });
  }

  /// broadcast(array, root)
  Napi::Value broadcast(const Napi::CallbackInfo& info) {
    Buffer buffer;
    const int root = info[1].IsNumber() ? info[1].As<Napi::Number>().Int32Value() : -1;
    if (!bufferOf(info[0], buffer) || !isRank(root)) return refuse(info.Env(), "distributed: broadcast(array, rank)");
    return post(info.Env(), {info[0]},
                [=](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::broadcast(mpi, waiting, buffer, root); });
  }

  /// allGather(array, counts): every rank's part, in the order of ranks; this one's is in its place already.
  Napi::Value allGather(const Napi::CallbackInfo& info) {
    Buffer buffer, lengths;
    const char* const usage = "distributed: allGather(array, Int32Array of each rank's length)";
    if (!bufferOf(info[0], buffer) || !bufferOf(info[1], lengths) || lengths.type != Type::kInt32 || lengths.count != size_t(sizeNow()))
      return refuse(info.Env(), usage);
    const auto* const first = static_cast<const int*>(lengths.data);
    const std::vector<int> counts(first, first + lengths.count);
    size_t all = 0;
    for (const int count : counts) {
      if (count < 0) return refuse(info.Env(), usage);
      all += size_t(count);
    }
    if (all != buffer.count) return refuse(info.Env(), usage);
    return post(info.Env(), {info[0]},
                [=](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::allGather(mpi, waiting, buffer, counts); });
  }

  /// orderedSum(parts, result, nodes): `nodes` is an Int32Array of, for each rank, how many it has, and their levels and indices.
  Napi::Value orderedSum(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const char* const usage = "distributed: orderedSum(arrays, array, Int32Array of nodes)";
    OrderedSum sum;
    Buffer nodes;
    if (!info[0].IsArray() || !bufferOf(info[1], sum.result) || !bufferOf(info[2], nodes) || nodes.type != Type::kInt32) return refuse(env, usage);
    if (sum.result.type != Type::kFloat32 && sum.result.type != Type::kFloat64) return refuse(env, usage);
    std::vector<Napi::Value> kept{info[1]};
    const auto parts = info[0].As<Napi::Array>();
    for (uint32_t i = 0; i < parts.Length(); i++) {
      Buffer part;
      const Napi::Value value = parts[i];
      if (!bufferOf(value, part) || part.type != sum.result.type || part.count != sum.result.count) return refuse(env, usage);
      sum.parts.push_back(part.data);
      kept.push_back(value);
    }
    const auto* const list = static_cast<const int*>(nodes.data);
    size_t at = 0;
    size_t all = 0;
    for (int rank = 0; rank < sizeNow(); rank++) {
      const int count = at < nodes.count ? list[at++] : -1;
      if (count < 0 || at + 2 * size_t(count) > nodes.count) return refuse(env, usage);
      std::vector<Node> own;
      for (int i = 0; i < count; i++, at += 2) own.push_back({list[at], list[at + 1]});
      all += own.size();
      sum.nodes.push_back(std::move(own));
    }
    // What is asked of MPI counts in ints.
    const bool isSound = all > 0 && sum.parts.size() == sum.nodes[size_t(rankNow())].size() && all * (sum.result.count / size_t(sizeNow()) + 1) < (size_t(1) << 31);
    if (!isSound) return refuse(env, usage);
    return post(env, std::move(kept), [sum = std::move(sum)](Mpi& mpi, Waiting& waiting) { return dropwise::distributed::orderedSum(mpi, waiting, sum); });
  }

  Napi::Value rank(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), rankNow()); }
  Napi::Value size(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), sizeNow()); }
  Napi::Value version(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), session_ == nullptr ? "" : session_->mpi().version());
  }

  int rankNow() const { return session_ == nullptr ? 0 : session_->mpi().rank(); }
  int sizeNow() const { return session_ == nullptr ? 1 : session_->mpi().size(); }
  bool isRank(int rank) const { return rank >= 0 && rank < sizeNow(); }

  Napi::Value post(Napi::Env env, std::vector<Napi::Value> kept, Session::Work work) {
    return queue(env, std::move(kept), [&](Session::Done done) { session_->post(std::move(work), std::move(done)); });
  }

  template <class Queue>
  Napi::Value queue(Napi::Env env, std::vector<Napi::Value> kept, Queue queue) {
    if (session_ == nullptr) return refuse(env, "distributed: the group has ended");
    auto* const pending = new Pending(env, std::move(kept));
    const Napi::Value promise = pending->promise();
    queue([pending](const Ended& ended) { pending->end(ended); });
    return promise;
  }

  std::unique_ptr<Session> session_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("version", DROPWISE_VERSION);
  exports.Set("Group", Group::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)
