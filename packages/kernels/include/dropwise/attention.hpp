// Attention in tiles, on float32: for each batch b, head h and query i, with a head of keys and values for every `group` heads of queries,
//
//     s[j] = scale * query[i] . key[j] (+ mask[i, j])     -infinity where a mask or the triangle hides key j
//     w[j] = e^(s[j] - m) / sum e^(s[j] - m)              m the largest of them; zeros where a query sees no key
//     out[i] = sum_j dropout(w[j]) value[j]
//
// Nothing of size queries x keys is ever there. A unit is a block of queries of one head. For each tile of keys it computes the scores of some queries by the
// register tiles of matrix products, makes weights of them, draws the mask over these in place and multiplies them with the values; from one tile of keys to
// the next what was summed is scaled to the new maximum. The mask is that of `dropout` over the weights [batches, heads, queries, keys], bit for bit. Keys
// that the triangle hides from all queries of a block are not looked at, whatever is in them. `rows` gets m and 1 / sum for each query, for the gradient.
//
// Operands have any strides but the last, which is 1. A head has at most 256 elements. Products are fused where the lane type does so, nothing else is; their
// sums are float32 in index order, cut only at tiles of keys, so that no bit depends on the range of units asked for.
#pragma once

#include <dropwise/dropout.hpp>
#include <dropwise/math.hpp>
#include <dropwise/matmul.hpp>

DROPWISE_BEGIN

/// Queries of a unit.
constexpr size_t kAttentionRows = 144;
/// The most elements of a head.
constexpr size_t kMostHeadSize = 256;

/// A tensor [batches, heads, rows, size], with strides in elements; the last one is 1.
struct Heads {
  float* data;
  size_t batch, head, row;
};

enum class AttentionMask : uint32_t { none, bools, floats };

struct AttentionArgs {
  uint64_t elementOffset;  // of the mask of dropout; its last index is below 2^53
  Heads query, key, value, out;                // the gradient reads `out`, as it does `rows`
  Heads grad, gradQuery, gradKey, gradValue;   // only the gradient has these
  Heads mask;                                  // bytes of 0 and 1, where 1 lets through, or floats to add
  size_t maskColumn;                           // the step from key to key
  AttentionMask maskKind;
  float* rows;          // [batches, heads, queries, 2]
  size_t heads, group;  // heads of queries, and how many of them share one of keys
  size_t queries, keys, size, valueSize;
  uint32_t causal;     // 1: query i sees keys 0 to firstQuery + i
  size_t firstQuery;
  float scale;
  uint32_t drops;  // 1: by what follows, as in DropoutArgs
  uint32_t seedLo, seedHi, callLo, callHi;
  uint32_t threshold;
  float keepScale;
};

// Rows of scratch memory hold two pieces of up to 288 floats, a head's elements filled up to whole tiles, or up to 512 scores; behind them some numbers of the
// row. An odd number of cache lines: rows do not push each other out.
constexpr size_t kRowFloats = 592, kRowHalf = 288, kRowMax = 576, kRowSum = 577, kRowSeen = 578;

/// How the work is cut for a lane type.
template <class V>
struct AttentionTile {
  static constexpr int kVectors = V::kTileVectors * V::kLanes > 32 ? 32 / V::kLanes : V::kTileVectors > 3 ? 4 : V::kTileVectors > 1 ? 2 : 1;
  /// A tile of registers: as many sums as that of a product has, but never more columns than 32, of which heads are multiples.
  static constexpr size_t R = size_t(V::kTileRows * V::kTileVectors / kVectors), W = size_t(kVectors * V::kLanes);
  /// The rows of the lower tile that the last rows get where they are so few.
  static constexpr size_t kFewRows = R < 6 || kIsCompact ? R : R * 2 / 3;
  /// Queries whose scores are there at a time.
  static constexpr size_t kScores = 24 / R * R;
  static constexpr size_t kMostKeys = 512, kPanelFloats = 32768;
  static constexpr size_t kScratch = (kAttentionRows + R + kScores) * kRowFloats + 2 * kPanelFloats;
  static_assert(R <= 24 && 512 % V::kLanes == 0 && W % V::kLanes == 0 && (kMostHeadSize + W - 1) / W * W <= kRowHalf, "tiles fit into rows");

  static constexpr size_t whole(size_t n) { return partsOf(n, W) * W; }
  /// What of a row of scores has a value: `n` of them, whole tiles high and whole vectors.
  static constexpr size_t filled(size_t n) { return partsOf(partsOf(n, R) * R, V::kLanes) * V::kLanes; }
  /// Keys of a tile, a multiple of W: so many that a panel of `floats` holds them.
  static constexpr size_t keysOf(size_t size, size_t valueSize, size_t most, size_t floats) {
    const size_t larger = whole(size > valueSize ? size : valueSize);
    return smaller(most, floats / larger) / W * W;
  }
};

/// One tile of sums over `depth`: the factor of row r at step l is x[r * kRow + l * kStep]; y is read W wide, rows yStep apart. Writes all of the tile.
template <class V, int R, size_t kRow, size_t kStep>
DROPWISE_NOINLINE void attentionTile(const float* x, const float* y, size_t yStep, size_t depth, bool adds, float* out, size_t outStride) {
  constexpr int C = AttentionTile<V>::kVectors, L = V::kLanes;
  typename V::F32 sums[R][C];
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) sums[r][c] = V::splat(0.0f);
  }
  for (size_t l = depth; l > 0; l--) {
    DROPWISE_OPAQUE(x);
    DROPWISE_OPAQUE(y);
    typename V::F32 row[C];
    DROPWISE_UNROLL for (int c = 0; c < C; c++) row[c] = V::load(y + c * L);
    DROPWISE_UNROLL for (int r = 0; r < R; r++) {
      const typename V::F32 factor = V::splat(x[r * kRow]);
      DROPWISE_UNROLL for (int c = 0; c < C; c++) sums[r][c] = V::mulAdd(factor, row[c], sums[r][c]);
    }
    x += kStep;
    y += yStep;
  }
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) {
      float* const to = out + r * outStride + c * L;
      V::store(to, adds ? V::add(V::load(to), sums[r][c]) : sums[r][c]);
    }
  }
}

/// A product of `rows` x `columns`, in whole tiles: all memory has room for these. Panels of y lie yPanel apart.
template <class V, size_t kRow, size_t kStep>
DROPWISE_NOINLINE void attentionProduct(const float* x, const float* y, size_t yStep, size_t yPanel, size_t rows, size_t columns, size_t depth,
                                        bool adds, float* out, size_t outStride) {
  using T = AttentionTile<V>;
  constexpr size_t R = T::R, W = T::W;
  constexpr bool kOne = kStep == 1, kFew = kOne && T::kFewRows < R;
  for (size_t c = 0; c < columns; c += W) {
    for (size_t r = 0; r < rows; r += R) {
      const size_t left = rows - r;
      auto tile = attentionTile<V, int(R), kRow, kStep>;
      if constexpr (kFew) {
        if (left <= T::kFewRows) tile = attentionTile<V, int(T::kFewRows), kRow, kStep>;
      }
      if constexpr (kOne) {
        if (left == 1) tile = attentionTile<V, 1, kRow, kStep>;
      }
      replaceable(tile)(x + r * kRow, y, yStep, depth, adds, out + r * outStride + c, outStride);
    }
    y += yPanel;
  }
}

DROPWISE_SHARED size_t offsetOf(const Heads& x, size_t batch, size_t head, size_t row) { return batch * x.batch + head * x.head + row * x.row; }
DROPWISE_SHARED float* rowOf(const Heads& x, size_t batch, size_t head, size_t row) { return x.data + offsetOf(x, batch, head, row); }

/// Copies n elements, times `factor`, and fills up with zeros to `width`, whole vectors.
template <class V>
DROPWISE_SHARED void copyRow(const float* from, size_t n, float factor, float* to, size_t width) {
  const typename V::F32 f = V::splat(factor);
  size_t j = 0;
  for (; j + V::kLanes <= n; j += V::kLanes) V::store(to + j, V::mul(V::load(from + j), f));
  if (j < n) {
    V::store(to + j, V::mul(V::loadPart(from + j, int(n - j)), f));
    j += V::kLanes;
  }
  for (; j < width; j += V::kLanes) V::store(to + j, V::splat(0.0f));
}

/// Adds n elements, times `factor`, to `to`, or writes them there.
template <class V>
DROPWISE_SHARED void putRow(const float* from, size_t n, float factor, bool adds, float* to) {
  const typename V::F32 f = V::splat(factor);
  for (size_t j = 0; j < n; j += V::kLanes) {
    const int count = int(smaller<size_t>(V::kLanes, n - j));
    const bool whole = count == V::kLanes;
    typename V::F32 x = V::mul(V::load(from + j), f);
    if (adds) x = V::add(whole ? V::load(to + j) : V::loadPart(to + j, count), x);
    if (whole) V::store(to + j, x);
    else V::storePart(to + j, count, x);
  }
}

/// `count` rows of `size` elements to panels a tile wide: row after row in each, panels `rows` * W apart.
template <class V>
DROPWISE_NOINLINE void panelsOfRows(const float* from, size_t stride, size_t count, size_t size, size_t rows, float* panels) {
  constexpr size_t W = AttentionTile<V>::W;
  for (size_t l = 0; l < count; l++) {
    for (size_t c = 0; c < size; c += W) copyRow<V>(from + l * stride + c, smaller(W, size - c), 1.0f, panels + c * rows + l * W, W);
  }
}

/// The transpose: element l of row i to panel i / W, there to [l * W + i % W].
template <class V>
DROPWISE_NOINLINE void panelsTurned(const float* from, size_t stride, size_t count, size_t size, float* panels) {
  constexpr size_t W = AttentionTile<V>::W;
  for (size_t i = 0; i < count; i += W) pack<V, W>(from + i * stride, stride, 1, smaller(W, count - i), size, panels + i * size);
}

/// Where some weights lie: from query `query` of a head on, and from key `key` on.
struct WeightPlace {
  size_t batch, head, query, key;
};

/// How many of `count` keys query `row` of a place sees, by the triangle.
DROPWISE_SHARED size_t seenBy(const AttentionArgs& a, const WeightPlace& at, size_t row, size_t count) {
  if (a.causal == 0) return count;
  const size_t end = a.firstQuery + at.query + row + 1;
  return end <= at.key ? 0 : smaller(count, end - at.key);
}

/// The mask index of a place's row, for dropout.
DROPWISE_SHARED uint64_t maskIndex(const AttentionArgs& a, const WeightPlace& at, size_t row) {
  return a.elementOffset + ((uint64_t(at.batch) * a.heads + at.head) * a.queries + at.query + row) * a.keys + at.key;
}

/// Lays the mask over n scores; whether it lets any through.
template <class V>
DROPWISE_SHARED bool maskScores(const AttentionArgs& a, size_t from, float* scores, size_t n) {
  const float hidden = -__builtin_inff();
  uint32_t seen = 0;
  if (a.maskKind == AttentionMask::bools) {
    const uint8_t* const mask = reinterpret_cast<const uint8_t*>(a.mask.data) + from;
    if (V::kLanes > 4 && a.maskColumn == 1) {  // which a compiler makes vectors of; where those are short, it is not worth the code
      for (size_t j = 0; j < n; j++) {
        scores[j] = mask[j] != 0 ? scores[j] : hidden;
        seen |= mask[j];
      }
      return seen != 0;
    }
    for (size_t j = 0; j < n; j++) {
      if (mask[j * a.maskColumn] == 0) scores[j] = hidden;
      seen |= mask[j * a.maskColumn];
    }
    return seen != 0;
  }
  const float* const mask = a.mask.data + from;
  for (size_t j = 0; j < n; j++) {
    scores[j] += mask[j * a.maskColumn];
    seen |= uint32_t(mask[j * a.maskColumn] > hidden);
  }
  return seen != 0;
}

/// The scores of `rows` queries, which lie in `queries`, with the first `count` keys of the packed tile, and -infinity behind them.
template <class V>
DROPWISE_NOINLINE void scoresOf(const AttentionArgs& a, const WeightPlace& at, float* queries, const float* keys, size_t rows, size_t count,
                                float* scores) {
  constexpr size_t W = AttentionTile<V>::W;
  attentionProduct<V, kRowFloats, 1>(queries, keys, W, W * a.size, rows, count, a.size, false, scores, kRowFloats);
  for (size_t r = 0; r < rows; r++) {
    float* const row = scores + r * kRowFloats;
    size_t j = seenBy(a, at, r, count);
    if (a.maskKind != AttentionMask::none) {
      if (maskScores<V>(a, offsetOf(a.mask, at.batch, at.head, at.query + r) + at.key * a.maskColumn, row, j)) queries[r * kRowFloats + kRowSeen] = 1;
    }
    for (; j < AttentionTile<V>::filled(count); j++) row[j] = -__builtin_inff();
  }
}

/// What dropout takes of the arguments.
DROPWISE_INLINE DropoutArgs dropoutOf(const AttentionArgs& a) {
  DropoutArgs d{};
  d.seedLo = a.seedLo;
  d.seedHi = a.seedHi;
  d.callLo = a.callLo;
  d.callHi = a.callHi;
  d.threshold = a.threshold;
  d.keepScale = a.keepScale;
  return d;
}

/// e^x for x <= 0, but for what would be subnormal: 0, which processors get to a hundred times as fast. Of a hidden key it is always that.
template <class V>
DROPWISE_INLINE typename V::F32 weightOf(typename V::F32 x) {
  const typename V::Mask tiny = V::lt(x, V::splat(-87.0f));
  return V::clear(tiny, expOf<V>(V::select(tiny, V::splat(0.0f), x)));
}

/// The sum of a vector's lanes, or the largest, in halves.
template <class V, bool kLargest>
DROPWISE_SHARED float acrossLanes(typename V::F32 x) {
  float lanes[V::kLanes];
  V::store(lanes, x);
  DROPWISE_UNROLL for (int half = V::kLanes / 2; half > 0; half /= 2) {
    DROPWISE_UNROLL for (int i = 0; i < half; i++) {
      const float a = lanes[i], b = lanes[i + half];
      lanes[i] = kLargest ? (a < b ? b : a) : a + b;
    }
  }
  return lanes[0];
}

/// The largest of n numbers, whole vectors, but for NaN.
template <class V>
DROPWISE_INLINE float largestOf(const float* x, size_t n) {
  constexpr int kSteps = V::kLanes > 4 ? 4 : 1, L = V::kLanes;
  typename V::F32 best[kSteps];
  for (auto& each : best) each = V::splat(-__builtin_inff());
  const auto larger = [](typename V::F32 a, typename V::F32 b) { return V::select(V::lt(a, b), b, a); };
  size_t j = 0;
  for (; j + kSteps * L <= n; j += kSteps * L) {
    DROPWISE_UNROLL for (int i = 0; i < kSteps; i++) best[i] = larger(best[i], V::load(x + j + i * L));
  }
  for (; j < n; j += L) best[0] = larger(best[0], V::load(x + j));
  DROPWISE_UNROLL for (int i = 1; i < kSteps; i++) best[0] = larger(best[0], best[i]);
  return acrossLanes<V, true>(best[0]);
}

/// Scores to e^(score - shift) * factor, for a row of whole vectors; their sum.
template <class V>
DROPWISE_NOINLINE float powersOf(float* scores, size_t n, float shift, float factor) {
  const typename V::F32 down = V::splat(shift), scale = V::splat(factor);
  typename V::F32 sums = V::splat(0.0f);
  for (size_t j = 0; j < n; j += V::kLanes) {
    const typename V::F32 e = V::mul(weightOf<V>(V::sub(V::load(scores + j), down)), scale);
    V::store(scores + j, e);
    sums = V::add(sums, e);
  }
  return acrossLanes<V, false>(sums);
}

/// Scores to e^(score - m). What was summed before, in `values` and the row's numbers, is scaled to the new maximum.
template <class V>
DROPWISE_NOINLINE void exponentials(float* scores, size_t n, float* row, float* values, size_t width) {
  // A NaN among them is found again in the sum.
  const float before = row[kRowMax], top = largestOf<V>(scores, n), none = -__builtin_inff();
  const float now = before < top ? top : before, from = now == none ? 0 : now;
  if (before != now && before != none) {
    float lanes[V::kLanes];
    V::store(lanes, weightOf<V>(V::splat(before - from)));
    putRow<V>(values, width, lanes[0], false, values);
    row[kRowSum] *= lanes[0];
  }
  row[kRowMax] = now;
  row[kRowSum] += powersOf<V>(scores, n, from, 1.0f);
}

/// Blocks of queries [begin, end): blocks run fastest, then heads, then batches. `scratch`: AttentionTile<V>::kScratch floats.
template <class V>
DROPWISE_NOINLINE void attention(const AttentionArgs& a, size_t begin, size_t end, float* scratch) {
  using T = AttentionTile<V>;
  constexpr size_t W = T::W;
  float* const rows = scratch;
  float* const scores = rows + (kAttentionRows + T::R) * kRowFloats;
  float* const keyPanels = scores + T::kScores * kRowFloats;
  float* const valuePanels = keyPanels + T::kPanelFloats;
  const size_t blocks = partsOf(a.queries, kAttentionRows), width = T::whole(a.valueSize);
  const size_t tile = T::keysOf(a.size, a.valueSize, T::kMostKeys, T::kPanelFloats);
  const DropoutArgs drop = dropoutOf(a);
  const Select<V> select(drop);
  MaskWords<V> mask(drop, select);
  const float *packedKeys = nullptr, *packedValues = nullptr;  // what the panels hold

  for (size_t unit = begin; unit < end; unit++) {
    const size_t head = unit / blocks % a.heads, batch = unit / blocks / a.heads, shared = head / a.group;
    const size_t top = unit % blocks * kAttentionRows, count = smaller(kAttentionRows, a.queries - top);
    for (size_t r = 0; r < count; r++) {
      float* const row = rows + r * kRowFloats;
      copyRow<V>(rowOf(a.query, batch, head, top + r), a.size, a.scale, row, a.size);
      row[kRowMax] = -__builtin_inff();
      row[kRowSum] = 0;
      row[kRowSeen] = a.maskKind == AttentionMask::none;
    }
    for (size_t key = 0; key < a.keys; key += tile) {
      WeightPlace at = {batch, head, top, key};
      const size_t keys = smaller(tile, a.keys - key);
      if (seenBy(a, at, count - 1, keys) == 0) break;
      const float* const fromKeys = rowOf(a.key, batch, shared, key);
      const float* const fromValues = rowOf(a.value, batch, shared, key);
      if (fromKeys != packedKeys || fromValues != packedValues) {
        panelsTurned<V>(fromKeys, a.key.row, keys, a.size, keyPanels);
        panelsOfRows<V>(fromValues, a.value.row, keys, a.valueSize, tile, valuePanels);
        packedKeys = fromKeys;
        packedValues = fromValues;
      }
      for (size_t r = 0; r < count; r += T::kScores) {
        at.query = top + r;
        const size_t some = smaller(T::kScores, count - r), seen = seenBy(a, at, some - 1, keys);
        if (seen == 0) continue;
        float* const own = rows + r * kRowFloats;
        scoresOf<V>(a, at, own, keyPanels, some, seen, scores);
        for (size_t i = 0; i < some; i++) {
          float* const weights = scores + i * kRowFloats;
          exponentials<V>(weights, T::filled(seen), own + i * kRowFloats, own + i * kRowFloats + kRowHalf, width);
          if (a.drops != 0) dropoutRun<V>(select, mask, maskIndex(a, at, i), weights, 1, weights, seenBy(a, at, i, seen));
        }
        attentionProduct<V, kRowFloats, 1>(scores, valuePanels, W, W * tile, some, a.valueSize, seen, key > 0, own + kRowHalf, kRowFloats);
      }
    }
    for (size_t r = 0; r < count; r++) {
      float* const row = rows + r * kRowFloats;
      float* const numbers = a.rows + 2 * ((batch * a.heads + head) * a.queries + top + r);
      numbers[0] = row[kRowMax] == -__builtin_inff() ? 0 : row[kRowMax];
      numbers[1] = row[kRowSeen] != 0 ? 1 / row[kRowSum] : 0;
      putRow<V>(row + kRowHalf, a.valueSize, numbers[1], false, rowOf(a.out, batch, head, top + r));
    }
  }
}

DROPWISE_END
