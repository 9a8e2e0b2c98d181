#include "mpi.hpp"

#include <dlfcn.h>

#include <cstdint>

namespace dropwise::distributed {

namespace {

/// The ways in which the two kinds differ: what a handle is, and the values of constants that headers would define.
struct OpenMpi {
  using Handle = void*;
  static void* inPlace() { return reinterpret_cast<void*>(intptr_t(1)); }
  static void* ignoreStatus() { return nullptr; }
  static Handle& handleOf(Request& request) { return request.pointer; }
  static Handle find(void* library, const char* symbol, int) { return dlsym(library, symbol); }
};

/// The ABI that MPICH, Intel MPI, MVAPICH and Cray MPICH share.
struct Mpich {
  using Handle = int;
  static void* inPlace() { return reinterpret_cast<void*>(intptr_t(-1)); }
  static void* ignoreStatus() { return reinterpret_cast<void*>(intptr_t(1)); }
  static Handle& handleOf(Request& request) { return request.number; }
  static Handle find(void*, const char*, int value) { return value; }
};

template <class Abi>
class MpiOf final : public Mpi {
  using Handle = typename Abi::Handle;

 public:
  /// False where a symbol is missing; its name is in `missing`.
  bool open(void* library, std::string& missing) {
    bool isWhole = true;
    auto bind = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      if (function == nullptr) missing = name, isWhole = false;
    };
    bind(init_, "MPI_Init_thread");
    bind(finalize_, "MPI_Finalize");
    bind(commRank_, "MPI_Comm_rank");
    bind(commSize_, "MPI_Comm_size");
    bind(setErrorHandler_, "MPI_Comm_set_errhandler");
    bind(errorString_, "MPI_Error_string");
    bind(libraryVersion_, "MPI_Get_library_version");
    bind(allReduce_, "MPI_Allreduce");
    bind(broadcast_, "MPI_Bcast");
    bind(allGather_, "MPI_Allgatherv");
    bind(allToAll_, "MPI_Alltoallv");
    bind(startAllReduce_, "MPI_Iallreduce");
    bind(startBroadcast_, "MPI_Ibcast");
    bind(startAllGather_, "MPI_Iallgatherv");
    bind(startAllToAll_, "MPI_Ialltoallv");
    bind(test_, "MPI_Test");
    world_ = Abi::find(library, "ompi_mpi_comm_world", 0x44000000);
    returnErrors_ = Abi::find(library, "ompi_mpi_errors_return", 0x54000001);
    types_[0] = Abi::find(library, "ompi_mpi_byte", 0x4c00010d);
    types_[1] = Abi::find(library, "ompi_mpi_int", 0x4c000405);
    types_[2] = Abi::find(library, "ompi_mpi_float", 0x4c00040a);
    types_[3] = Abi::find(library, "ompi_mpi_double", 0x4c00080b);
    reductions_[0] = Abi::find(library, "ompi_mpi_op_sum", 0x58000003);
    reductions_[1] = Abi::find(library, "ompi_mpi_op_max", 0x58000001);
    reductions_[2] = Abi::find(library, "ompi_mpi_op_min", 0x58000002);
    return isWhole;
  }

  int initialize() override {
    int granted = 0;
    constexpr int kFunneled = 1;  // one thread makes all calls, and it is not the process's first
    if (const int code = init_(nullptr, nullptr, kFunneled, &granted)) return code;
    // Without this, an error ends the process.
    if (const int code = setErrorHandler_(world_, returnErrors_)) return code;
    if (const int code = commRank_(world_, &rank_)) return code;
    return commSize_(world_, &size_);
  }

  int finalize() override { return finalize_(); }
  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::string version() const override {
    char text[8192] = "";  // the longest that either kind has
    int length = 0;
    libraryVersion_(text, &length);
    const std::string whole(text);
    return whole.substr(0, whole.find_first_of(",\n"));
  }

  std::string errorText(int code) const override {
    char text[1024] = "";
    int length = 0;
    errorString_(code, text, &length);
    return text;
  }

  int allReduce(void* data, int count, Type type, Reduction reduction, Request* request) override {
    const Handle t = types_[int(type)], op = reductions_[int(reduction)];
    if (request == nullptr) return allReduce_(Abi::inPlace(), data, count, t, op, world_);
    return startAllReduce_(Abi::inPlace(), data, count, t, op, world_, &Abi::handleOf(*request));
  }

  int broadcast(void* data, int count, Type type, int root, Request* request) override {
    const Handle t = types_[int(type)];
    if (request == nullptr) return broadcast_(data, count, t, root, world_);
    return startBroadcast_(data, count, t, root, world_, &Abi::handleOf(*request));
  }

  int allGather(void* data, const int* counts, const int* displacements, Type type, Request* request) override {
    const Handle t = types_[int(type)];
    if (request == nullptr) return allGather_(Abi::inPlace(), 0, t, data, counts, displacements, t, world_);
    return startAllGather_(Abi::inPlace(), 0, t, data, counts, displacements, t, world_, &Abi::handleOf(*request));
  }

  int allToAll(const void* send, const int* sendCounts, const int* sendDisplacements, void* receive, const int* receiveCounts,
               const int* receiveDisplacements, Type type, Request* request) override {
    const Handle t = types_[int(type)];
    if (request == nullptr)
      return allToAll_(send, sendCounts, sendDisplacements, t, receive, receiveCounts, receiveDisplacements, t, world_);
    return startAllToAll_(send, sendCounts, sendDisplacements, t, receive, receiveCounts, receiveDisplacements, t, world_,
                          &Abi::handleOf(*request));
  }

  int test(Request& request, bool& isDone) override {
    int flag = 0;
    const int code = test_(&Abi::handleOf(request), &flag, Abi::ignoreStatus());
    isDone = flag != 0;
    return code;
  }

 private:
  int (*init_)(int*, char***, int, int*) = nullptr;
  int (*finalize_)() = nullptr;
  int (*commRank_)(Handle, int*) = nullptr;
  int (*commSize_)(Handle, int*) = nullptr;
  int (*setErrorHandler_)(Handle, Handle) = nullptr;
  int (*errorString_)(int, char*, int*) = nullptr;
  int (*libraryVersion_)(char*, int*) = nullptr;
  int (*allReduce_)(const void*, void*, int, Handle, Handle, Handle) = nullptr;
  int (*broadcast_)(void*, int, Handle, int, Handle) = nullptr;
  int (*allGather_)(const void*, int, Handle, void*, const int*, const int*, Handle, Handle) = nullptr;
  int (*allToAll_)(const void*, const int*, const int*, Handle, void*, const int*, const int*, Handle, Handle) = nullptr;
  int (*startAllReduce_)(const void*, void*, int, Handle, Handle, Handle, Handle*) = nullptr;
  int (*startBroadcast_)(void*, int, Handle, int, Handle, Handle*) = nullptr;
  int (*startAllGather_)(const void*, int, Handle, void*, const int*, const int*, Handle, Handle, Handle*) = nullptr;
  int (*startAllToAll_)(const void*, const int*, const int*, Handle, void*, const int*, const int*, Handle, Handle, Handle*) = nullptr;
  int (*test_)(Handle*, int*, void*) = nullptr;
  Handle world_{}, returnErrors_{};
  Handle types_[kTypes]{}, reductions_[kReductions]{};
  int rank_ = 0, size_ = 1;
};

template <class Abi>
std::unique_ptr<Mpi> bound(void* library, const std::string& path, std::string& fault) {
  auto mpi = std::make_unique<MpiOf<Abi>>();
  std::string missing;
  if (mpi->open(library, missing)) return mpi;
  fault = path + " has no " + missing;
  return nullptr;
}

}  // namespace

std::unique_ptr<Mpi> openMpi(const std::string& path, std::string& fault) {
  // Both kinds load parts of themselves that look for symbols of the first part.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    fault = reason == nullptr ? path + " cannot be opened" : reason;
    return nullptr;
  }
  const bool isOpenMpi = dlsym(library, "ompi_mpi_comm_world") != nullptr;
  return isOpenMpi ? bound<OpenMpi>(library, path, fault) : bound<Mpich>(library, path, fault);
}

}  // namespace dropwise::distributed
