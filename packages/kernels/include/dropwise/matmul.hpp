// out[b, i, j] = sum_l x[b, i, l] * y[b, l, j] (+ bias[j]), float32, for matrices with any row and column strides.
//
// The usual blocked product. A panel of y (kDepth deep, a tile wide) and the block of x (kDepth deep, in panels a tile high) are copied so
// that the innermost loop reads both in order; that loop keeps one tile of sums in registers. The copies also take care of strides, so
// that a transposed operand costs the same, and of edges: panels are filled up with zeros.
//
// Sums are float32: in index order within pieces of kDepth, then piece after piece. The bits of an element depend on nothing else, neither
// on the range of units asked for nor on the size of blocks; k is never split between threads.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// Depth of a panel: the panel of y stays in the first-level cache beside one of x.
constexpr size_t kDepth = 256;
/// Columns of y that are copied together, in as many panels as that takes: a pair of cache lines, which processors fetch together, where its
/// rows are far apart. More would push each other out of the first-level cache, since panels and rows lie powers of two apart.
constexpr size_t kColumnsTogether = 32;

struct MatmulArgs {
  const float* x;
  const float* y;
  const float* bias;  // n elements, or null
  float* out;         // contiguous
  size_t m, k, n;
  size_t xRow, xColumn, xBatch, yRow, yColumn, yBatch;  // strides in elements
  size_t blockRows, blockColumns;                       // the block of `out` that is one unit; blockRows is a multiple of kTileRows
};

template <class V>
struct Tile {
  static constexpr size_t kRows = V::kTileRows;
  static constexpr size_t kColumns = size_t(V::kTileVectors) * V::kLanes;
  /// Columns that are copied together: whole panels.
  static constexpr size_t kTogether = kColumns < kColumnsTogether ? kColumnsTogether / kColumns * kColumns : kColumns;
  /// Rows of the lower tile that the last rows get where they are so few.
  static constexpr int kFewRows = V::kTileRows * 2 / 3;
};

/// Floats of scratch memory that a thread needs for `matmul`.
template <class V>
DROPWISE_INLINE constexpr size_t matmulScratch(size_t blockRows) {
  return kDepth * (blockRows + Tile<V>::kTogether);
}

/// Units of a product with `batches` matrices.
DROPWISE_INLINE size_t matmulUnits(const MatmulArgs& a, size_t batches) {
  return batches * ((a.m + a.blockRows - 1) / a.blockRows) * ((a.n + a.blockColumns - 1) / a.blockColumns);
}

/// The part of `pack` for rows that are contiguous: takes squares of Side x Side, transposed by `transpose`, from lane `i` on; returns the next lane.
template <size_t Side, size_t Width, class Transpose>
DROPWISE_INLINE size_t packSquares(Transpose transpose, const float* from, size_t stride, size_t i, size_t count, size_t depth, float* panel) {
  for (; i + Side <= count; i += Side) {
    const float* rows = from + i * stride;
    size_t l = 0;
    for (; l + Side <= depth; l += Side) transpose(rows + l, stride, panel + l * Width + i, Width);
    for (; l < depth; l++) {
      for (size_t r = 0; r < Side; r++) panel[l * Width + i + r] = rows[r * stride + l];
    }
  }
  return i;
}

/// Copies count x depth elements into a panel Width lanes wide: element (i, l) goes to panel[l * Width + i], and lanes from `count` on are 0.
template <class V, size_t Width>
DROPWISE_NOINLINE void pack(const float* from, size_t stride, size_t depthStride, size_t count, size_t depth, float* panel) {
  if (count == Width && stride == 1) {
    for (size_t l = 0; l < depth; l++) __builtin_memcpy(panel + l * Width, from + l * depthStride, Width * sizeof(float));
    return;
  }
  size_t i = 0;
  if (depthStride == 1) {
    if constexpr (V::kLanes == 16 && Width >= 16) i = packSquares<16, Width>(V::transpose16x16, from, stride, i, count, depth, panel);
    i = packSquares<4, Width>(V::transpose4x4, from, stride, i, count, depth, panel);
  }
  for (; i < Width; i++) {
    for (size_t l = 0; l < depth; l++) panel[l * Width + i] = i < count ? from[i * stride + l * depthStride] : 0.0f;
  }
}

/// Copies the panels of y that go together, `count` columns; side by side where its rows are contiguous, else one after the other.
template <class V>
DROPWISE_INLINE void packColumns(const float* from, size_t stride, size_t depthStride, size_t count, size_t depth, float* panels) {
  constexpr size_t W = Tile<V>::kColumns;
  size_t c = 0;
  if (stride == 1) {
    const size_t whole = count / W;
    for (size_t l = 0; l < depth; l++) {
      for (size_t p = 0; p < whole; p++) __builtin_memcpy(panels + p * W * kDepth + l * W, from + l * depthStride + p * W, W * sizeof(float));
    }
    c = whole * W;
  }
  for (; c < count; c += W) pack<V, W>(from + c * stride, stride, depthStride, smaller(W, count - c), depth, panels + c * kDepth);
}

/// One tile of sums over `depth`, added to `base` (rows baseStride apart; null for zeros). Writes the first `rows` x `columns` of it.
/// y is read kColumns wide, rows yStep apart; x one panel. R is kTileRows, or less for the last
/// rows, which rows of zeros would only slow down.
template <class V, int R>
DROPWISE_NOINLINE void matmulTile(const float* x, const float* y, size_t yStep, size_t depth, const float* base, size_t baseStride, float* out,
                                  size_t outStride, size_t rows, size_t columns) {
  constexpr int C = V::kTileVectors, L = V::kLanes;
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
      const typename V::F32 factor = V::splat(x[r]);
      DROPWISE_UNROLL for (int c = 0; c < C; c++) sums[r][c] = V::mulAdd(factor, row[c], sums[r][c]);
    }
    x += V::kTileRows;
    y += yStep;
  }
  if (rows == size_t(R) && columns == size_t(C * L)) {
    DROPWISE_UNROLL for (int r = 0; r < R; r++) {
      DROPWISE_UNROLL for (int c = 0; c < C; c++) {
        const size_t at = c * L;
        V::store(out + r * outStride + at, base == nullptr ? sums[r][c] : V::add(V::load(base + r * baseStride + at), sums[r][c]));
      }
    }
    return;
  }
  float edge[R * C * L];
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) V::store(edge + (r * C + c) * L, sums[r][c]);
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      const float sum = edge[r * (C * L) + c];
      out[r * outStride + c] = base == nullptr ? sum : base[r * baseStride + c] + sum;
    }
  }
}

/// The blocks [begin, end) of the output: row blocks run fastest, then column blocks, then batches. `scratch`: matmulScratch<V>(blockRows) floats.
template <class V>
DROPWISE_NOINLINE void matmul(const MatmulArgs& a, size_t begin, size_t end, float* scratch) {
  using T = Tile<V>;
  const size_t rowBlocks = (a.m + a.blockRows - 1) / a.blockRows;
  const size_t columnBlocks = (a.n + a.blockColumns - 1) / a.blockColumns;
  float* const yPanels = scratch;
  float* const xPanels = scratch + kDepth * T::kTogether;

  for (size_t unit = begin; unit < end; unit++) {
    const size_t batch = unit / (rowBlocks * columnBlocks);
    const size_t top = unit % rowBlocks * a.blockRows;
    const size_t left = unit / rowBlocks % columnBlocks * a.blockColumns;
    const size_t bottom = smaller(a.m, top + a.blockRows);
    const size_t right = smaller(a.n, left + a.blockColumns);
    const float* const x = a.x + batch * a.xBatch;
    const float* const y = a.y + batch * a.yBatch;
    float* const out = a.out + batch * a.m * a.n;

    for (size_t l = 0; l == 0 || l < a.k; l += kDepth) {  // once even for k = 0, to write the bias or zeros
      const size_t depth = smaller(kDepth, a.k - l);
      for (size_t i = top; i < bottom; i += T::kRows) {
        pack<V, T::kRows>(x + i * a.xRow + l * a.xColumn, a.xRow, a.xColumn, smaller(T::kRows, bottom - i), depth, xPanels + (i - top) * kDepth);
      }
      // With one panel of rows each element of y is used once, and is better read where it is.
      const bool direct = a.yColumn == 1 && bottom - top <= T::kRows;
      for (size_t j = left; j < right; j += T::kTogether) {
        const size_t width = smaller(T::kTogether, right - j);
        const float* const from = y + l * a.yRow + j * a.yColumn;
        const size_t inPlace = direct ? width - width % T::kColumns : 0;
        if (inPlace < width) {
          packColumns<V>(from + inPlace * a.yColumn, a.yColumn, a.yRow, width - inPlace, depth, yPanels + inPlace * kDepth);
        }
        for (size_t c = 0; c < width; c += T::kColumns) {
          const float* const panel = c < inPlace ? from + c : yPanels + c * kDepth;
          const size_t step = c < inPlace ? a.yRow : T::kColumns;
          const size_t columns = smaller(T::kColumns, width - c);
          for (size_t i = top; i < bottom; i += T::kRows) {
            const size_t rows = smaller(T::kRows, bottom - i);
            const float* const xPanel = xPanels + (i - top) * kDepth;
            float* const to = out + i * a.n + j + c;
            const float* const base = l > 0 ? to : a.bias != nullptr ? a.bias + j + c : nullptr;
            const size_t baseStride = l > 0 ? a.n : 0;
            const auto tile = rows == 1 ? matmulTile<V, 1> : rows <= size_t(T::kFewRows) ? matmulTile<V, T::kFewRows> : matmulTile<V, V::kTileRows>;
            tile(xPanel, panel, step, depth, base, baseStride, to, a.n, rows, columns);
          }
        }
      }
    }
  }
}

DROPWISE_END
