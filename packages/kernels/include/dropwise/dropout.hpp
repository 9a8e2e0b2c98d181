// The affine select behind the whole dropout family, forward and backward, on float32:
//
//     y[i] = keep(m(i)) ? f32(f32(x[i] * keepScale) + keepShift) : dropValue
//
// The mask is drawn on the way and stored nowhere: element m is kept when word m & 3 of Philox block m >> 2 is below the threshold.
// Two roundings for a kept element, never a fused multiply-add (compile with -ffp-contract=off). `out` may be `x`. Any range of elements
// may be asked for on its own and gives the same bits, so threads may cut the work anywhere.
#pragma once

#include <dropwise/philox.hpp>

DROPWISE_BEGIN

struct DropoutArgs {
  uint64_t elementOffset;  // added to every mask index, any residue mod 4; index + offset < 2^53
  const float* x;
  float* out;
  size_t xStep;  // 1, or 0 for one value that stands for all
  uint32_t seedLo, seedHi, callLo, callHi;
  uint32_t threshold;
  float keepScale, keepShift, dropValue;
  // The work as rows: m(i) = elementOffset + dot(index of i in shape, maskStrides). rank is 1 to kMaxRank, no size is 0.
  uint32_t rank;
  size_t shape[kMaxRank];
  size_t maskStrides[kMaxRank];
  uint32_t around;  // 1: `out` is larger than the caches and not `x`; write past them, where the lane type can (kStreams)
};

/// What a step does with its words.
enum class Mode : uint32_t {
  plain,   // dropout itself: no shift, and +0 for a dropped element; worth two instructions less
  affine,  // the whole formula
  around,  // as plain, stored past the caches: memory is then not read only to be overwritten
  words,   // stores the words themselves
};

/// What is done to an element, by vectors and one at a time.
template <class V>
struct Select {
  typename V::F32 scale, shift, drop;
  typename V::Threshold limit;
  float scale1, shift1, drop1;
  uint32_t limit1;
  Mode mode;

  DROPWISE_MEMBER explicit Select(const DropoutArgs& a) {
    scale1 = a.keepScale;
    shift1 = a.keepShift == 0 ? -0.0f : a.keepShift;  // x + -0 is x for every x, -0 too
    drop1 = a.dropValue;
    limit1 = a.threshold;
    scale = V::splat(scale1);
    shift = V::splat(shift1);
    drop = V::splat(drop1);
    limit = V::threshold(limit1);
    mode = a.keepShift != 0 || bitsOf(drop1) != 0 ? Mode::affine : V::kStreams && a.around != 0 ? Mode::around : Mode::plain;
  }
  DROPWISE_MEMBER typename V::F32 plain(typename V::F32 x, typename V::U32 words) const {
    return V::keep(V::below(words, limit), V::mul(x, scale));
  }
  DROPWISE_MEMBER typename V::F32 affine(typename V::F32 x, typename V::U32 words) const {
    return V::select(V::below(words, limit), V::add(V::mul(x, scale), shift), drop);
  }
  DROPWISE_SHARED_MEMBER float one(float x, uint32_t word) const {
    float y = x * scale1;
    y = y + shift1;
    uint32_t m = uint32_t(0) - uint32_t(word < limit1);  // no branch: the mask is random, and a wrong guess costs more than the block
    return floatOf((bitsOf(y) & m) | (bitsOf(drop1) & ~m));
  }
};

/// `steps` whole steps, from block `block` on, which do not reach past a wrap of blockLo.
template <class V>
DROPWISE_NOINLINE void dropoutSteps(Mode mode, const Select<V>& given, const Span& givenSpan, uint32_t block, const float* x, size_t xStep,
                                    float* out, size_t steps) {
  // Copies: the compiler cannot know that a store to `out` leaves them as they are.
  const Select<V> select = given;
  const Span span = givenSpan;
  for (; steps > 0; steps--) {
    typename V::U32 words[Step<V>::kVectors];
    philoxStep<V>(span, block, words);
    if (mode == Mode::plain) {
      DROPWISE_UNROLL for (int v = 0; v < Step<V>::kVectors; v++) {
        V::store(out + v * V::kLanes, select.plain(V::loadAhead(x + v * V::kLanes), words[v]));
      }
    } else if (mode == Mode::affine) {
      DROPWISE_UNROLL for (int v = 0; v < Step<V>::kVectors; v++) {
        V::store(out + v * V::kLanes, select.affine(V::loadAhead(x + v * V::kLanes), words[v]));
      }
    } else if (V::kStreams && mode == Mode::around) {
      if constexpr (V::kStreams) {
        DROPWISE_UNROLL for (int v = 0; v < Step<V>::kVectors; v++) {
          V::storeAround(out + v * V::kLanes, select.plain(V::loadAhead(x + v * V::kLanes), words[v]));
        }
      }
    } else {
      DROPWISE_UNROLL for (int v = 0; v < Step<V>::kVectors; v++) V::storeU(reinterpret_cast<uint32_t*>(out) + v * V::kLanes, words[v]);
    }
    block += Step<V>::kBlocks;
    x += Step<V>::kWords * xStep;
    out += Step<V>::kWords;
  }
}

/// The stream of one call, with a window of words around the mask element that was last looked at.
template <class V>
struct MaskWords {
  const DropoutArgs& args;
  const Select<V>& select;
  Span span;
  uint64_t high = ~uint64_t(0);   // the blockHi of `span`
  uint64_t first = ~uint64_t(0);  // the block of window[0]
  uint32_t window[Step<V>::kWords];

  DROPWISE_MEMBER MaskWords(const DropoutArgs& a, const Select<V>& s) : args(a), select(s) {}

  DROPWISE_SHARED_MEMBER void enter(uint64_t block) {
    if (block >> 32 == high) return;
    high = block >> 32;
    span.start(args.seedLo, args.seedHi, args.callLo, args.callHi, uint32_t(high));
  }

  DROPWISE_NOINLINE void fill(uint64_t block) {
    enter(block);
    // By way of the loop of whole steps, so that the generator is in the program once.
    dropoutSteps<V>(Mode::words, select, span, uint32_t(block), nullptr, 0, reinterpret_cast<float*>(window), 1);
    first = block;
  }

  /// Blocks of the window that belong to the stream: it does not reach past a wrap of blockLo.
  DROPWISE_MEMBER uint64_t windowBlocks() const {
    return smaller<uint64_t>(Step<V>::kBlocks, (uint64_t(1) << 32) - uint32_t(first));
  }

  /// Makes the window hold the element; the index of its word there.
  DROPWISE_SHARED_MEMBER size_t find(uint64_t element) {
    uint64_t block = element >> 2;
    if (block - first >= windowBlocks()) fill(block);
    return size_t(element - 4 * first);
  }
};

/// Elements whose mask indices follow each other, from mask index `e` on.
template <class V>
DROPWISE_SHARED void dropoutRun(const Select<V>& select, MaskWords<V>& mask, uint64_t e, const float* x, size_t xStep, float* out, size_t n) {
  using S = Step<V>;
  while (n > 0) {
    const uint64_t block = e >> 2;
    const uint64_t beforeWrap = ((uint64_t(1) << 32) - uint32_t(block)) / S::kBlocks;
    size_t steps = (e & 3) == 0 ? n / S::kWords : 0;
    if (steps > beforeWrap) steps = size_t(beforeWrap);
    size_t done = steps * S::kWords;
    if (steps > 0) {
      mask.enter(block);
      // Stores around the caches need whole, aligned vectors.
      const bool aligned = reinterpret_cast<uintptr_t>(out) % (V::kLanes * sizeof(float)) == 0;
      dropoutSteps<V>(select.mode == Mode::around && !aligned ? Mode::plain : select.mode, select, mask.span, uint32_t(block), x, xStep, out, steps);
    } else {
      // A short run, the start of one that does not begin a block, its end, or the last blocks before a wrap: by way of the window.
      const size_t at = mask.find(e);
      done = smaller<size_t>(n, size_t(4 * mask.windowBlocks()) - at);
      const uint32_t* words = mask.window + at;
      size_t i = 0;
      for (; i + V::kLanes <= done; i += V::kLanes) V::store(out + i, select.affine(V::load(x + i), V::loadU(words + i)));
      for (; i < done; i++) out[i] = select.one(x[i], words[i]);
    }
    e += done;
    x += done * xStep;
    out += done;
    n -= done;
  }
}

/// Elements that share one mask element.
template <class V>
DROPWISE_INLINE void dropoutShared(const Select<V>& select, uint32_t word, const float* x, size_t xStep, float* out, size_t n) {
  size_t i = 0;
  if (word < select.limit1) {
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, V::add(V::mul(V::load(x + i * xStep), select.scale), select.shift));
  } else {
    for (; i + V::kLanes <= n; i += V::kLanes) V::store(out + i, select.drop);
  }
  for (; i < n; i++) out[i] = select.one(x[i * xStep], word);
}

/// Calls `run(e, x, out, n)` for the rows, or parts of rows, of the elements [begin, end) in row-major order: n elements from mask index e on. `repeated`
/// takes the place of an x that is a single value.
template <class Run>
DROPWISE_INLINE void eachRow(const DropoutArgs& a, const float* repeated, size_t begin, size_t end, const Run& run) {
  const int last = int(a.rank) - 1;
  const size_t length = a.shape[last], maskStep = a.maskStrides[last];
  size_t index[kMaxRank] = {};
  size_t rest = begin / length, column = begin % length;
  uint64_t rowMask = a.elementOffset;
  for (int d = last - 1; d >= 0; d--) {
    index[d] = rest % a.shape[d];
    rest /= a.shape[d];
    rowMask += uint64_t(index[d]) * a.maskStrides[d];
  }

  for (size_t i = begin; i < end;) {
    const size_t n = smaller(length - column, end - i);
    run(rowMask + uint64_t(column) * maskStep, a.xStep == 0 ? repeated : a.x + i, a.out + i, n);
    i += n;
    column = 0;
    for (int d = last - 1; d >= 0; d--) {  // count up like an odometer
      rowMask += a.maskStrides[d];
      if (++index[d] < a.shape[d]) break;
      rowMask -= uint64_t(a.shape[d]) * a.maskStrides[d];
      index[d] = 0;
    }
  }
}

/// Elements [begin, end) of the output, in row-major order.
template <class V>
DROPWISE_NOINLINE void dropout(const DropoutArgs& a, size_t begin, size_t end) {
  const Select<V> select(a);
  MaskWords<V> mask(a, select);
  float repeated[Step<V>::kWords];  // a single x, as long as one step reads
  if (a.xStep == 0) {
    for (float& r : repeated) r = *a.x;
  }
  const size_t maskStep = a.maskStrides[a.rank - 1];
  eachRow(a, repeated, begin, end, [&](uint64_t e, const float* x, float* out, size_t n) {
    if (maskStep == 1) {
      dropoutRun<V>(select, mask, e, x, a.xStep, out, n);
    } else if (maskStep == 0) {
      dropoutShared<V>(select, mask.window[mask.find(e)], x, a.xStep, out, n);
    } else {
      for (size_t j = 0; j < n; j++) out[j] = select.one(x[j * a.xStep], mask.window[mask.find(e + uint64_t(j) * maskStep)]);
    }
  });
  if constexpr (V::kStreams) {
    if (select.mode == Mode::around) V::endStores();
  }
}

DROPWISE_END
