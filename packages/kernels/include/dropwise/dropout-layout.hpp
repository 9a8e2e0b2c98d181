// Dropout by another framework's mask: which word of which Philox block decides which element is said by a layout, `MaskLayout` in the
// contract, whose table is what is computed here. What becomes of an element is the affine select of dropout.hpp.
//
// Blocks are drawn into a small buffer, some hundred at a time, then brought into the order of the elements and applied. That costs little beside the ten
// rounds of a block. What may not happen is to draw a block twice: where a block decides elements that lie far apart (spread, wide) the
// work is cut by columns, each of which holds all elements that one thread of the other framework decides.
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

/// The words of a vector as what can be calculated with: compilers have the operators for vectors of any size.
template <int kLanes>
struct WordVector {
  typedef uint32_t Type __attribute__((vector_size(4 * kLanes)));
};
template <>
struct WordVector<1> {
  using Type = uint32_t;
};

/// What is compared with the threshold: a drawn word as the layout wants it, or, where two words decide, 0 for kept and all ones for dropped.
template <class V>
struct WordTest {
  using Words = typename WordVector<V::kLanes>::Type;
  bool isWide;
  uint32_t shift, low, limitLo, limitHi;

  DROPWISE_MEMBER explicit WordTest(const LayoutArgs& a)
      : isWide(a.kindOf() == LayoutKind::wide), shift(a.shift), low(a.low), limitLo(a.dropout.threshold), limitHi(a.thresholdHi) {}

  DROPWISE_MEMBER uint32_t limit() const { return isWide ? 1 : limitLo; }
  DROPWISE_MEMBER uint32_t one(uint32_t x, uint32_t y) const {
    if (!isWide) return (x << shift) - low;
    const uint32_t high = y >> 11;
    return uint32_t(0) - uint32_t(!(high < limitHi || (high == limitHi && (x ^ (y << 21)) < limitLo)));
  }
  /// kLanes words from `words` on; `next` has the second words.
  DROPWISE_MEMBER typename V::U32 many(const uint32_t* words, const uint32_t* next) const {
    if constexpr (V::kLanes == 1) {
      return one(*words, *next);
    } else {
      const Words x = (Words)V::loadU(words);
      if (!isWide) return (typename V::U32)((x << shift) - low);
      const Words y = (Words)V::loadU(next);
      const Words high = y >> 11;
      return (typename V::U32)~((high < limitHi) | ((high == limitHi) & ((x ^ (y << 21)) < limitLo)));
    }
  }
};

/// One call: its stream, and room for drawn words.
template <class V>
class LayoutMask {
  /// Blocks that are drawn at a time, a multiple of every step.
  static constexpr size_t kBlocks = 192;
  static_assert(kBlocks % (2 * Step<V>::kBlocks) == 0, "whole steps");
  /// Elements for which a step of blocks would be too many.
  static constexpr size_t kFew = 8;

  const LayoutArgs& a_;
  const WordTest<V> test_;
  const Select<V> select_;
  uint32_t drawn_[4 * kBlocks];
  uint32_t ordered_[4 * kBlocks];
  // The block that was last drawn alone, in `one_`.
  uint64_t first_ = 0, second_ = 0;
  bool hasOne_ = false;
  uint32_t one_[4];

 public:
  DROPWISE_MEMBER explicit LayoutMask(const LayoutArgs& a) : a_(a), test_(a), select_(selectOf(a, test_)) {}

  /// Elements whose mask indices follow each other, from `m` on.
  DROPWISE_NOINLINE void run(uint64_t m, const float* x, size_t xStep, float* out, size_t n) {
    if (n > kFew && a_.isByColumns()) return columns(m, x, xStep, out, n, 0, smaller<size_t>(n, a_.threads));
    while (n > 0) {
      // As many as share all of the counter but the low half of the block number.
      const bool isFlat = a_.kindOf() == LayoutKind::flat;
      const uint64_t period = uint64_t(a_.width) * (isFlat ? uint64_t(1) << 32 : a_.threads);
      const uint64_t at = m % period;
      const size_t length = size_t(smaller<uint64_t>(n, period - at));
      if (length <= kFew || a_.isByColumns()) {
        for (size_t i = 0; i < length; i++) out[i] = select_.one(x[i * xStep], word(m + i));
      } else {
        inOrder(m / period, at, x, xStep, out, length);
      }
      m += length;
      x += length * xStep;
      out += length;
      n -= length;
    }
  }

  /// Columns [begin, end) of `n` elements whose mask indices follow each other from `m` on.
  DROPWISE_NOINLINE void columns(uint64_t m, const float* x, size_t xStep, float* out, size_t n, size_t begin, size_t end) {
    const size_t threads = a_.threads, width = a_.width, slotWords = 4 / width;
    while (begin < end) {
      const size_t thread = size_t((m + begin) % threads);
      const size_t count = smaller(end - begin, threads - thread);  // columns whose threads follow each other
      uint64_t row = (m + begin) / threads;
      for (size_t start = begin; start < n;) {
        const size_t slot = size_t(row % width), slots = width - slot;
        const size_t longest = smaller(count, n - start);
        Span span;
        enter(span, row / width);
        for (size_t j = 0; j < longest; j += kBlocks) {
          const size_t blocks = smaller(kBlocks, longest - j);
          draw(span, uint32_t(thread + j), blocks, true, drawn_);
          size_t i = start + j;
          for (size_t s = slot; s < width && i < n; s++, i += threads) {
            apply(drawn_ + s * slotWords * kBlocks, x + i * xStep, xStep, out + i, smaller(blocks, n - i));
          }
        }
        start += slots * threads;
        row += slots;
      }
      begin += count;
    }
  }

  /// Elements that share one mask element.
  DROPWISE_NOINLINE void shared(uint64_t m, const float* x, size_t xStep, float* out, size_t n) { dropoutShared<V>(select_, word(m), x, xStep, out, n); }

  /// Elements whose mask indices are `step` apart.
  DROPWISE_NOINLINE void apart(uint64_t m, uint64_t step, const float* x, size_t xStep, float* out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = select_.one(x[i * xStep], word(m + i * step));
  }

 private:
  DROPWISE_INLINE Select<V> selectOf(const LayoutArgs& a, const WordTest<V>& test) {
    DropoutArgs args = a.dropout;
    args.threshold = test.limit();
    return Select<V>(args);
  }

  DROPWISE_MEMBER uint64_t callAfter(uint64_t passes) const { return (a_.dropout.callLo | uint64_t(a_.dropout.callHi) << 32) + passes; }

  /// The span of a pass; of blocks from high * 2^32 on, where flat.
  DROPWISE_NOINLINE void enter(Span& span, uint64_t passOrHigh) const {
    const DropoutArgs& d = a_.dropout;
    const uint64_t call = callAfter(passOrHigh);
    if (a_.kindOf() == LayoutKind::flat) span.startFlat(d.seedLo, d.seedHi, uint32_t(passOrHigh));
    else span.start(d.seedLo, d.seedHi, uint32_t(call), uint32_t(call >> 32), 0);
  }

  /// The words of blocks from `block` on: block by block, or word j of all of them from `j * kBlocks` on.
  DROPWISE_NOINLINE void draw(const Span& given, uint32_t block, size_t blocks, bool isBySlot, uint32_t* words) const {
    const Span span = given;  // a copy, as in dropoutSteps
    const bool isFlat = a_.kindOf() == LayoutKind::flat;
    for (size_t i = 0; i < blocks; i += Step<V>::kBlocks) {
      Blocks<V> step;
      if (isFlat) step.template start<true>(span, block + uint32_t(i));
      else step.start(span, block + uint32_t(i));
      step.rounds(span);
      if (isBySlot) {
        step.storeBySlot(words + i, kBlocks);
      } else {
        typename V::U32 ordered[Step<V>::kVectors];
        step.finish(ordered);
        DROPWISE_UNROLL for (int v = 0; v < Step<V>::kVectors; v++) V::storeU(words + 4 * i + v * V::kLanes, ordered[v]);
      }
    }
  }

  DROPWISE_NOINLINE void apply(const uint32_t* words, const float* x, size_t xStep, float* out, size_t n) const {
    const Select<V> select = select_;
    const WordTest<V> test = test_;
    const uint32_t* next = test.isWide ? words + kBlocks : words;
    size_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, select.affine(V::loadAhead(x + i * xStep), test.many(words + i, next + i)));
    for (; i < n; i++) out[i] = select.one(x[i * xStep], test.one(words[i], next[i]));
  }

  /// Packed and flat: elements from place `at` of a pass on, or of 2^32 blocks.
  DROPWISE_MEMBER void inOrder(uint64_t passOrHigh, uint64_t at, const float* x, size_t xStep, float* out, size_t n) {
    const size_t width = a_.width;
    const bool isFlat = a_.kindOf() == LayoutKind::flat;
    if (width == 4 && !isFlat && (a_.shift | a_.low) == 0) return asDropout(passOrHigh, at, x, out, n);
    Span span, odd;
    enter(span, width == 8 ? 2 * passOrHigh : passOrHigh);
    if (width == 8) enter(odd, 2 * passOrHigh + 1);
    uint32_t block = uint32_t(at / width);
    size_t skip = size_t(at % width);
    while (n > 0) {
      const size_t most = width == 8 ? kBlocks / 2 : kBlocks;
      const size_t length = smaller(n, width * most - skip);
      const size_t blocks = (skip + length + width - 1) / width;
      draw(span, block, blocks, width == 1, drawn_);
      const uint32_t* words = drawn_;
      if (width == 2) {
        words = firstHalves(blocks);
      } else if (width == 8) {
        draw(odd, block, blocks, false, drawn_ + 2 * kBlocks);
        words = inTurn(blocks);
      }
      apply(words + skip, x, xStep, out, length);
      block += uint32_t(blocks);
      skip = 0;
      x += length * xStep;
      out += length;
      n -= length;
    }
  }

  /// A pass that is a mask of the default stream, with a call of its own.
  DROPWISE_NOINLINE void asDropout(uint64_t pass, uint64_t at, const float* x, float* out, size_t n) const {
    DropoutArgs args = a_.dropout;
    const uint64_t call = callAfter(pass);
    args.callLo = uint32_t(call);
    args.callHi = uint32_t(call >> 32);
    args.elementOffset = at;
    args.x = x;
    args.out = out;
    args.rank = 1;
    args.shape[0] = n;
    args.maskStrides[0] = 1;
    dropwise::DROPWISE_ISA::dropout<V>(args, 0, n);
  }

  /// Words 0 and 1 of each block.
  DROPWISE_MEMBER const uint32_t* firstHalves(size_t blocks) {
    for (size_t i = 0; i < blocks; i++) __builtin_memcpy(ordered_ + 2 * i, drawn_ + 4 * i, 8);
    return ordered_;
  }

  /// The blocks of two counters in turn.
  DROPWISE_MEMBER const uint32_t* inTurn(size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
      __builtin_memcpy(ordered_ + 8 * i, drawn_ + 4 * i, 16);
      __builtin_memcpy(ordered_ + 8 * i + 4, drawn_ + 2 * kBlocks + 4 * i, 16);
    }
    return ordered_;
  }

  /// What decides element m, to be compared with the threshold.
  DROPWISE_NOINLINE uint32_t word(uint64_t m) {
    const uint64_t width = a_.width, threads = a_.threads;
    if (a_.kindOf() == LayoutKind::flat) {
      one(m / width, 0);
      return test_.one(one_[m % width], 0);
    }
    const uint64_t pass = m / (width * threads), rest = m % (width * threads);
    if (a_.kindOf() == LayoutKind::packed) {
      const size_t slot = size_t(rest % width);
      one(callAfter(width == 8 ? 2 * pass + slot / 4 : pass), rest / width);
      return test_.one(one_[slot % 4], 0);
    }
    one(callAfter(pass), rest % threads);
    const size_t slot = size_t(rest / threads) * (4 / a_.width);
    return test_.one(one_[slot], one_[slot | 1]);
  }

  /// Draws one block, unless it was the last.
  DROPWISE_MEMBER void one(uint64_t first, uint64_t second) {
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
  float repeated[V::kLanes];
  if (a.xStep == 0) {
    for (float& r : repeated) r = *a.x;
  }
  const size_t maskStep = a.maskStrides[a.rank - 1];
  if (a.rank == 1 && layoutUnits(args, a.shape[0]) < a.shape[0]) {
    return mask.columns(a.elementOffset, a.xStep == 0 ? repeated : a.x, a.xStep, a.out, a.shape[0], begin, end);
  }
  eachRow(a, repeated, begin, end, [&](uint64_t e, const float* x, float* out, size_t n) {
    if (maskStep == 1) mask.run(e, x, a.xStep, out, n);
    else if (maskStep == 0) mask.shared(e, x, a.xStep, out, n);
    else mask.apart(e, maskStep, x, a.xStep, out, n);
  });
}

DROPWISE_END
