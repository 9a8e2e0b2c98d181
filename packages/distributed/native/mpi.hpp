// What the addon needs of MPI, of whichever library is installed: Open MPI, or MPICH and those that share its ABI. They are opened at run time and no header
// of theirs is included, so that one binary serves all. Every call is made by one thread, the one that called `initialize`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace dropwise::distributed {

enum class Type { kByte, kInt32, kFloat32, kFloat64 };
constexpr int kTypes = 4;
constexpr size_t kTypeBytes[kTypes] = {1, 4, 4, 8};

enum class Reduction { kSum, kMax, kMin };
constexpr int kReductions = 3;

/// A call in flight: Open MPI has pointers, MPICH integers.
union Request {
  void* pointer;
  int number;
};

/// Calls return MPI's error code, 0 for success. Counts are of elements, and limited by int. With a request they return at once and are moved forward by `test`;
/// without one they return when they have ended, which is faster: both kinds of library have their best algorithms there.
class Mpi {
 public:
  virtual ~Mpi() = default;

  virtual int initialize() = 0;
  virtual int finalize() = 0;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string version() const = 0;
  virtual std::string errorText(int code) const = 0;

  /// In place.
  virtual int allReduce(void* data, int count, Type type, Reduction reduction, Request* request) = 0;
  virtual int broadcast(void* data, int count, Type type, int root, Request* request) = 0;
  /// In place: every rank's part lies in `data` at its displacement.
  virtual int allGather(void* data, const int* counts, const int* displacements, Type type, Request* request) = 0;
  virtual int allToAll(const void* send, const int* sendCounts, const int* sendDisplacements, void* receive, const int* receiveCounts,
                       const int* receiveDisplacements, Type type, Request* request) = 0;
  /// Whether the call has ended; moves it forward.
  virtual int test(Request& request, bool& isDone) = 0;
};

/// Opens a library; null, and why in `fault`, where it is none, or not of either kind. It stays open until the process ends, as MPI wants it.
std::unique_ptr<Mpi> openMpi(const std::string& path, std::string& fault);

}  // namespace dropwise::distributed
