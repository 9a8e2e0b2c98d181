// The gradients of `attention` by query, key and value, from its operands, its output and its rows: weights and mask are made again, tile by tile.
//
//     p = dropout(w)      dValue[j] = sum_i p[i, j] grad[i]
//     ds[i, j] = p[i, j] (grad[i] . value[j]) - w[i, j] (grad[i] . out[i])
//     dQuery[i] = scale * sum_j ds[i, j] key[j]      dKey[j] = sum_i ds[i, j] (scale * query[i])
//
// A unit is a head of keys with all heads of queries that share it: it writes their gradients alone, and sums run in the order of tiles of keys, heads and
// blocks of queries. Limits as for `attention`.
#pragma once

#include <dropwise/attention.hpp>

DROPWISE_BEGIN

/// How the work is cut for a lane type.
template <class V>
struct AttentionGradTile : AttentionTile<V> {
  static constexpr size_t kMostKeys = 256, kPanelFloats = 16384;
  static constexpr size_t kRows = 48 / AttentionTile<V>::R * AttentionTile<V>::R;
  /// Sums of a tile of keys, in whole tiles of registers.
  static constexpr size_t kSumFloats = kPanelFloats + AttentionTile<V>::R * kRowHalf;
  static constexpr size_t kScratch = 3 * kRows * kRowFloats + 3 * kPanelFloats + 2 * kSumFloats;
};

template <class V>
DROPWISE_SHARED float dotOf(const float* x, const float* y, size_t n) {
  typename V::F32 sums = V::splat(0.0f);
  size_t j = 0;
  for (; j + V::kLanes <= n; j += V::kLanes) sums = V::add(sums, V::mul(V::load(x + j), V::load(y + j)));
  if (j < n) sums = V::add(sums, V::mul(V::loadPart(x + j, int(n - j)), V::loadPart(y + j, int(n - j))));
  return acrossLanes<V, false>(sums);
}

/// Heads of keys [begin, end). `scratch`: AttentionGradTile<V>::kScratch floats.
template <class V>
DROPWISE_NOINLINE void attentionGrad(const AttentionArgs& a, size_t begin, size_t end, float* scratch) {
  using T = AttentionGradTile<V>;
  using F = typename V::F32;
  constexpr size_t W = T::W, L = V::kLanes;
  float* const rows = scratch;                        // queries and incoming gradients
  float* const scores = rows + T::kRows * kRowFloats;  // weights, then the gradient of the scores; and the gradient of dropped weights
  float* const dropped = scores + T::kRows * kRowFloats;  // dropped weights, then a piece of the gradient of the queries
  float* const keyPanels = dropped + T::kRows * kRowFloats;
  float* const valuePanels = keyPanels + T::kPanelFloats;
  float* const keyRows = valuePanels + T::kPanelFloats;
  float* const keySums = keyRows + T::kPanelFloats;
  float* const valueSums = keySums + T::kSumFloats;
  const size_t width = T::whole(a.size), valueWidth = T::whole(a.valueSize), shared = a.heads / a.group;
  const size_t tile = T::keysOf(a.size, a.valueSize, T::kMostKeys, T::kPanelFloats);
  const DropoutArgs drop = dropoutOf(a);
  const Select<V> select(drop);
  MaskWords<V> mask(drop, select);

  for (size_t unit = begin; unit < end; unit++) {
    const size_t own = unit % shared, batch = unit / shared;
    for (size_t key = 0; key < a.keys; key += tile) {
      const size_t keys = smaller(tile, a.keys - key);
      const float* const fromKeys = rowOf(a.key, batch, own, key);
      panelsTurned<V>(fromKeys, a.key.row, keys, a.size, keyPanels);
      panelsOfRows<V>(fromKeys, a.key.row, keys, a.size, tile, keyRows);
      panelsTurned<V>(rowOf(a.value, batch, own, key), a.value.row, keys, a.valueSize, valuePanels);
      __builtin_memset(keySums, 0, keys * width * sizeof(float));
      __builtin_memset(valueSums, 0, keys * valueWidth * sizeof(float));

      for (size_t head = own * a.group; head < (own + 1) * a.group; head++) {
        for (size_t top = 0; top < a.queries; top += T::kRows) {
          const WeightPlace at = {batch, head, top, key};
          const size_t count = smaller(T::kRows, a.queries - top), seen = seenBy(a, at, count - 1, keys);
          if (seen == 0) continue;
          for (size_t r = 0; r < count; r++) {
            const float* const grad = rowOf(a.grad, batch, head, top + r);
            float* const row = rows + r * kRowFloats;
            copyRow<V>(rowOf(a.query, batch, head, top + r), a.size, a.scale, row, width);
            copyRow<V>(grad, a.valueSize, 1.0f, row + kRowHalf, valueWidth);
            row[kRowSum] = dotOf<V>(grad, rowOf(a.out, batch, head, top + r), a.valueSize);
          }
          scoresOf<V>(a, at, rows, keyPanels, count, seen, scores);
          const size_t n = T::filled(seen);
          float* const kept = a.drops != 0 ? dropped : scores;
          for (size_t r = 0; r < count; r++) {
            float* const weights = scores + r * kRowFloats;
            const float* const numbers = a.rows + 2 * ((batch * a.heads + head) * a.queries + top + r);
            powersOf<V>(weights, n, numbers[0], numbers[1]);
            if (a.drops == 0) continue;
            const size_t some = seenBy(a, at, r, seen);
            dropoutRun<V>(select, mask, maskIndex(a, at, r), weights, 1, kept + r * kRowFloats, some);
            __builtin_memset(kept + r * kRowFloats + some, 0, (n - some) * sizeof(float));
          }
          attentionProduct<V, 1, kRowFloats>(kept, rows + kRowHalf, kRowFloats, W, seen, a.valueSize, count, true, valueSums, valueWidth);
          attentionProduct<V, kRowFloats, 1>(rows + kRowHalf, valuePanels, W, W * a.valueSize, count, seen, a.valueSize, false, scores + kRowHalf,
                                             kRowFloats);
          for (size_t r = 0; r < count; r++) {
            float* const weights = scores + r * kRowFloats;
            const F dot = V::splat(rows[r * kRowFloats + kRowSum]);
            for (size_t j = 0; j < seen; j += L) {  // behind that weights are 0, and stay so
              const F down = V::mul(V::load(kept + r * kRowFloats + j), V::load(weights + kRowHalf + j));
              V::store(weights + j, V::sub(down, V::mul(V::load(weights + j), dot)));
            }
          }
          attentionProduct<V, 1, kRowFloats>(scores, rows, kRowFloats, W, seen, a.size, count, true, keySums, width);
          attentionProduct<V, kRowFloats, 1>(scores, keyRows, W, W * tile, count, a.size, seen, false, dropped, kRowFloats);
          for (size_t r = 0; r < count; r++) {
            putRow<V>(dropped + r * kRowFloats, a.size, a.scale, key > 0, rowOf(a.gradQuery, batch, head, top + r));
          }
        }
      }
      for (size_t j = 0; j < keys; j++) {
        putRow<V>(keySums + j * width, a.size, 1.0f, false, rowOf(a.gradKey, batch, own, key + j));
        putRow<V>(valueSums + j * valueWidth, a.valueSize, 1.0f, false, rowOf(a.gradValue, batch, own, key + j));
      }
    }
  }
}

/// Floats of scratch memory that a thread needs for attention and its gradient.
template <class V>
DROPWISE_INLINE constexpr size_t attentionScratch() {
  constexpr size_t forward = AttentionTile<V>::kScratch, back = AttentionGradTile<V>::kScratch;
  return forward > back ? forward : back;
}

DROPWISE_END
