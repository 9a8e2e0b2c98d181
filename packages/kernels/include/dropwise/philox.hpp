// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011) for consecutive blocks.
//
// Counter = (callLo, callHi, blockLo, blockHi), key = (seedLo, seedHi). Only blockLo differs within a `Span`, so the first two of the ten
// rounds are half constant: what is constant in them is worked out once, and 18 multiplications remain of 20; in all groups but the first of
// a WideGroup 17, since the product with blockLo differs from the first group's by a constant. A span ends where blockLo would wrap;
// the caller starts a new one there. The halves of the counter may change places (a "flat" span: blockLo is then its first word): Philox treats both alike,
// with the multipliers and the words exchanged.
//
// Two layouts of the same arithmetic. A lane type names the one that its instruction set likes:
//
// - PackedGroup: word j of kLanes blocks in one vector of 32-bit lanes. For sets whose multiply takes packed operands (wasm, NEON).
// - WideGroup: one block per 64-bit lane, products kept whole. A multiply that reads only the low half of a lane (x86 pmuludq) makes
//   garbage in high halves harmless, so nothing is ever split or packed again: c1 is the low half of the previous product.
//
// `kGroups` groups advance in lockstep, round by round, to hide the latency of the multiply; `kScalarBlocks` more blocks go through the
// integer unit at the same time, on ports that the vectors leave idle.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

constexpr uint32_t kPhiloxM0 = 0xD2511F53u, kPhiloxM1 = 0xCD9E8D57u;  // the multipliers
constexpr uint32_t kPhiloxW0 = 0x9E3779B9u, kPhiloxW1 = 0xBB67AE85u;  // added to the key each round: golden ratio, sqrt(3) - 1

/// What all blocks with one seed, call and blockHi have in common.
struct Span {
  uint32_t k0[10], k1[10];  // the key of each round
  // From the first two rounds, with P = M1 * blockLo and Q = M0 * (hi(P) ^ x0); a flat span has M0 and M1, and c0 c1 and c2 c3, the other way round:
  uint32_t x0;  // callHi ^ k0[0]
  uint32_t a;   // after round two c0 = lo(P) ^ a
  uint32_t b;   // and c1 = b
  uint32_t d;   // and c2 = hi(Q) ^ d, c3 = lo(Q)

  DROPWISE_MEMBER void start(uint32_t seedLo, uint32_t seedHi, uint32_t callLo, uint32_t callHi, uint32_t blockHi) {
    startKeys(seedLo, seedHi);
    uint64_t p0 = uint64_t(kPhiloxM0) * callLo;
    uint64_t p1 = uint64_t(kPhiloxM1) * (uint32_t(p0 >> 32) ^ blockHi ^ k1[0]);
    x0 = callHi ^ k0[0];
    a = uint32_t(p1 >> 32) ^ k0[1];
    b = uint32_t(p1);
    d = uint32_t(p0) ^ k1[1];
  }

  /// For the counters (blockLo, blockHi, 0, 0).
  DROPWISE_MEMBER void startFlat(uint32_t seedLo, uint32_t seedHi, uint32_t blockHi) {
    startKeys(seedLo, seedHi);
    const uint64_t p = uint64_t(kPhiloxM0) * (blockHi ^ k0[0]);
    x0 = k1[0];
    a = uint32_t(p >> 32) ^ k1[1];
    b = uint32_t(p);
    d = k0[1];
  }

 private:
  DROPWISE_MEMBER void startKeys(uint32_t seedLo, uint32_t seedHi) {
    for (uint32_t r = 0; r < 10; r++) {
      k0[r] = seedLo + r * kPhiloxW0;
      k1[r] = seedHi + r * kPhiloxW1;
    }
  }
};

/// kLanes blocks, word-major.
template <class V>
struct PackedGroup {
  using U32 = typename V::U32;
  static constexpr int kBlocks = V::kLanes;
  static constexpr int kVectors = 4;
  U32 c0, c1, c2, c3;

  /// What the groups of a step start from: the first one's blocks.
  template <bool kFlat = false>
  DROPWISE_INLINE U32 origin(uint32_t block) { return V::addU(V::splatU(block), V::blockIota()); }

  template <bool kFlat = false>
  DROPWISE_MEMBER void start(const Span& s, U32 origin, int group) {
    // Which words the first two rounds make of the constants, and which of the block.
    U32 &e0 = kFlat ? c2 : c0, &e1 = kFlat ? c3 : c1, &e2 = kFlat ? c0 : c2, &e3 = kFlat ? c1 : c3;
    U32 hi, lo;
    V::mulHiLo(kFlat ? kPhiloxM0 : kPhiloxM1, V::addU(origin, V::splatU(uint32_t(group * kBlocks))), hi, lo);
    e0 = V::xorU(lo, V::splatU(s.a));
    e1 = V::splatU(s.b);
    V::mulHiLo(kFlat ? kPhiloxM1 : kPhiloxM0, V::xorU(hi, V::splatU(s.x0)), hi, lo);
    e2 = V::xorU(hi, V::splatU(s.d));
    e3 = lo;
  }

  /// Each block number twice, first in the one span, then in the other.
  DROPWISE_MEMBER void startBoth(const Span& even, const Span& odd, uint32_t block, int group) {
    using Words = typename VectorOf<uint32_t, V::kLanes>::Type;
    const Words iota = (Words)V::blockIota(), isOdd = 0 - (iota & 1);
    U32 hi, lo;
    V::mulHiLo(kPhiloxM1, V::addU(V::splatU(block + uint32_t(group * kBlocks / 2)), (U32)(iota >> 1)), hi, lo);
    c0 = V::xorU(lo, (U32)(even.a ^ ((even.a ^ odd.a) & isOdd)));
    c1 = (U32)(even.b ^ ((even.b ^ odd.b) & isOdd));
    V::mulHiLo(kPhiloxM0, V::xorU(hi, (U32)(even.x0 ^ ((even.x0 ^ odd.x0) & isOdd))), hi, lo);
    c2 = V::xorU(hi, (U32)(even.d ^ ((even.d ^ odd.d) & isOdd)));
    c3 = lo;
  }

  DROPWISE_MEMBER void round(uint32_t k0, uint32_t k1) {
    U32 hi0, lo0, hi1, lo1;
    V::mulHiLo(kPhiloxM0, c0, hi0, lo0);
    V::mulHiLo(kPhiloxM1, c2, hi1, lo1);
    c0 = V::xorU(V::xorU(hi1, c1), V::splatU(k0));
    c1 = lo1;
    c2 = V::xorU(V::xorU(hi0, c3), V::splatU(k1));
    c3 = lo0;
  }

  DROPWISE_MEMBER void finish(U32* words) {
    V::toMemoryOrder(c0, c1, c2, c3, words);
  }

  /// Words 0 and 1 only, in turn.
  DROPWISE_MEMBER void finishPairs(U32* words) { V::toPairs(c0, c1, words); }

  /// Word j of the blocks of all groups to `words[j * kGroups]` and on.
  DROPWISE_INLINE void finishBySlot(const PackedGroup* groups, U32* words) {
    DROPWISE_UNROLL for (int g = 0; g < V::kGroups; g++) {
      words[g] = groups[g].c0;
      words[V::kGroups + g] = groups[g].c1;
      words[2 * V::kGroups + g] = groups[g].c2;
      words[3 * V::kGroups + g] = groups[g].c3;
    }
  }
};

/// One block in each 64-bit lane. c1 and c3 are the low halves of p1 and p0, the products of the round before.
template <class V>
struct WideGroup {
  using U64 = typename V::U64;
  static constexpr int kBlocks = V::kWideLanes;
  static constexpr int kVectors = 4 * V::kWideLanes / V::kLanes;
  U64 c0, p1, c2, p0;

  /// What the groups of a step start from: M1 times the first one's blocks. The others add a constant, which saves them a multiplication.
  template <bool kFlat = false>
  DROPWISE_INLINE U64 origin(uint32_t block) {
    return V::mulLow(V::addW(V::splatW(block), V::blockIotaW()), V::splatW(kFlat ? kPhiloxM0 : kPhiloxM1));
  }

  template <bool kFlat = false>
  DROPWISE_MEMBER void start(const Span& s, U64 origin, int group) {
    // Which words the first two rounds make of the constants, and which of the block.
    U64 &e0 = kFlat ? c2 : c0, &e1 = kFlat ? p0 : p1, &e2 = kFlat ? c0 : c2, &e3 = kFlat ? p1 : p0;
    const U64 p = V::addW(origin, V::splatWhole(uint64_t(kFlat ? kPhiloxM0 : kPhiloxM1) * uint64_t(group * kBlocks)));
    e0 = V::xorW(p, V::splatW(s.a));
    e1 = V::splatW(s.b);
    e3 = V::mulLow(V::xorW(V::high(p), V::splatW(s.x0)), V::splatW(kFlat ? kPhiloxM1 : kPhiloxM0));
    e2 = V::xorW(V::high(e3), V::splatW(s.d));
  }

  /// Each block number twice, first in the one span, then in the other.
  DROPWISE_MEMBER void startBoth(const Span& even, const Span& odd, uint32_t block, int group) {
    if constexpr (kBlocks == 1) {
      start(group % 2 == 0 ? even : odd, origin(block + uint32_t(group / 2)), 0);
    } else {
      using Words = typename VectorOf<uint64_t, V::kWideLanes>::Type;
      const Words iota = (Words)V::blockIotaW(), isOdd = 0 - (iota & 1);
      const auto either = [&](uint64_t a, uint64_t b) { return (U64)(a ^ ((a ^ b) & isOdd)); };
      const U64 p = V::mulLow(V::addW(V::splatW(block + uint32_t(group * kBlocks / 2)), (U64)(iota >> 1)), V::splatW(kPhiloxM1));
      c0 = V::xorW(p, either(even.a, odd.a));
      p1 = either(even.b, odd.b);
      p0 = V::mulLow(V::xorW(V::high(p), either(even.x0, odd.x0)), V::splatW(kPhiloxM0));
      c2 = V::xorW(V::high(p0), either(even.d, odd.d));
    }
  }

  DROPWISE_MEMBER void round(uint32_t k0, uint32_t k1) {
    U64 q0 = V::mulLow(c0, V::splatW(kPhiloxM0));
    U64 q1 = V::mulLow(c2, V::splatW(kPhiloxM1));
    c0 = V::xor3(V::high(q1), p1, V::splatW(k0));
    c2 = V::xor3(V::high(q0), p0, V::splatW(k1));
    p0 = q0;
    p1 = q1;
  }

  DROPWISE_MEMBER void finish(typename V::U32* words) { V::toMemoryOrderW(c0, p1, c2, p0, words); }

  /// Words 0 and 1 only, in turn.
  DROPWISE_MEMBER void finishPairs(typename V::U32* words) { V::toPairsW(c0, p1, words); }

  /// Word j of the blocks of all groups to `words[j * vectors]` and on.
  DROPWISE_INLINE void finishBySlot(const WideGroup* groups, typename V::U32* words) {
    constexpr int kEach = V::kLanes / V::kWideLanes, kSlot = V::kGroups / kEach;  // groups that fill a vector, and vectors of a slot
    static_assert(V::kGroups % kEach == 0, "groups fill whole vectors");
    DROPWISE_UNROLL for (int v = 0; v < kSlot; v++) {
      const WideGroup &a = groups[v * kEach], &b = groups[v * kEach + kEach - 1];
      words[v] = V::lowHalves(a.c0, b.c0);
      words[kSlot + v] = V::lowHalves(a.p1, b.p1);
      words[2 * kSlot + v] = V::lowHalves(a.c2, b.c2);
      words[3 * kSlot + v] = V::lowHalves(a.p0, b.p0);
    }
  }
};

/// The integer unit as a lane type of WideGroup, for `kScalarBlocks`. A "word" here is the pair of words (w0, w1) or (w2, w3) of a block.
struct IntegerUnit {
  using U64 = uint64_t;
  using U32 = uint64_t;
  static constexpr int kLanes = 2, kWideLanes = 1;
  DROPWISE_INLINE U64 splatW(uint32_t x) { return x; }
  DROPWISE_INLINE U64 splatWhole(uint64_t x) { return x; }
  DROPWISE_INLINE U64 blockIotaW() { return 0; }
  DROPWISE_INLINE U64 addW(U64 a, U64 b) { return a + b; }
  DROPWISE_INLINE U64 xorW(U64 a, U64 b) { return a ^ b; }
  DROPWISE_INLINE U64 xor3(U64 a, U64 b, U64 c) { return a ^ b ^ c; }
  DROPWISE_INLINE U64 high(U64 a) { return a >> 32; }
  DROPWISE_INLINE U64 mulLow(U64 a, U64 b) { return uint64_t(uint32_t(a)) * b; }
  DROPWISE_INLINE void toMemoryOrderW(U64 c0, U64 p1, U64 c2, U64 p0, U32* words) {
    words[0] = uint32_t(c0) | p1 << 32;
    words[1] = uint32_t(c2) | p0 << 32;
  }
};

/// What one step of the generator makes for a lane type.
template <class V>
struct Step {
  static constexpr int kVectorBlocks = V::kGroups * V::Group::kBlocks;
  static constexpr int kBlocks = kVectorBlocks + V::kScalarBlocks;
  static constexpr int kWords = 4 * kBlocks;
  static constexpr int kVectors = kWords / V::kLanes;
  static_assert(kWords % V::kLanes == 0, "scalar blocks must fill whole vectors");
};

/// The blocks of a step on their way through the ten rounds.
template <class V>
struct Blocks {
  static constexpr int G = V::kGroups, S = V::kScalarBlocks;
  typename V::Group groups[G];
  WideGroup<IntegerUnit> extra[S > 0 ? S : 1];

  template <bool kFlat = false>
  DROPWISE_MEMBER void start(const Span& span, uint32_t block) {
    const auto origin = V::Group::template origin<kFlat>(block);
    const uint64_t extraOrigin = WideGroup<IntegerUnit>::origin<kFlat>(block + uint32_t(Step<V>::kVectorBlocks));
    DROPWISE_UNROLL for (int g = 0; g < G; g++) groups[g].template start<kFlat>(span, origin, g);
    DROPWISE_UNROLL for (int s = 0; s < S; s++) extra[s].template start<kFlat>(span, extraOrigin, s);
  }

  /// Half as many block numbers, each in both spans.
  DROPWISE_MEMBER void startBoth(const Span& even, const Span& odd, uint32_t block) {
    DROPWISE_UNROLL for (int g = 0; g < G; g++) groups[g].startBoth(even, odd, block, g);
    DROPWISE_UNROLL for (int s = 0; s < S; s++) extra[s].startBoth(even, odd, block + uint32_t(Step<V>::kVectorBlocks / 2), s);
  }

  DROPWISE_MEMBER void rounds(const Span& span) {
    DROPWISE_UNROLL for (int r = 2; r < 10; r++) {
      DROPWISE_UNROLL for (int g = 0; g < G; g++) groups[g].round(span.k0[r], span.k1[r]);
      DROPWISE_UNROLL for (int s = 0; s < S; s++) extra[s].round(span.k0[r], span.k1[r]);
    }
  }

  /// The words in the order of their elements.
  DROPWISE_MEMBER void finish(typename V::U32* words) {
    DROPWISE_UNROLL for (int g = 0; g < G; g++) groups[g].finish(words + g * V::Group::kVectors);
    if (S > 0) {
      uint64_t pairs[S > 0 ? 2 * S : 1];
      DROPWISE_UNROLL for (int s = 0; s < S; s++) extra[s].finish(pairs + 2 * s);
      constexpr int done = G * V::Group::kVectors;
      DROPWISE_UNROLL for (int v = done; v < Step<V>::kVectors; v++) words[v] = V::fromPairs(pairs + (v - done) * (V::kLanes / 2));
    }
  }

  /// Words 0 and 1 of each block, in the order of the blocks.
  DROPWISE_MEMBER void finishPairs(typename V::U32* words) {
    constexpr int kEach = V::Group::kVectors / 2;
    DROPWISE_UNROLL for (int g = 0; g < G; g++) groups[g].finishPairs(words + g * kEach);
    if (S > 0) {
      uint64_t pairs[S > 0 ? S : 1];
      DROPWISE_UNROLL for (int s = 0; s < S; s++) {
        uint64_t both[2];
        extra[s].finish(both);
        pairs[s] = both[0];
      }
      DROPWISE_UNROLL for (int v = G * kEach; v < Step<V>::kVectors / 2; v++) words[v] = V::fromPairs(pairs + (v - G * kEach) * (V::kLanes / 2));
    }
  }

  /// Word j of block i to `words[j * stride + i]`.
  DROPWISE_MEMBER void storeBySlot(uint32_t* words, size_t stride) {
    constexpr int kSlot = Step<V>::kVectorBlocks / V::kLanes;
    typename V::U32 bySlot[4 * kSlot];
    V::Group::finishBySlot(groups, bySlot);
    DROPWISE_UNROLL for (int v = 0; v < 4 * kSlot; v++) V::storeU(words + size_t(v / kSlot) * stride + v % kSlot * V::kLanes, bySlot[v]);
    words += Step<V>::kVectorBlocks;
    DROPWISE_UNROLL for (int s = 0; s < S; s++) {
      uint64_t pairs[2];
      extra[s].finish(pairs);
      words[s] = uint32_t(pairs[0]);
      words[stride + s] = uint32_t(pairs[0] >> 32);
      words[2 * stride + s] = uint32_t(pairs[1]);
      words[3 * stride + s] = uint32_t(pairs[1] >> 32);
    }
  }
};

/// The words of blocks `block`, `block + 1`, ..., Step<V>::kBlocks of them, in the order of their elements. Blocks beyond 2^32 are
/// not those of the stream: the caller ignores their words.
template <class V>
DROPWISE_INLINE void philoxStep(const Span& span, uint32_t block, typename V::U32* words) {
  Blocks<V> blocks;
  blocks.start(span, block);
  blocks.rounds(span);
  blocks.finish(words);
}

DROPWISE_END
