// The addon's face to JavaScript: what `src/load.ts` declares as `Addon`. Everything but `run` is called rarely and goes through node-addon-api; `run` is
// called for every operation and is plain Node-API, without arguments or result.
#include <napi.h>

#include <memory>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "calls.hpp"
#include "cpu.hpp"

namespace {

using dropwise::Backend;

/// A backend and what keeps its memory alive. Held by the functions that JavaScript has of it.
class Instance {
 public:
  Instance(Napi::Env env, const dropwise::KernelTable& kernels, unsigned threads, Napi::Float64Array block)
      : env_(env), block_(Napi::Persistent(block)), backend_(kernels, threads, block.Data(), block.ElementLength()) {
    // The threads must be gone before the code is unloaded, which happens when a worker that loaded it ends.
    napi_add_env_cleanup_hook(env_, stop, this);
  }
  ~Instance() { napi_remove_env_cleanup_hook(env_, stop, this); }

  Backend& backend() { return backend_; }

  /// The number of the memory and the bytes to its first cache line, or -1 when it is no plain ArrayBuffer.
  Napi::Value attach(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsArrayBuffer()) return refuse<Napi::TypeError>(env, "native: expected an ArrayBuffer to attach, got something else");
    auto buffer = info[0].As<Napi::ArrayBuffer>();
    if (buffer.IsDetached() || buffer.ByteLength() == 0) {
      return refuse<Napi::RangeError>(env, "native: expected an ArrayBuffer with memory, got an empty one");
    }
    auto* const data = static_cast<uint8_t*>(buffer.Data());
    const size_t slab = backend_.attach(data, buffer.ByteLength());
    if (slab >= buffers_.size()) buffers_.resize(slab + 1);
    buffers_[slab] = Napi::Persistent(buffer);
    adviseHugePages(data, buffer.ByteLength());
    const size_t skew = (kCacheLine - reinterpret_cast<uintptr_t>(data) % kCacheLine) % kCacheLine;
    return Napi::Number::New(env, double(slab * kCacheLine + skew));
  }

  Napi::Value detach(const Napi::CallbackInfo& info) {
    const int64_t slab = info[0].IsNumber() ? info[0].As<Napi::Number>().Int64Value() : -1;
    if (slab < 0 || !backend_.detach(size_t(slab))) return refuse<Napi::RangeError>(info.Env(), "native: expected attached memory to detach");
    // Whoever still has an array on it finds no elements there. A refusal changes nothing: then the garbage collector frees it.
    (void)napi_detach_arraybuffer(env_, buffers_[size_t(slab)].Value());
    buffers_[size_t(slab)].Reset();
    return info.Env().Undefined();
  }

  static napi_value run(napi_env env, napi_callback_info info) {
    void* self = nullptr;
    napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &self);
    const char* fault = static_cast<Instance*>(self)->backend_.run();
    if (fault != nullptr) napi_throw_range_error(env, nullptr, (std::string("native: ") + fault).c_str());
    return nullptr;
  }

 private:
  static constexpr size_t kCacheLine = 64;

  template <class Error>
  static Napi::Value refuse(Napi::Env env, const char* message) {
    Error::New(env, message).ThrowAsJavaScriptException();
    return env.Undefined();
  }

  static void stop(void* self) { static_cast<Instance*>(self)->backend_.stop(); }

  /// The first touch of fresh memory costs several times a kernel, most of it per page.
  static void adviseHugePages(uint8_t* data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr uintptr_t kHuge = uintptr_t(2) << 20;
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + kHuge - 1) / kHuge * kHuge;
    const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) / kHuge * kHuge;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // advice: a refusal changes nothing
#else
    (void)data, (void)bytes;
#endif
  }

  const napi_env env_;
  Napi::Reference<Napi::Float64Array> block_;
  std::vector<Napi::Reference<Napi::ArrayBuffer>> buffers_;
  Backend backend_;
};

/// open(block, threads, isa): a backend's functions. `isa` is one of `isas`.
Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool sound = info.Length() == 3 && info[0].IsTypedArray() && info[0].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array &&
                     info[1].IsNumber() && info[2].IsString();
  if (!sound) {
    Napi::TypeError::New(env, "native: expected open(Float64Array, number, string)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const std::string isa = info[2].As<Napi::String>();
  const dropwise::KernelTable* kernels = nullptr;
  for (const auto* table : dropwise::availableKernels()) {
    if (isa == table->isa) kernels = table;
  }
  const double threads = info[1].As<Napi::Number>().DoubleValue();
  if (kernels == nullptr || !(threads >= 1 && threads <= 1024)) {
    Napi::RangeError::New(env, "native: expected an instruction set that runs here and 1 to 1024 threads").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  auto instance = std::make_shared<Instance>(env, *kernels, unsigned(threads), info[0].As<Napi::Float64Array>());
  Napi::Object functions = Napi::Object::New(env);
  napi_value run = nullptr;
  if (napi_create_function(env, "run", NAPI_AUTO_LENGTH, Instance::run, instance.get(), &run) != napi_ok) return env.Undefined();
  Napi::Function runFunction(env, run);
  auto* const held = new std::shared_ptr<Instance>(instance);
  runFunction.AddFinalizer([](Napi::Env, std::shared_ptr<Instance>* p) { delete p; }, held);
  functions.Set("run", runFunction);
  functions.Set("attach", Napi::Function::New(env, [instance](const Napi::CallbackInfo& i) { return instance->attach(i); }, "attach"));
  functions.Set("detach", Napi::Function::New(env, [instance](const Napi::CallbackInfo& i) { return instance->detach(i); }, "detach"));
  functions.Set("stop", Napi::Function::New(env, [instance](const Napi::CallbackInfo&) { instance->backend().stop(); }, "stop"));
  return functions;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const auto tables = dropwise::availableKernels();
  Napi::Array isas = Napi::Array::New(env, tables.size());
  for (uint32_t i = 0; i < tables.size(); i++) isas.Set(i, tables[i]->isa);
  exports.Set("version", DROPWISE_VERSION);
  exports.Set("isas", isas);
  exports.Set("open", Napi::Function::New(env, open, "open"));
  return exports;
}

}  // namespace

NODE_API_MODULE(dropwise_native, init)
