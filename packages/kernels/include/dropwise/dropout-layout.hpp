// Dropout by another framework's mask: which word of which Philox block decides which element is said by a layout, `MaskLayout` in the
// contract, whose table is what is computed here. What becomes of an element is the affine select of dropout.hpp.
//
// No block is drawn twice: where a block decides elements that lie far apart (spread, wide) the work is cut by columns, each of which holds all
// elements that one thread of the other framework decides.
#pragma once

#include <dropwise/dropout.hpp>

DROPWISE_BEGIN

enum class LayoutKind : uint32_t { packed, spread, wide, flat };

/// Numbers as in `MaskLayout`; widths are those of its table.
struct LayoutArgs {
  DropoutArgs dropout;
  uint32_t kind, width;
  uint32_t threads;  // 1 to 2^29
  uint32_t shift;    // 0 or 1
  uint32_t low;
  uint32_t thresholdHi;

  DROPWISE_MEMBER LayoutKind kindOf() const { return LayoutKind(kind); }
  DROPWISE_MEMBER bool isByColumns() const { return kindOf() == LayoutKind::spread || kindOf() == LayoutKind::wide; }
};

/// Units of a call on `n` elements: a unit is a column of a plain mask that has more elements than columns, else an element. Column u holds the
/// elements u, u + threads, u + 2 threads and so on.
DROPWISE_INLINE size_t layoutUnits(const LayoutArgs& a, size_t n) {
  return a.isByColumns() && a.dropout.rank == 1 && a.dropout.maskStrides[0] == 1 && n > a.threads ? a.threads : n;
}

/// Blocks that a unit takes, about.
DROPWISE_INLINE double layoutBlocksOfUnit(const LayoutArgs& a, size_t n) {
  if (!a.isByColumns()) return 1.0 / smaller<uint32_t>(a.width, 4);
  const size_t passes = (n - 1) / a.threads / a.width + 1;
  return layoutUnits(a, n) == n ? 1.0 : double(passes);
}

/// Whether the table has a row for it.
DROPWISE_INLINE bool isKnown(const LayoutArgs& a) {
  const uint32_t w = a.width;
  switch (LayoutKind(a.kind)) {
    case LayoutKind::packed: if (w != 2 && w != 4 && w != 8) return false; break;
    case LayoutKind::spread: if (w != 4) return false; break;
    case LayoutKind::wide: if (w != 2) return false; break;
    case LayoutKind::flat: return w == 1 || w == 4;
  }
  return a.threads > 0 && a.threads <= 1u << 29;
}

/// What is compared with the threshold: a drawn word as the layout wants it, or, where two words decide, 0 for kept and all ones for dropped.
template <class V>
struct WordTest {
  using Words = typename VectorOf<uint32_t, V::kLanes>::Type;
  uint32_t doubled;  // the bits of a word that are shifted up by one: all or none
  uint32_t low, limitLo, limitHi, limit;

  DROPWISE_MEMBER explicit WordTest(const LayoutArgs& a)
      : doubled(0 - a.shift), low(a.low), limitLo(a.dropout.threshold), limitHi(a.thresholdHi), limit(a.kindOf() == LayoutKind::wide ? 1 : limitLo) {}

  template <class W>
  DROPWISE_MEMBER W of(W x) const { return x + (x & doubled) - low; }
  DROPWISE_MEMBER typename V::U32 many(typename V::U32 x) const { return (typename V::U32)of((Words)x); }

  DROPWISE_MEMBER uint32_t ofPair(uint32_t x, uint32_t y) const {
    const uint32_t high = y >> 11;
    return uint32_t(0) - uint32_t(!(high < limitHi || (high == limitHi && (x ^ (y << 21)) < limitLo)));
  }
  DROPWISE_MEMBER typename V::U32 manyPairs(typename V::U32 x, typename V::U32 y) const {
    if constexpr (V::kLanes == 1) {
      return ofPair(x, y);
    } else {
      const Words high = (Words)y >> 11, rest = (Words)x ^ ((Words)y << 21);
      return (typename V::U32)~((high < limitHi) | ((high == limitHi) & (rest < limitLo)));
    }
  }
};

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
  /// Where registers are few, words go by way of a buffer, some steps at a time. Else a step uses them while it has them.
  static constexpr bool kBuffers = V::kScalarBlocks > 0;
  static constexpr size_t kBufferSteps = 32, kRoom = kBuffers ? kBufferSteps * S::kBlocks : 1;

  /// Columns of whole steps and whole vectors.
  static constexpr size_t kColumns = (kBuffers ? 2 : 1) * S::kBlocks;

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
    if (n > kFew && a_.isByColumns()) return columns(m, at, n, 0, smaller<size_t>(n, a_.threads));
    while (n > 0) {
      // As many as share all of the counter but the low half of the block number.
      const bool isFlat = a_.kindOf() == LayoutKind::flat;
      const uint64_t period = uint64_t(a_.width) * (isFlat ? uint64_t(1) << 32 : a_.threads);
      const uint64_t place = m % period;
      const size_t length = size_t(smaller<uint64_t>(n, period - place));
      if (length <= kFew) apart(m, 1, at, length);
      else if (a_.width == 4 && !isFlat && (a_.shift | a_.low) == 0) asDropout(m / period, place, at, length);
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

  /// Elements of each run that a step decides, and blocks that it takes.
  DROPWISE_INLINE size_t elementsOf(Order order) { return order == Order::slots ? S::kBlocks : order == Order::halves ? S::kWords / 2 : S::kWords; }
  DROPWISE_INLINE uint32_t blocksOf(Order order) { return order == Order::both ? S::kBlocks / 2 : S::kBlocks; }

  /// `count` whole steps, from block `block` on.
  DROPWISE_MEMBER void steps(const LayoutSpans& s, uint32_t block, Place at, size_t count) {
    if constexpr (kBuffers) {
      while (count > 0) {
        const size_t some = smaller(count, kBufferSteps), n = some * elementsOf(s.order);
        draw(s, block, {nullptr, reinterpret_cast<float*>(buffer_), 0, kRoom}, some);
        for (int j = s.firstSlot; j < s.endSlot; j++) {
          apply(buffer_ + size_t(s.isWide ? 2 * j : j) * kRoom, at.from(size_t(j - s.firstSlot) * at.stride), n);
        }
        block += uint32_t(some) * blocksOf(s.order);
        at = at.from(n);
        count -= some;
      }
    } else {
      draw(s, block, at, count);
    }
  }

  /// The same; where there is a buffer, `at` is there and words are written to it as they are.
  DROPWISE_NOINLINE void draw(const LayoutSpans& given, uint32_t block, Place at, size_t count) const {
    // Copies: the compiler cannot know that a store to `out` leaves them as they are.
    const Select<V> select = select_;
    const WordTest<V> test = test_;
    const LayoutSpans s = given;
    const size_t elements = elementsOf(s.order);
    const uint32_t blocks = blocksOf(s.order);
    for (; count > 0; count--) {
      Blocks<V> drawn;
      if (s.order == Order::both) drawn.startBoth(s.span, s.odd, block);
      else if (s.isFlat) drawn.template start<true>(s.span, block);
      else drawn.start(s.span, block);
      drawn.rounds(s.span);
      typename V::U32 words[S::kVectors];
      if (s.order == Order::slots) {
        if constexpr (kBuffers) {
          drawn.storeBySlot(reinterpret_cast<uint32_t*>(at.out), at.stride);
        } else {
          constexpr int kSlot = S::kVectors / 4;
          V::Group::finishBySlot(drawn.groups, words);
          DROPWISE_UNROLL for (int j = 0; j < 4; j++) {
            if (j < s.firstSlot || j >= s.endSlot) continue;
            const Place run = at.from(size_t(j - s.firstSlot) * at.stride);
            DROPWISE_UNROLL for (int v = 0; v < kSlot; v++) {
              const auto word = s.isWide && j < 2 ? test.manyPairs(words[2 * j * kSlot + v], words[(2 * j + 1) * kSlot + v]) : test.many(words[j * kSlot + v]);
              use(select, word, run, v);
            }
          }
        }
      } else if (s.order == Order::halves) {
        drawn.finishPairs(words);
        DROPWISE_UNROLL for (int v = 0; v < S::kVectors / 2; v++) use(select, kBuffers ? words[v] : test.many(words[v]), at, v);
      } else {
        drawn.finish(words);
        DROPWISE_UNROLL for (int v = 0; v < S::kVectors; v++) use(select, kBuffers ? words[v] : test.many(words[v]), at, v);
      }
      block += blocks;
      at = at.from(elements);
    }
  }

  /// Vector v of a step.
  DROPWISE_INLINE void use(const Select<V>& select, typename V::U32 words, const Place& at, int v) {
    if constexpr (kBuffers) V::storeU(reinterpret_cast<uint32_t*>(at.out) + v * V::kLanes, words);
    else V::store(at.out + v * V::kLanes, select.affine(V::loadAhead(at.x + v * V::kLanes), words));
  }

  /// Lays words of the buffer over n elements, whole steps.
  DROPWISE_NOINLINE void apply(const uint32_t* words, Place at, size_t n) const {
    const Select<V> select = select_;
    const WordTest<V> test = test_;
    if (a_.kindOf() == LayoutKind::wide) {
      applyWith(words, at, n, select, [&](const uint32_t* w) { return test.manyPairs(V::loadU(w), V::loadU(w + kRoom)); });
    } else if ((a_.shift | a_.low) != 0) {
      applyWith(words, at, n, select, [&](const uint32_t* w) { return test.many(V::loadU(w)); });
    } else {
      applyWith(words, at, n, select, [&](const uint32_t* w) { return V::loadU(w); });
    }
  }

  template <class WordsAt>
  DROPWISE_INLINE void applyWith(const uint32_t* words, Place at, size_t n, const Select<V>& select, const WordsAt& wordsAt) {
    constexpr int kVectors = 3;
    static_assert(S::kWords % (2 * kVectors * V::kLanes) == 0 || !kBuffers, "half a step is whole vectors");
    for (; n > 0; n -= smaller<size_t>(n, kVectors * V::kLanes)) {
      DROPWISE_UNROLL for (int v = 0; v < kVectors; v++) {
        V::store(at.out + v * V::kLanes, select.affine(V::load(at.x + v * V::kLanes), wordsAt(words + v * V::kLanes)));
      }
      words += kVectors * V::kLanes;
      at = at.from(kVectors * V::kLanes);
    }
  }

  /// Columns whose rows are all there.
  DROPWISE_NOINLINE void bySlot(const LayoutSpans& s, uint32_t block, Place at, size_t n) {
    const size_t count = n / kColumns, done = count * kColumns;
    steps(s, block, at, count * kColumns / S::kBlocks);
    block += uint32_t(done);
    at = at.from(done);
    n -= done;
    if (n == 0) return;
    float x[4 * kColumns] = {}, out[4 * kColumns];
    const int slots = s.endSlot - s.firstSlot;
    for (int j = 0; j < slots; j++) copy(at.from(size_t(j) * at.stride).x, at.xStep, x + j * kColumns, n);
    steps(s, block, {x, out, 1, kColumns}, kColumns / S::kBlocks);
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
