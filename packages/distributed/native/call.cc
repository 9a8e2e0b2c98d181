#include "call.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>

namespace dropwise::distributed {

namespace {

using std::chrono::microseconds;

/// Waits of at most this long are not worth a sleep: that of the system takes about as long.
constexpr microseconds kSpin{50};
constexpr microseconds kShortest{20}, kLongest{1000};
/// Data that have not come after so long will not come soon.
constexpr microseconds kTransfer{100'000};
/// From here on data are sent in MPI's own way of waiting.
constexpr size_t kLarge = 64 * 1024;

size_t bytesOf(const Buffer& buffer) { return buffer.count * kTypeBytes[int(buffer.type)]; }

/// All ranks meet first: a thread that waits for them sleeps, and none gets data that it has no place for.
template <class Start>
Outcome run(Waiting& waiting, const Header& header, const Buffer& buffer, Start start) {
  if (const Outcome outcome = waiting.peers(header); outcome != Outcome::kDone) return outcome;
  return waiting.through(start, bytesOf(buffer) >= kLarge);
}

Header headerOf(Kind kind, const Buffer& buffer, int detail) { return {kind, buffer.type, int(buffer.count), detail}; }

std::string describe(const Header& header) {
  static constexpr const char* kKinds[] = {"barrier", "allReduce", "broadcast", "allGather", "orderedSum"};
  static constexpr const char* kTypeNames[kTypes] = {"uint8", "int32", "float32", "float64"};
  static constexpr const char* kReductionNames[kReductions] = {"sum", "max", "min"};
  std::string text = kKinds[int(header.kind)];
  if (header.kind == Kind::kBarrier) return text;
  text += " of " + std::to_string(header.count) + " " + kTypeNames[int(header.type)];
  if (header.kind == Kind::kAllReduce) text += std::string(" by ") + kReductionNames[header.detail];
  if (header.kind == Kind::kBroadcast) text += " from rank " + std::to_string(header.detail);
  if (header.kind == Kind::kOrderedSum) text += " over " + std::to_string(header.detail) + " parts";
  return text;
}

/// Cuts `count` elements into even segments: where segment `i` of `n` begins.
size_t segmentStart(size_t count, int i, int n) { return count / n * i + std::min(size_t(i), count % n); }

/// How many parts a tree is over. Nodes alone do not tell two trees apart: two ranks have one each of two parts, and of three.
int leavesOf(const std::vector<std::vector<Node>>& ranks) {
  int leaves = 0;
  for (const auto& own : ranks)
    for (const Node node : own) leaves += 1 << node.level;
  return leaves;
}

template <class T>
void sumSegments(const std::vector<std::vector<Node>>& ranks, uint8_t* staging, size_t length) {
  std::vector<Node> nodes;
  std::vector<T*> data;
  for (const auto& own : ranks) {
    for (const Node node : own) {
      data.push_back(reinterpret_cast<T*>(staging) + nodes.size() * length);
      nodes.push_back(node);
    }
  }
  sumNodes(std::move(nodes), std::move(data), length);
}

}  // namespace

Outcome Waiting::until(Request& request, bool isTransfer) {
  const Clock::time_point started = Clock::now();
  microseconds nap = kShortest;
  for (;;) {
    bool isDone = false;
    code_ = mpi_.test(request, isDone);
    if (code_ != 0) return Outcome::kFailed;
    if (isDone) return Outcome::kDone;
    if (gate_.isStopped()) return Outcome::kStopped;
    const Clock::time_point now = Clock::now();
    if (now > deadline_) return Outcome::kLate;
    if (now - started < (isTransfer ? kTransfer : kSpin)) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(nap);
      nap = std::min(nap + nap / 4, kLongest);
    }
  }
}

Outcome Waiting::peers(const Header& header) {
  constexpr int kInts = 4;
  const int ranks = mpi_.size();
  // Where the time is up, a late peer may still write to these: then they are never given back.
  struct Places {
    std::vector<int> headers, counts, starts;
  };
  auto places = std::make_unique<Places>();
  places->headers.resize(size_t(kInts) * ranks);
  places->counts.assign(ranks, kInts);
  for (int i = 0; i < ranks; i++) places->starts.push_back(kInts * i);
  int* const own = places->headers.data() + size_t(kInts) * mpi_.rank();
  own[0] = int(header.kind), own[1] = int(header.type), own[2] = header.count, own[3] = header.detail;
  const Outcome outcome = through(
      [&](Request* request) {
        return mpi_.allGather(places->headers.data(), places->counts.data(), places->starts.data(), Type::kInt32, request);
      },
      false);
  if (outcome != Outcome::kDone) {
    (void)places.release();
    return outcome;
  }
  const int* const first = places->headers.data();
  for (int i = 1; i < ranks; i++) {
    const int* const other = first + size_t(kInts) * i;
    if (std::equal(first, first + kInts, other)) continue;
    const auto at = [](const int* h) { return describe({Kind(h[0]), Type(h[1]), h[2], h[3]}); };
    unlike_ = "rank 0 called " + at(first) + ", rank " + std::to_string(i) + " " + at(other);
    return Outcome::kUnlike;
  }
  return Outcome::kDone;
}

Outcome barrier(Mpi&, Waiting& waiting) { return waiting.peers({}); }

Outcome allReduce(Mpi& mpi, Waiting& waiting, Buffer buffer, Reduction reduction) {
  return run(waiting, headerOf(Kind::kAllReduce, buffer, int(reduction)), buffer, [&](Request* request) {
    return mpi.allReduce(buffer.data, int(buffer.count), buffer.type, reduction, request);
  });
}

Outcome broadcast(Mpi& mpi, Waiting& waiting, Buffer buffer, int root) {
  return run(waiting, headerOf(Kind::kBroadcast, buffer, root), buffer, [&](Request* request) {
    return mpi.broadcast(buffer.data, int(buffer.count), buffer.type, root, request);
  });
}

Outcome allGather(Mpi& mpi, Waiting& waiting, Buffer buffer, const std::vector<int>& counts) {
  std::vector<int> starts(counts.size(), 0);
  for (size_t i = 1; i < counts.size(); i++) starts[i] = starts[i - 1] + counts[i - 1];
  return run(waiting, headerOf(Kind::kAllGather, buffer, 0), buffer, [&](Request* request) {
    return mpi.allGather(buffer.data, counts.data(), starts.data(), buffer.type, request);
  });
}

Outcome orderedSum(Mpi& mpi, Waiting& waiting, const OrderedSum& sum) {
  const int ranks = mpi.size(), rank = mpi.rank();
  const Buffer& result = sum.result;
  const size_t bytes = kTypeBytes[int(result.type)];
  std::vector<int> starts(ranks), lengths(ranks);
  for (int i = 0; i < ranks; i++) {
    starts[i] = int(segmentStart(result.count, i, ranks));
    lengths[i] = int(segmentStart(result.count, i + 1, ranks)) - starts[i];
  }
  const size_t length = size_t(lengths[rank]);
  size_t all = 0, rounds = 0;
  for (const auto& own : sum.nodes) {
    all += own.size();
    rounds = std::max(rounds, own.size());
  }
  // Everyone's nodes of my segment, one after the other.
  std::unique_ptr<uint8_t[]> staging(new uint8_t[all * length * bytes]);
  // What did not end may still be written to by a late peer: then it is never given back.
  const auto ended = [&](Outcome outcome) {
    if (outcome != Outcome::kDone) (void)staging.release();
    return outcome;
  };

  if (const Outcome outcome = waiting.peers(headerOf(Kind::kOrderedSum, result, leavesOf(sum.nodes))); outcome != Outcome::kDone) return outcome;
  const bool isLarge = bytesOf(result) >= kLarge;
  const std::vector<int> none(ranks, 0);
  for (size_t round = 0; round < rounds; round++) {
    std::vector<int> counts(ranks, 0), places(ranks, 0);
    size_t before = 0;
    for (int i = 0; i < ranks; i++) {
      if (round < sum.nodes[i].size()) {
        counts[i] = int(length);
        // May be beyond what int holds only where memory is: callers limit the vector.
        places[i] = int((before + round) * length);
      }
      before += sum.nodes[i].size();
    }
    const bool isMine = round < sum.parts.size();
    const Outcome outcome = waiting.through(
        [&](Request* request) {
          return mpi.allToAll(isMine ? sum.parts[round] : nullptr, (isMine ? lengths : none).data(), starts.data(), staging.get(), counts.data(),
                              places.data(), result.type, request);
        },
        isLarge);
    if (outcome != Outcome::kDone) return ended(outcome);
  }

  if (result.type == Type::kFloat32) {
    sumSegments<float>(sum.nodes, staging.get(), length);
  } else {
    sumSegments<double>(sum.nodes, staging.get(), length);
  }
  if (length > 0) std::memcpy(static_cast<uint8_t*>(result.data) + size_t(starts[rank]) * bytes, staging.get(), length * bytes);
  return waiting.through(
      [&](Request* request) { return mpi.allGather(result.data, lengths.data(), starts.data(), result.type, request); }, isLarge);
}

}  // namespace dropwise::distributed
