// The gradient of a convolution by its weights: out[row, channel, tap] = sum over images and places of grad[row, place] * x[channel, place at that tap], float32.
//
// Both operands are contiguous along places, and places are what is summed over. So a tile of sums keeps a vector for each pair of a row and a
// column (a channel with a tap), and its lanes are added up at the end of each box: nothing is transposed.
//
// A unit is a block of rows of a group, over one of `pieces` ranges of boxes; the caller adds the pieces up, in their order. Sums are float32: lanes
// within a box, in a fixed tree, then box after box.
#pragma once

#include <dropwise/windows.hpp>

DROPWISE_BEGIN

template <class V>
struct WeightTile {
  static constexpr int kSums = V::kTileRows * V::kTileVectors;
  static constexpr int kRows = kSums >= 24 ? 4 : 3, kColumns = kSums >= 24 ? 6 : kSums >= 12 ? 4 : 3;
  /// Floats of a row of places, whole vectors.
  static constexpr size_t kPitch = kBoxPlaces + kWindowSlack;
};

template <class V>
DROPWISE_INLINE constexpr size_t convolutionWeightsScratch() {
  return kWindowFloats + 2 * kWindowSlack + (kWeightRows + WeightTile<V>::kColumns) * WeightTile<V>::kPitch + 2 * kBoxPlaces;
}

/// The totals of `count` vectors, a multiple of four, in a fixed tree.
template <class V>
DROPWISE_INLINE void laneTotals(const float* vectors, int count, float* totals) {
  constexpr int L = V::kLanes;
  if constexpr (L == 1) {
    for (int i = 0; i < count; i++) totals[i] = vectors[i];
  } else {
    using Four = typename VectorOf<float, 4>::Type;
    for (int i = 0; i < count; i += 4) {
      float folded[16], turned[16];
      for (int j = 0; j < 4; j++) {
        Four part[L / 4];
        __builtin_memcpy(part, vectors + (i + j) * L, L * sizeof(float));
        for (int half = L / 8; half > 0; half /= 2) {
          for (int k = 0; k < half; k++) part[k] += part[k + half];
        }
        __builtin_memcpy(folded + 4 * j, part, sizeof(Four));
      }
      V::transpose4x4(folded, 4, turned, 4);
      Four rows[4];
      __builtin_memcpy(rows, turned, sizeof rows);
      const Four total = (rows[0] + rows[2]) + (rows[1] + rows[3]);
      __builtin_memcpy(totals + i, &total, sizeof total);
    }
  }
}

/// The products of `rows` rows of `grad` and columns of `patches`, over `length` places (whole vectors), to a vector for each.
template <class V>
DROPWISE_NOINLINE void weightVectors(const float* grad, size_t gradPitch, const float* patches, size_t length, size_t rows, float* vectors) {
  constexpr int R = WeightTile<V>::kRows, C = WeightTile<V>::kColumns, L = V::kLanes;
  constexpr size_t kPitch = WeightTile<V>::kPitch;
  typename V::F32 sums[R][C];
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) sums[r][c] = V::splat(0.0f);
  }
  // Where there are fewer rows, the last one is taken several times.
  const float* from[R];
  DROPWISE_UNROLL for (int r = 0; r < R; r++) from[r] = grad + smaller(size_t(r), rows - 1) * gradPitch;
  for (size_t i = 0; i < length; i += L) {
    typename V::F32 row[R];
    DROPWISE_UNROLL for (int r = 0; r < R; r++) row[r] = V::load(from[r] + i);
    DROPWISE_UNROLL for (int c = 0; c < C; c++) {
      const typename V::F32 patch = V::load(patches + size_t(c) * kPitch + i);
      DROPWISE_UNROLL for (int r = 0; r < R; r++) sums[r][c] = V::mulAdd(row[r], patch, sums[r][c]);
    }
  }
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) V::store(vectors + (r * C + c) * L, sums[r][c]);
  }
}

/// Adds the products of rows of `grad` and columns of `patches` to `columns` sums in each of `rows` rows of `out`.
template <class V>
DROPWISE_NOINLINE void weightTile(const float* grad, size_t gradPitch, const float* patches, size_t length, float* out, size_t outPitch, size_t rows,
                                  size_t columns) {
  constexpr int R = WeightTile<V>::kRows, C = WeightTile<V>::kColumns, L = V::kLanes, kCount = (R * C + 3) / 4 * 4;
  float vectors[kCount * L], totals[kCount];
  replaceable(weightVectors<V>)(grad, gradPitch, patches, length, rows, vectors);
  for (int i = R * C * L; i < kCount * L; i++) vectors[i] = 0.0f;
  laneTotals<V>(vectors, kCount, totals);
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) out[r * outPitch + c] += totals[r * size_t(C) + c];
  }
}

/// Copies the lines of a row, each a contiguous run of `length` places, one after the other, and fills the last vector with zeros.
template <class V>
DROPWISE_NOINLINE void copyLines(const float* from, const ptrdiff_t* offsets, size_t lines, size_t length, const float* limit, float* to) {
  for (size_t line = 0; line < lines; line++, to += length) copyRun<V>(to, from + offsets[line], length, limit);
  for (size_t i = lines * length; i % V::kLanes != 0; i++) *to++ = 0.0f;
}

/// Where the lines of a box begin.
DROPWISE_SHARED void lineOffsets(const Box& box, ptrdiff_t image, ptrdiff_t plane, ptrdiff_t row, ptrdiff_t* offsets) {
  for (size_t n = 0; n < box.count[0]; n++) {
    for (size_t z = 0; z < box.count[1]; z++) {
      for (size_t y = 0; y < box.count[2]; y++) *offsets++ = ptrdiff_t(n) * image + ptrdiff_t(z) * plane + ptrdiff_t(y) * row;
    }
  }
}

template <class V>
DROPWISE_NOINLINE void convolutionWeights(const ConvolutionArgs& a, size_t begin, size_t end, float* scratch) {
  using T = WeightTile<V>;
  const ConvolutionPlan p = planOf(a);
  const size_t boxes = p.boxes[0] * p.boxes[1] * p.boxes[2] * p.boxes[3], rowBlocks = partsOf(p.rows, kWeightRows);
  float* const memory = scratch + kWindowSlack;
  float* const grads = memory + kWindowFloats + kWindowSlack;
  float* const patches = grads + kWeightRows * T::kPitch;
  ptrdiff_t* const offsets = reinterpret_cast<ptrdiff_t*>(patches + T::kColumns * T::kPitch);

  for (size_t unit = begin; unit < end; unit++) {
    const size_t top = unit % rowBlocks * kWeightRows, group = unit / rowBlocks % a.groups, piece = unit / rowBlocks / a.groups;
    const size_t rows = smaller(kWeightRows, p.rows - top);
    float* const out = a.out + ((piece * a.groups + group) * p.rows + top) * p.depth;
    __builtin_memset(out, 0, rows * p.depth * sizeof(float));
    for (size_t index = boxes * piece / a.pieces; index < boxes * (piece + 1) / a.pieces; index++) {
      const Box box = boxOf(p, a.batch, index);
      const size_t length = box.count[3], lines = box.count[0] * box.count[1] * box.count[2], places = lines * length;
      const size_t padded = partsOf(places, V::kLanes) * V::kLanes;
      const ptrdiff_t gradRow = ptrdiff_t(p.axes[2].places), gradPlane = ptrdiff_t(p.axes[1].places) * gradRow;
      const float* const first = a.y + ((box.start[0] * a.groups + group) * p.rows + top) * p.result +
                                 (ptrdiff_t(box.start[1]) * gradPlane + ptrdiff_t(box.start[2]) * gradRow + ptrdiff_t(box.start[3]));
      const float* grad = first;
      size_t gradPitch = p.result;
      if (box.count[0] > 1 || padded != places) {
        grad = grads;
        gradPitch = T::kPitch;
        const float* const limit = a.y + a.batch * a.groups * p.rows * p.result - V::kLanes;
        lineOffsets(box, ptrdiff_t(a.groups * p.rows * p.result), gradPlane, gradRow, offsets);
        for (size_t r = 0; r < rows; r++) copyLines<V>(first + r * p.result, offsets, lines, length, limit, grads + r * T::kPitch);
      }
      for (size_t l = 0; l < p.depth; l += p.piece) {
        const size_t depth = smaller(p.piece, p.depth - l), base = l / p.taps;
        const Window window = openWindow<V>(a, p, group, box, base, (l + depth - 1) / p.taps + 1, memory);
        lineOffsets(box, window.image, window.place[0], window.place[1], offsets);
        for (size_t k = 0; k < depth; k += T::kColumns) {
          const size_t columns = smaller(size_t(T::kColumns), depth - k);
          for (size_t c = 0; c < columns; c++) {
            const float* const from = window.at((l + k + c) / p.taps - base, (l + k + c) % p.taps, p);
            copyLines<V>(from, offsets, lines, length, window.limit, patches + c * T::kPitch);
          }
          for (size_t r = 0; r < rows; r += T::kRows) {
            weightTile<V>(grad + r * gradPitch, gradPitch, patches, padded, out + r * p.depth + l + k, p.depth, smaller(size_t(T::kRows), rows - r), columns);
          }
        }
      }
    }
  }
}

DROPWISE_END
