// out[b, i, j] = sum_l x[b, i, l] * y[b, l, j] (+ bias[j]), float32, for matrices with any row and column strides.
//
// The usual blocked product. A panel of y (kDepth deep, a tile wide) is copied so that the innermost loop reads it in order; that loop keeps one
// tile of sums in registers. Rows of x are read where they are if their elements lie side by side and few panels of y need them, else they are
// copied too, in panels a tile high. The copies also take care of strides, so that a transposed operand costs little more. Edges are tiles of
// fewer rows and vectors; lanes beyond the last column are filled up with zeros in the copy, and never stored.
//
// Sums are float32: in index order within pieces of kDepth, then piece after piece. The bits of an element depend on nothing else, neither
// on the range of units asked for nor on the size of blocks; k is never split between threads.
#pragma once

#include <dropwise/config.hpp>

DROPWISE_BEGIN

/// Depth of a panel: the panel of y stays in the first-level cache beside one of x.
constexpr size_t kDepth = 128;
/// Columns of y that are copied together, in as many panels as that takes: a pair of cache lines, which processors fetch together, where its
/// rows are far apart. More would push each other out of the first-level cache, since panels and rows lie powers of two apart.
constexpr size_t kColumnsTogether = 32;
/// Columns of a block up to which rows of x are read in place: copying takes a time of its own, and so does reading more rows at once than one.
constexpr size_t kColumnsInPlace = 512;
/// Rows of a block up to which y is read in place.
constexpr size_t kRowsInPlace = 32;

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
  static constexpr size_t kRowsTogether = kRows * 16;
  /// Whether there is a tile of every height and of every whole number of vectors; else of kRows, kFewRows and 1, which take more code.
  static constexpr bool kHasAll = V::kTilesOfAllSizes;
  static constexpr int kFewRows = V::kTileRows * 2 / 3;
};

/// Floats of scratch memory that a thread needs for `matmul`.
template <class V>
DROPWISE_INLINE constexpr size_t matmulScratch(size_t blockRows) {
  return kDepth * (blockRows + Tile<V>::kTogether);
}

/// Units of a product with `batches` matrices.
DROPWISE_INLINE size_t matmulUnits(const MatmulArgs& a, size_t batches) {
  return batches * partsOf(a.m, a.blockRows) * partsOf(a.n, a.blockColumns);
}

/// The part of `pack` for rows that are contiguous: takes squares of Side x Side, transposed by `transpose`, from lane `i` on; returns the next lane.
template <size_t Side, class Transpose>
DROPWISE_INLINE size_t packSquares(Transpose transpose, const float* from, size_t stride, size_t i, size_t count, size_t depth, float* panel, size_t width) {
  for (; i + Side <= count; i += Side) {
    const float* rows = from + i * stride;
    size_t l = 0;
    for (; l + Side <= depth; l += Side) transpose(rows + l, stride, panel + l * width + i, width);
    for (; l < depth; l++) {
      for (size_t r = 0; r < Side; r++) panel[l * width + i + r] = rows[r * stride + l];
    }
  }
  return i;
}

/// `pack` for panels of any width.
template <class V>
DROPWISE_SHARED void packAny(const float* from, size_t stride, size_t depthStride, size_t count, size_t depth, float* panel, size_t filled, size_t width) {
  if (!kIsCompact && count == width && stride == 1) {
    for (size_t l = 0; l < depth; l++) __builtin_memcpy(panel + l * width, from + l * depthStride, width * sizeof(float));
    return;
  }
  size_t i = 0;
  if (depthStride == 1) {
    if constexpr (V::kLanes == 16) {
      if (width >= 16) i = packSquares<16>(V::transpose16x16, from, stride, i, count, depth, panel, width);
    }
    i = packSquares<4>(V::transpose4x4, from, stride, i, count, depth, panel, width);
    // The last square may overlap the one before.
    if (i < count && count >= 4) i = packSquares<4>(V::transpose4x4, from, stride, count - 4, count, depth, panel, width);
  }
  for (; i < filled; i++) {
    for (size_t l = 0; l < depth; l++) panel[l * width + i] = i < count ? from[i * stride + l * depthStride] : 0.0f;
  }
}

/// Copies count x depth elements into a panel Width lanes wide: element (i, l) goes to panel[l * Width + i], and lanes from `count` to `filled` are 0.
template <class V, size_t Width>
DROPWISE_NOINLINE void pack(const float* from, size_t stride, size_t depthStride, size_t count, size_t depth, float* panel, size_t filled = Width) {
  packAny<V>(from, stride, depthStride, count, depth, panel, filled, Width);
}

/// Vectors that hold `columns` floats.
template <class V>
DROPWISE_INLINE size_t vectorsOf(size_t columns) {
  return partsOf(columns, V::kLanes);
}

/// Copies `count` rows of x or columns of y into panels of Width, one after the other; side by side where what lies side by side belongs to them.
template <class V, size_t Width>
DROPWISE_INLINE void packPanels(const float* from, size_t stride, size_t depthStride, size_t count, size_t depth, float* panels) {
  size_t c = 0;
  if (stride == 1) {
    const size_t whole = count / Width;
    for (size_t l = 0; l < depth; l++) {
      for (size_t p = 0; p < whole; p++) __builtin_memcpy(panels + p * Width * kDepth + l * Width, from + l * depthStride + p * Width, Width * sizeof(float));
    }
    c = whole * Width;
  }
  for (; c < count; c += Width) {
    const size_t lanes = smaller(Width, count - c), filled = Width % size_t(V::kLanes) == 0 ? vectorsOf<V>(lanes) * size_t(V::kLanes) : Width;
    pack<V, Width>(from + c * stride, stride, depthStride, lanes, depth, panels + c * kDepth, filled);
  }
}

/// Where tiles read x: element (r, l) is at[r * row + l * step]; `row` or `step` is 1.
struct Rows {
  const float* at;
  size_t row, step;
};

/// One tile of sums, R rows and C vectors, over `depth`, added to `base` (rows baseStride apart; null for zeros). Writes the first `rows` x `columns`
/// of it, which end in the last row and vector, or all of it where there are not tiles of all sizes. y is read in whole vectors, rows yStep apart. Element (r, l) of x is at[r * row + l * xStep]; kSideBySide: xStep is 1, else `row` is.
template <class V, int R, int C, bool kSideBySide>
DROPWISE_NOINLINE void tileOf(const float* at, size_t row, size_t xStep, const float* y, size_t yStep, size_t depth, const float* base, size_t baseStride, float* out, size_t outStride,
                              size_t rows, size_t columns) {
  constexpr int L = V::kLanes;
  constexpr size_t kSteps = V::kReadsRows ? 2 : 1;  // at a time, so that fewer additions of addresses take turns with the multiplications
  if constexpr (!V::kReadsRows) xStep = Tile<V>::kRows;
  typename V::F32 sums[R][C];
  DROPWISE_UNROLL for (int r = 0; r < R; r++) {
    DROPWISE_UNROLL for (int c = 0; c < C; c++) {
      if (c * L % 16 == 0) __builtin_prefetch(out + size_t(r) * outStride + c * L);
      sums[r][c] = V::splat(0.0f);
    }
  }
  const float* at3 = at + 3 * row;  // addresses reach three rows from a pointer
  // `ahead`: how far the pointers are behind.
  const auto step = [&](size_t ahead) __attribute__((always_inline)) {
    typename V::F32 vectors[C];
    DROPWISE_UNROLL for (int c = 0; c < C; c++) vectors[c] = V::load(y + c * L);
    DROPWISE_UNROLL for (int r = 0; r < R; r++) {
      const float* const from = kSideBySide ? (r < 3 ? at + size_t(r) * row : at3 + size_t(r - 3) * row) + ahead : at + r;
      const typename V::F32 factor = V::splat(*from);
      DROPWISE_UNROLL for (int c = 0; c < C; c++) sums[r][c] = V::mulAdd(factor, vectors[c], sums[r][c]);
    }
    y += yStep;
    DROPWISE_OPAQUE(y);
    if (kSideBySide) return;
    at += xStep;
    DROPWISE_OPAQUE(at);
  };
  const auto advance = [&](size_t count) __attribute__((always_inline)) {
    if (!kSideBySide) return;
    at += count;
    DROPWISE_OPAQUE(at);
    if (R <= 3) return;
    at3 += count;
    DROPWISE_OPAQUE(at3);
  };
  size_t left = depth;
  for (; left >= kSteps; left -= kSteps) {
    step(0);
    if constexpr (kSteps == 2) step(1);
    advance(kSteps);
  }
  if (kSteps == 2 && left > 0) step(0);
  const auto total = [&](size_t r, size_t c, typename V::F32 sum) __attribute__((always_inline)) {
    return base == nullptr ? sum : V::add(V::load(base + r * baseStride + c), sum);
  };
  if (!Tile<V>::kHasAll || (rows == size_t(R) && columns == size_t(C * L))) {
    DROPWISE_UNROLL for (int r = 0; r < R; r++) {
      DROPWISE_UNROLL for (int c = 0; c < C; c++) V::store(out + r * outStride + c * L, total(r, c * L, sums[r][c]));
    }
  } else if constexpr (Tile<V>::kHasAll) {  // all rows and vectors, the last of which is not whole
    constexpr size_t kLast = size_t(C - 1) * L;
    const int count = int(columns - kLast);
    DROPWISE_UNROLL for (int r = 0; r < R; r++) {
      DROPWISE_UNROLL for (int c = 0; c < C - 1; c++) V::store(out + r * outStride + c * L, total(r, c * L, sums[r][c]));
      const typename V::F32 sum = sums[r][C - 1];
      V::storePart(out + r * outStride + kLast, count, base == nullptr ? sum : V::add(V::loadPart(base + r * baseStride + kLast, count), sum));
    }
  }
}

/// The smallest tile that covers rows x vectors, of at most R and C.
template <class V, int R, int C, bool kSideBySide>
DROPWISE_INLINE auto smallestTile(size_t rows, size_t vectors) {
  constexpr int kLess = Tile<V>::kHasAll ? R - 1 : R > Tile<V>::kFewRows ? Tile<V>::kFewRows : 1;
  if constexpr (Tile<V>::kHasAll && C > 1) {
    if (vectors < size_t(C)) return smallestTile<V, R, C - 1, kSideBySide>(rows, vectors);
  }
  if constexpr (R > 1) {
    if (rows <= size_t(kLess)) return smallestTile<V, kLess, C, kSideBySide>(rows, vectors);
  }
  return tileOf<V, R, C, kSideBySide>;
}

/// `tileOf` of the size that fits. Where there are not tiles of all sizes, an edge is a whole tile of which a part is copied.
template <class V>
DROPWISE_SHARED void matmulTile(const Rows& x, const float* y, size_t yStep, size_t depth, const float* base, size_t baseStride, float* out,
                                size_t outStride, size_t rows, size_t columns) {
  constexpr int R = V::kTileRows, C = V::kTileVectors;
  const bool isSideBySide = V::kReadsRows && x.step == 1;
  const auto tile = isSideBySide ? smallestTile<V, R, C, V::kReadsRows>(rows, vectorsOf<V>(columns)) : smallestTile<V, R, C, false>(rows, vectorsOf<V>(columns));
  if constexpr (!Tile<V>::kHasAll) {
    constexpr size_t W = Tile<V>::kColumns;
    if (columns < W || (rows < size_t(R) && rows != size_t(Tile<V>::kFewRows) && rows > 1)) {
      float edge[size_t(R) * W];
      replaceable(tile)(x.at, x.row, x.step, y, yStep, depth, nullptr, 0, edge, W, rows, columns);
      for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
          const float sum = edge[r * W + c];
          out[r * outStride + c] = base == nullptr ? sum : base[r * baseStride + c] + sum;
        }
      }
      return;
    }
  }
  replaceable(tile)(x.at, x.row, x.step, y, yStep, depth, base, baseStride, out, outStride, rows, columns);
}

/// Copies rows of x so that they lie together: as they are where their elements lie side by side and tiles read them so, else in panels a tile high.
template <class V>
DROPWISE_INLINE void packRows(const float* from, size_t row, size_t column, size_t count, size_t depth, float* to) {
  using T = Tile<V>;
  if (V::kReadsRows && column == 1) {
    for (size_t i = 0; i < count; i++) __builtin_memcpy(to + i * kDepth, from + i * row, depth * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; i += T::kRowsTogether) {
    packPanels<V, T::kRows>(from + i * row, row, column, smaller(T::kRowsTogether, count - i), depth, to + i * kDepth);
  }
}

/// What `packRows` made of row i and those after it.
template <class V>
DROPWISE_INLINE Rows packedRows(const float* rows, size_t i, size_t column) {
  if (V::kReadsRows && column == 1) return {rows + i * kDepth, kDepth, 1};
  return {rows + i * kDepth, 1, Tile<V>::kRows};
}

/// The blocks [begin, end) of the output: row blocks run fastest, then column blocks, then batches. `scratch`: matmulScratch<V>(blockRows) floats.
template <class V>
DROPWISE_NOINLINE void matmul(const MatmulArgs& a, size_t begin, size_t end, float* scratch) {
  using T = Tile<V>;
  const size_t rowBlocks = partsOf(a.m, a.blockRows);
  const size_t columnBlocks = partsOf(a.n, a.blockColumns);
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
    // What is used seldom is better read where it is than copied.
    const bool rowsInPlace = V::kReadsRows && (a.xRow == 1 || a.xColumn == 1) && right - left <= kColumnsInPlace;
    const bool columnsInPlace = a.yColumn == 1 && bottom - top <= kRowsInPlace;

    for (size_t l = 0; l == 0 || l < a.k; l += kDepth) {  // once even for k = 0, to write the bias or zeros
      const size_t depth = smaller(kDepth, a.k - l);
      if (!rowsInPlace) packRows<V>(x + top * a.xRow + l * a.xColumn, a.xRow, a.xColumn, bottom - top, depth, xPanels);
      for (size_t j = left; j < right; j += T::kTogether) {
        const size_t width = smaller(T::kTogether, right - j);
        const float* const from = y + l * a.yRow + j * a.yColumn;
        const size_t inPlace = columnsInPlace ? width - width % T::kColumns : 0;
        if (inPlace < width) {
          packPanels<V, T::kColumns>(from + inPlace * a.yColumn, a.yColumn, a.yRow, width - inPlace, depth, yPanels + inPlace * kDepth);
        }
        for (size_t c = 0; c < width; c += T::kColumns) {
          const float* const panel = c < inPlace ? from + c : yPanels + c * kDepth;
          const size_t step = c < inPlace ? a.yRow : T::kColumns;
          const size_t columns = smaller(T::kColumns, width - c);
          for (size_t i = top; i < bottom; i += T::kRows) {
            float* const to = out + i * a.n + j + c;
            const float* const base = l > 0 ? to : a.bias != nullptr ? a.bias + j + c : nullptr;
            const Rows rows = rowsInPlace ? Rows{x + i * a.xRow + l * a.xColumn, a.xRow, a.xColumn} : packedRows<V>(xPanels, i - top, a.xColumn);
            matmulTile<V>(rows, panel, step, depth, base, l > 0 ? a.n : 0, to, a.n, smaller(T::kRows, bottom - i), columns);
          }
        }
      }
    }
  }
}

DROPWISE_END
