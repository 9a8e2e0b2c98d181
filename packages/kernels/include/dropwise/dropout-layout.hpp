// Dropout by another framework's mask: which word of which Philox block decides which element is said by a layout, `MaskLayout` in the
// contract, whose table is what is computed here. What becomes of an element is the affine select of dropout.hpp.
//
// No block is drawn twice: where a block decides elements that lie far apart (spread, wide) the work is cut by columns, each of which holds all
// elements that one thread of the other framework decides.
#pragma once

#include <dropwise/mask-layout.hpp>

DROPWISE_BEGIN

/// How a step's blocks lie over its elements.
enum class Order : uint32_t {
  whole,   // four elements a block
  halves,  // two
  both,    // eight a block number, from two spans
  slots,   // up to four runs of elements, one for each word of a block, or each two words
};

/// What the steps of one run have in common.
struct LayoutSpans {
  Order order;
  bool isFlat, isWide;
  Span span, odd;
  int firstSlot, endSlot;
};

/// Where a step reads and writes. Runs of slots are `stride` apart.
struct Place {
  const float* x;
  float* out;
  size_t xStep, stride;

  DROPWISE_MEMBER Place from(size_t i) const { return {x + i * xStep, out + i, xStep, stride}; }
};

/// One call: its stream, and what it does with it.
template <class V>
class LayoutMask {
  using S = Step<V>;
  /// Elements for which a step of blocks would be too many.
  static constexpr size_t kFew = 8;
  /// Where the integer unit draws as well, words that lie by slots go by way of a buffer, some steps at a time. Else a step uses them while it has them.
  static constexpr bool kBuffers = V::kScalarBlocks > 0;
  static constexpr size_t kBufferSteps = 32, kRoom = kBuffers ? kBufferSteps * S::kBlocks : 1;
  /// Columns of whole steps, and there of pieces of the buffer.
  static constexpr size_t kPiece = 3 * V::kLanes, kColumns = kBuffers ? 2 * S::kBlocks : S::kBlocks;
  static_assert(!kBuffers || (kColumns % kPiece == 0 && kBufferSteps % 2 == 0), "columns are whole pieces");

  const LayoutArgs& a_;
  const WordTest<V> test_;
  const Select<V> select_;
  uint32_t buffer_[4 * kRoom];
  // The block that was last drawn alone, in `one_`.
  uint64_t first_ = 0, second_ = 0;
  bool hasOne_ = false;
  uint32_t one_[4];

 public:
  DROPWISE_MEMBER explicit LayoutMask(const LayoutArgs& a) : a_(a), test_(a), select_(selectOf(a, test_)) {}

  /// Elements whose mask indices follow each other, from `m` on.
  DROPWISE_NOINLINE void run(uint64_t m, Place at, size_t n) {
    if (n > kFew && a_.isByColumns() && (a_.shift | a_.low) == 0) return columns(m, at, n, 0, smaller<size_t>(n, a_.threads));
    while (n > 0) {
      // As many as share all of the counter but the low half of the block number.
      const bool isFlat = a_.kindOf() == LayoutKind::flat;
      const uint64_t period = uint64_t(a_.width) * (isFlat ? uint64_t(1) << 32 : a_.threads);
      const uint64_t place = m % period;
      const size_t length = size_t(smaller<uint64_t>(n, period - place));
      // Who packs or spreads tests words as they are.
      if (length <= kFew || (!isFlat && (a_.shift | a_.low) != 0)) apart(m, 1, at, length);
      else if (a_.width == 4 && !isFlat) asDropout(m / period, place, at, length);
      else inOrder(m / period, place, at, length);
      m += length;
      at = at.from(length);
      n -= length;
    }
  }

  /// Columns [begin, end) of `n` elements whose mask indices follow each other from `m` on.
  DROPWISE_NOINLINE void columns(uint64_t m, Place all, size_t n, size_t begin, size_t end) {
    const size_t threads = a_.threads, width = a_.width;
    LayoutSpans s;
    s.order = Order::slots;
    all.stride = threads;
    while (begin < end) {
      const size_t thread = size_t((m + begin) % threads);
      const size_t count = smaller(end - begin, threads - thread);  // columns whose threads follow each other
      uint64_t row = (m + begin) / threads;
      for (size_t start = begin; start < n;) {
        const size_t slot = size_t(row % width), slots = smaller(width - slot, (n - start - 1) / threads + 1);
        enter(s, row / width);
        s.firstSlot = int(slot);
        s.endSlot = int(slot + slots);
        // The last row may end before the last column.
        const size_t inAll = smaller(count, n - start - (slots - 1) * threads);
        bySlot(s, uint32_t(thread), all.from(start), inAll);
        s.endSlot--;
        if (slots > 1) bySlot(s, uint32_t(thread + inAll), all.from(start + inAll), count - inAll);
        start += (width - slot) * threads;
        row += width - slot;
      }
      begin += count;
    }
  }

  /// Elements that share one mask element.
  DROPWISE_NOINLINE void shared(uint64_t m, Place at, size_t n) { dropoutShared<V>(select_, word(m), at.x, at.xStep, at.out, n); }

  /// Elements whose mask indices are `step` apart.
  DROPWISE_NOINLINE void apart(uint64_t m, uint64_t step, Place at, size_t n) {
    for (size_t i = 0; i < n; i++) at.out[i] = select_.one(at.x[i * at.xStep], word(m + i * step));
  }

 private:
  DROPWISE_INLINE Select<V> selectOf(const LayoutArgs& a, const WordTest<V>& test) {
    DropoutArgs args = a.dropout;
    args.threshold = test.limit;
    return Select<V>(args);
  }

  DROPWISE_MEMBER uint64_t callAfter(uint64_t passes) const { return (a_.dropout.callLo | uint64_t(a_.dropout.callHi) << 32) + passes; }

  /// The span of a pass; of blocks from high * 2^32 on, where flat.
  DROPWISE_NOINLINE void enter(LayoutSpans& s, uint64_t passOrHigh) const {
    const DropoutArgs& d = a_.dropout;
    s.isFlat = a_.kindOf() == LayoutKind::flat;
    s.isWide = a_.kindOf() == LayoutKind::wide;
    if (s.isFlat) return s.span.startFlat(d.seedLo, d.seedHi, uint32_t(passOrHigh));
    uint64_t call = callAfter(a_.width == 8 ? 2 * passOrHigh : passOrHigh);
    s.span.start(d.seedLo, d.seedHi, uint32_t(call), uint32_t(call >> 32), 0);
    call++;
    if (s.order == Order::both) s.odd.start(d.seedLo, d.seedHi, uint32_t(call), uint32_t(call >> 32), 0);
  }

  /// Elements that a step of an order decides (in each run), and block numbers that it takes.
  DROPWISE_INLINE size_t elementsOf(Order order) { return order == Order::slots ? S::kBlocks : order == Order::halves ? S::kWords / 2 : S::kWords; }
  DROPWISE_INLINE uint32_t blocksOf(Order order) { return order == Order::both ? S::kBlocks / 2 : S::kBlocks; }

  /// `count` whole steps, from block `block` on.
  DROPWISE_MEMBER void steps(const LayoutSpans& s, uint32_t block, Place at, size_t count) {
    switch (s.order) {
      case Order::whole: return draw<Order::whole, true>(s, block, at, count);
      case Order::halves: return draw<Order::halves, false>(s, block, at, count);
      case Order::both: return draw<Order::both, false>(s, block, at, count);
      case Order::slots: return s.isFlat ? draw<Order::slots, true>(s, block, at, count) : draw<Order::slots, false>(s, block, at, count);
    }
  }

  template <Order kOrder, bool kFlat>
  DROPWISE_NOINLINE void draw(const LayoutSpans& given, uint32_t block, Place at, size_t count) {
    // Copies: the compiler cannot know that a store to `out` leaves them as they are.
    const Select<V> select = select_;
    const WordTest<V> test = test_;
    const LayoutSpans s = given;
    uint32_t* buffer = buffer_;
    for (; count > 0; count--) {
      Blocks<V> drawn;
      if constexpr (kOrder == Order::both) drawn.startBoth(s.span, s.odd, block);
      else drawn.template start<kFlat>(s.span, block);
      drawn.rounds(s.span);
      typename V::U32 words[S::kVectors];
      if constexpr (kOrder == Order::slots && kBuffers) {
        drawn.storeBySlot(buffer, kRoom);
        buffer += S::kBlocks;
      } else if constexpr (kOrder == Order::slots) {
        V::Group::finishBySlot(drawn.groups, words);
        laySlots<kFlat>(s, select, test, words, at);
      } else {
        constexpr int kVectors = kOrder == Order::halves ? S::kVectors / 2 : S::kVectors;
        if constexpr (kOrder == Order::halves) drawn.finishPairs(words);
        else drawn.finish(words);
        if constexpr (kFlat) {
          DROPWISE_UNROLL for (int v = 0; v < kVectors; v++) words[v] = test.many(words[v]);
        }
        lay<kVectors>(select, words, at);
      }
      block += blocksOf(kOrder);
      at = at.from(elementsOf(kOrder));
    }
  }

  /// Lays vectors of words over a place.
  template <int kVectors>
  DROPWISE_INLINE void lay(const Select<V>& select, const typename V::U32* words, const Place& at) {
    if (select.mode == Mode::affine) {
      DROPWISE_UNROLL for (int v = 0; v < kVectors; v++) {
        V::store(at.out + v * V::kLanes, select.affine(V::loadAhead(at.x + v * V::kLanes), words[v]));
      }
    } else {
      DROPWISE_UNROLL for (int v = 0; v < kVectors; v++) {
        V::store(at.out + v * V::kLanes, select.plain(V::loadAhead(at.x + v * V::kLanes), words[v]));
      }
    }
  }

  template <bool kFlat>
  DROPWISE_INLINE void laySlots(const LayoutSpans& s, const Select<V>& select, const WordTest<V>& test, typename V::U32* words, const Place& at) {
    constexpr int kSlot = S::kVectors / 4;
    if (kFlat) {
      DROPWISE_UNROLL for (int v = 0; v < kSlot; v++) words[v] = test.many(words[v]);
    } else if (s.isWide) {
      DROPWISE_UNROLL for (int v = 0; v < kSlot; v++) {
        words[v] = test.pair(words[v], words[kSlot + v]);
        words[kSlot + v] = test.pair(words[2 * kSlot + v], words[3 * kSlot + v]);
      }
    }
    DROPWISE_UNROLL for (int j = 0; j < (kFlat ? 1 : 4); j++) {
      if (j >= s.firstSlot && j < s.endSlot) lay<kSlot>(select, words + j * kSlot, at.from(size_t(j - s.firstSlot) * at.stride));
    }
  }

  /// Lays words of the buffer over n elements, whole pieces. A loop for each way of testing words: registers are few.
  DROPWISE_NOINLINE void layBuffer(const uint32_t* words, Place at, size_t n) const {
    const WordTest<V> test = test_;
    if (a_.kindOf() == LayoutKind::wide) {
      layPieces(words, at, n, [&](const uint32_t* w) { return test.pair(V::loadU(w), V::loadU(w + kRoom)); });
    } else if (a_.kindOf() == LayoutKind::flat) {
      layPieces(words, at, n, [&](const uint32_t* w) { return test.many(V::loadU(w)); });
    } else {
      layPieces(words, at, n, [](const uint32_t* w) { return V::loadU(w); });
    }
  }

  template <class WordsAt>
  DROPWISE_MEMBER void layPieces(const uint32_t* from, Place at, size_t n, const WordsAt& wordsAt) const {
    const Select<V> select = select_;
    for (; n > 0; n -= kPiece) {
      typename V::U32 words[3];
      DROPWISE_UNROLL for (int v = 0; v < 3; v++) words[v] = wordsAt(from + v * V::kLanes);
      lay<3>(select, words, at);
      from += kPiece;
      at = at.from(kPiece);
    }
  }

  /// Columns whose rows are all there.
  DROPWISE_NOINLINE void bySlot(const LayoutSpans& s, uint32_t block, Place at, size_t n) {
    while (n >= kColumns) {
      size_t count = n / kColumns * (kColumns / S::kBlocks);
      if (kBuffers) count = smaller(count, kBufferSteps);
      const size_t done = count * S::kBlocks;
      steps(s, block, at, count);
      for (int j = s.firstSlot; kBuffers && j < s.endSlot; j++) {
        layBuffer(buffer_ + size_t(s.isWide ? 2 * j : j) * kRoom, at.from(size_t(j - s.firstSlot) * at.stride), done);
      }
      block += uint32_t(done);
      at = at.from(done);
      n -= done;
    }
    if (n == 0) return;
    float x[4 * kColumns] = {}, out[4 * kColumns];
    const int slots = s.endSlot - s.firstSlot;
    for (int j = 0; j < slots; j++) copy(at.from(size_t(j) * at.stride).x, at.xStep, x + j * kColumns, n);
    bySlot(s, block, {x, out, 1, kColumns}, kColumns);
    for (int j = 0; j < slots; j++) copy(out + j * kColumns, 1, at.out + size_t(j) * at.stride, n);
  }

  /// Packed and flat: elements from a place of a pass on, or of 2^32 blocks.
  DROPWISE_NOINLINE void inOrder(uint64_t passOrHigh, uint64_t place, Place at, size_t n) {
    const size_t width = a_.width;
    LayoutSpans s;
    s.order = width == 1 ? Order::slots : width == 2 ? Order::halves : width == 4 ? Order::whole : Order::both;
    s.firstSlot = 0;
    s.endSlot = 1;
    enter(s, passOrHigh);
    uint32_t block = uint32_t(place / width);
    if (width == 1) return bySlot(s, block, at, n);
    const size_t blocks = blocksOf(s.order), most = elementsOf(s.order);
    size_t skip = size_t(place % width);
    while (n > 0) {
      size_t count = skip == 0 ? n / most : 0, length = count * most;
      if (count > 0) {
        steps(s, block, at, count);
      } else {
        // The first elements, where they begin within a block, and the last.
        float x[S::kWords] = {}, out[S::kWords];
        count = 1;
        length = smaller(n, most - skip);
        copy(at.x, at.xStep, x + skip, length);
        steps(s, block, {x, out, 1, 0}, 1);
        copy(out + skip, 1, at.out, length);
        skip = 0;
      }
      block += uint32_t(count * blocks);
      at = at.from(length);
      n -= length;
    }
  }

  DROPWISE_SHARED_MEMBER static void copy(const float* from, size_t step, float* to, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = from[i * step];
  }

  /// A pass that is a mask of the default stream, with a call of its own.
  DROPWISE_NOINLINE void asDropout(uint64_t pass, uint64_t place, Place at, size_t n) const {
    DropoutArgs args = a_.dropout;
    const uint64_t call = callAfter(pass);
    args.callLo = uint32_t(call);
    args.callHi = uint32_t(call >> 32);
    args.elementOffset = place;
    args.x = at.x;
    args.out = at.out;
    args.rank = 1;
    args.shape[0] = n;
    args.maskStrides[0] = 1;
    dropwise::DROPWISE_ISA::dropout<V>(args, 0, n);
  }

  /// What decides element m, to be compared with the threshold.
  DROPWISE_NOINLINE uint32_t word(uint64_t m) {
    const uint64_t width = a_.width, threads = a_.threads;
    if (a_.kindOf() == LayoutKind::flat) {
      draw(m / width, 0);
      return test_.of(one_[m % width]);
    }
    const uint64_t pass = m / (width * threads), rest = m % (width * threads);
    if (a_.kindOf() == LayoutKind::packed) {
      const size_t slot = size_t(rest % width);
      draw(callAfter(width == 8 ? 2 * pass + slot / 4 : pass), rest / width);
      return test_.of(one_[slot % 4]);
    }
    draw(callAfter(pass), rest % threads);
    const size_t slot = size_t(rest / threads);
    return a_.kindOf() == LayoutKind::wide ? test_.ofPair(one_[2 * slot], one_[2 * slot + 1]) : test_.of(one_[slot]);
  }

  /// Draws one block, unless it was the last.
  DROPWISE_MEMBER void draw(uint64_t first, uint64_t second) {
    if (hasOne_ && first == first_ && second == second_) return;
    first_ = first;
    second_ = second;
    hasOne_ = true;
    uint32_t c0 = uint32_t(first), c1 = uint32_t(first >> 32), c2 = uint32_t(second), c3 = uint32_t(second >> 32);
    uint32_t k0 = a_.dropout.seedLo, k1 = a_.dropout.seedHi;
    for (int r = 0; r < 10; r++, k0 += kPhiloxW0, k1 += kPhiloxW1) {
      const uint64_t p0 = uint64_t(kPhiloxM0) * c0, p1 = uint64_t(kPhiloxM1) * c2;
      c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
      c1 = uint32_t(p1);
      c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
      c3 = uint32_t(p0);
    }
    one_[0] = c0;
    one_[1] = c1;
    one_[2] = c2;
    one_[3] = c3;
  }
};

/// Units [begin, end) of the call: see `layoutUnits`.
template <class V>
DROPWISE_NOINLINE void dropoutLayout(const LayoutArgs& args, size_t begin, size_t end) {
  const DropoutArgs& a = args.dropout;
  LayoutMask<V> mask(args);
  float repeated[Step<V>::kWords];  // a single x, as long as one step reads
  if (a.xStep == 0) {
    for (float& r : repeated) r = *a.x;
  }
  const size_t maskStep = a.maskStrides[a.rank - 1];
  if (a.rank == 1 && layoutUnits(args, a.shape[0]) < a.shape[0]) {
    return mask.columns(a.elementOffset, {a.xStep == 0 ? repeated : a.x, a.out, a.xStep, 0}, a.shape[0], begin, end);
  }
  eachRow(a, repeated, begin, end, [&](uint64_t e, const float* x, float* out, size_t n) {
    const Place at = {x, out, a.xStep, 0};
    if (maskStep == 1) mask.run(e, at, n);
    else if (maskStep == 0) mask.shared(e, at, n);
    else mask.apart(e, maskStep, at, n);
  });
}

DROPWISE_END
