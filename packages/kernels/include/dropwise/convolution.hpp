// out = the convolution of x with weights, or its gradient by x from that of out (+ bias), float32, over up to three dimensions.
//
// A matrix product that is never written out: weights [rows x channels * taps] times patches [channels * taps x places], in the tiles and pieces of
// `matmul.hpp`. The panels of patches are copied straight from a window (`windows.hpp`). The gradient by the input is the same product: of transposed
// weights, on the gradient; for a stride above 1 it is one for each of the places that `stride` steps over, which see different taps.
// With one or two rows for each group, as depthwise convolutions have, patches are not copied at all.
//
// Sums are float32, in the order of channels and taps within pieces, then piece after piece. A unit is a box of places with a block of rows.
#pragma once

#include <dropwise/windows.hpp>

DROPWISE_BEGIN

/// Floats of scratch memory that a thread needs.
template <class V>
DROPWISE_INLINE constexpr size_t convolutionScratch() {
  using T = Tile<V>;
  return kWindowFloats + 2 * kWindowSlack + kDepth * (kConvolutionRows + T::kColumns) + (kConvolutionRows + T::kRows) * T::kColumns + 2 * kDepth;
}

/// A part of a vector of a panel that is contiguous in the window and in the result.
struct PanelPart {
  size_t lane, length;
  ptrdiff_t from, to;
};

/// The panel of weights of `count` rows from `row` on, for the depth [l, l + depth).
template <class V>
DROPWISE_NOINLINE void packWeights(const ConvolutionPlan& p, const float* weights, size_t row, size_t count, size_t l, size_t depth, float* panel) {
  constexpr size_t R = Tile<V>::kRows;
  const float* const rows = weights + row * p.yRow;
  const bool all = p.taps == p.kernel;
  if (all && p.yChannel == p.kernel) return pack<V, R>(rows + l, p.yRow, 1, count, depth, panel);
  const PlanAxis &d = p.axes[0], &h = p.axes[1], &w = p.axes[2];
  for (size_t k = 0; k < depth;) {
    const size_t t = (l + k) % p.taps, run = all ? smaller(p.taps - t, depth - k) : 1;
    const size_t z = d.tapFirst + t / (h.taps * w.taps) * d.tapStep, y = h.tapFirst + t / w.taps % h.taps * h.tapStep;
    const size_t element = all ? t : (z * h.kernel + y) * w.kernel + w.tapFirst + t % w.taps * w.tapStep;
    pack<V, R>(rows + (l + k) / p.taps * p.yChannel + element, p.yRow, 1, count, run, panel + k * R);
    k += run;
  }
}

/// Cuts the columns of a panel, from `place` of the box on, into parts; how many there are.
template <class V>
DROPWISE_NOINLINE size_t partsOfPanel(const ConvolutionArgs& a, const ConvolutionPlan& p, const Box& box, const Window& window, size_t place, size_t columns,
                                      PanelPart* parts) {
  const PlanAxis &d = p.axes[0], &h = p.axes[1], &w = p.axes[2];
  size_t x = place % box.count[3], y = place / box.count[3] % box.count[2], z = place / box.count[3] / box.count[2] % box.count[1];
  size_t n = place / box.count[3] / box.count[2] / box.count[1], found = 0;
  for (size_t lane = 0; lane < columns;) {
    const ptrdiff_t from = ptrdiff_t(n) * window.image + ptrdiff_t(z) * window.place[0] + ptrdiff_t(y) * window.place[1];
    const size_t outZ = d.outFirst + (box.start[1] + z) * d.outStep, outY = h.outFirst + (box.start[2] + y) * h.outStep;
    const size_t row = (n * a.groups * p.rows * d.outSize + outZ) * h.outSize + outY;
    for (; x < box.count[3] && lane < columns; found++) {
      PanelPart& part = parts[found];
      part.lane = lane;
      part.length = smaller(size_t(V::kLanes) - lane % V::kLanes, smaller(box.count[3] - x, columns - lane));
      part.from = from + ptrdiff_t(x);
      part.to = ptrdiff_t(row * w.outSize + w.outFirst + (box.start[3] + x) * w.outStep);
      lane += part.length;
      x += part.length;
    }
    x = 0;
    if (++y == box.count[2]) y = 0, z++;
    if (z == box.count[1]) z = 0, n++;
  }
  return found;
}

/// Copies the patches of a panel: each vector of it is put together from as many of the window as it has parts.
template <class V>
DROPWISE_NOINLINE void packPatches(const Window& window, const TapOffsets& offsets, const PanelPart* parts, size_t count, size_t depth, float* panel) {
  constexpr size_t L = V::kLanes, W = Tile<V>::kColumns;
  float lanes[L];
  for (size_t i = 0; i < L; i++) lanes[i] = float(i);
  const typename V::F32 lane = V::load(lanes);
  for (size_t i = 0; i < count;) {
    const size_t column = parts[i].lane;
    size_t end = i + 1;
    while (end < count && parts[end].lane < column + L) end++;
    // Parts are read as if the vector were all theirs.
    const auto whole = [&](size_t part) { return window.base + (parts[part].from - ptrdiff_t(parts[part].lane - column)); };
    const float* const first = whole(i);
    bool inside = first + offsets.most <= window.limit;
    for (size_t part = i + 1; part < end; part++) {
      const float* const from = whole(part);
      inside = inside && from + offsets.least >= window.floor && from + offsets.most <= window.limit;
    }
    float* to = panel + column;
    if (!inside) {
      for (size_t k = 0; k < depth; k++, to += W) {
        for (size_t part = i; part < end; part++) {
          const float* const from = window.base + parts[part].from + offsets.at[k];
          for (size_t e = 0; e < parts[part].length; e++) to[parts[part].lane - column + e] = from[e];
        }
      }
    } else {
      size_t done = i + 1;
      if (V::kLanes > 4 && end >= i + 2) {
        // The first two together, which is most of what wide vectors have.
        const float* const second = whole(done);
        const typename V::Mask before = V::lt(lane, V::splat(float(parts[done].lane - column)));
        for (size_t k = 0; k < depth; k++) V::store(to + k * W, V::select(before, V::load(first + offsets.at[k]), V::load(second + offsets.at[k])));
        done++;
      } else {
        for (size_t k = 0; k < depth; k++) V::store(to + k * W, V::load(first + offsets.at[k]));
      }
      for (size_t part = done; part < end; part++) {
        const float* const next = whole(part);
        const typename V::Mask earlier = V::lt(lane, V::splat(float(parts[part].lane - column)));
        for (size_t k = 0; k < depth; k++) V::store(to + k * W, V::select(earlier, V::load(to + k * W), V::load(next + offsets.at[k])));
      }
    }
    i = end;
  }
}

/// The parts of a panel in one row of the result, straight from the window. `weights`: every kTileRows-th.
template <class V>
DROPWISE_NOINLINE void convolveRow(const Window& window, const TapOffsets& offsets, const PanelPart* parts, size_t count, const float* weights, size_t depth,
                                   bool first, float bias, float* out) {
  for (size_t i = 0; i < count; i++) {
    const int length = int(parts[i].length);
    const float* const from = window.base + parts[i].from;
    float* const to = out + parts[i].to;
    const bool full = length == V::kLanes;
    typename V::F32 sum = V::splat(0.0f);
    if (full || from + offsets.most <= window.limit) {
      for (size_t k = 0; k < depth; k++) sum = V::mulAdd(V::splat(weights[k * Tile<V>::kRows]), V::load(from + offsets.at[k]), sum);
    } else {
      for (size_t k = 0; k < depth; k++) sum = V::mulAdd(V::splat(weights[k * Tile<V>::kRows]), V::loadPart(from + offsets.at[k], length), sum);
    }
    sum = V::add(first ? V::splat(bias) : full ? V::load(to) : V::loadPart(to, length), sum);
    if (full) V::store(to, sum);
    else V::storePart(to, length, sum);
  }
}

template <class V>
DROPWISE_NOINLINE void convolution(const ConvolutionArgs& a, size_t begin, size_t end, float* scratch) {
  using T = Tile<V>;
  constexpr size_t R = T::kRows, W = T::kColumns;
  const ConvolutionPlan p = planOf(a);
  const size_t rowBlocks = partsOf(p.rows, kConvolutionRows), blockRows = partsOf(partsOf(p.rows, rowBlocks), R) * R;
  float* const memory = scratch + kWindowSlack;
  float* const weights = memory + kWindowFloats + kWindowSlack;
  float* const panel = weights + kDepth * kConvolutionRows;
  float* const biases = panel + kDepth * W;
  float* const stage = biases + kConvolutionRows * W;
  ptrdiff_t* const taps = reinterpret_cast<ptrdiff_t*>(stage + R * W);
  const bool direct = p.rows <= 2 && p.axes[2].outStep == 1;

  for (size_t unit = begin; unit < end; unit++) {
    const size_t top = unit % rowBlocks * blockRows, group = unit / rowBlocks % a.groups;
    if (top >= p.rows) continue;
    const size_t bottom = smaller(p.rows, top + blockRows);
    const Box box = boxOf(p, a.batch, unit / rowBlocks / a.groups);
    const size_t places = box.count[0] * box.count[1] * box.count[2] * box.count[3];
    float* const out = a.out + (box.start[0] * a.groups + group) * p.rows * p.result;
    for (size_t i = top; i < bottom; i++) {
      for (size_t j = 0; j < W; j++) biases[(i - top) * W + j] = a.bias == nullptr ? 0.0f : a.bias[group * p.rows + i];
    }
    for (size_t l = 0; l == 0 || l < p.depth; l += p.piece) {  // once even without taps, to write the bias
      const size_t depth = smaller(p.piece, p.depth - l), base = depth == 0 ? 0 : l / p.taps;
      Window window = {memory, memory, memory, 0, 0, {0, 0, 0}, {0, 0, 0}};
      if (depth > 0) window = openWindow<V>(a, p, group, box, base, (l + depth - 1) / p.taps + 1, memory);
      const TapOffsets offsets = offsetsOf(p, window, l, depth, base, taps);
      for (size_t i = top; i < bottom; i += R) {
        packWeights<V>(p, a.y + group * p.rows * p.channels * p.kernel, i, smaller(R, bottom - i), l, depth, weights + (i - top) * kDepth);
      }
      for (size_t j = 0; j < places; j += W) {
        const size_t columns = smaller(W, places - j);
        PanelPart parts[W];
        const size_t count = partsOfPanel<V>(a, p, box, window, j, columns, parts);
        if (direct) {
          for (size_t i = top; i < bottom; i++) {
            replaceable(convolveRow<V>)(window, offsets, parts, count, weights + (i - top), depth, l == 0, biases[(i - top) * W], out + i * p.result);
          }
          continue;
        }
        packPatches<V>(window, offsets, parts, count, depth, panel);
        const PanelPart& last = parts[count - 1];
        const bool contiguous = p.axes[2].outStep == 1 && size_t(last.to - parts[0].to) == last.lane;
        for (size_t i = top; i < bottom; i += R) {
          const size_t rows = smaller(R, bottom - i);
          float* const to = out + i * p.result;
          const Rows factors = {weights + (i - top) * kDepth, 1, R};
          const float* const before = l == 0 ? biases + (i - top) * W : contiguous ? to + parts[0].to : nullptr;
          const size_t beforeStep = l == 0 ? W : p.result;
          if (contiguous) matmulTile<V>(factors, panel, W, depth, before, beforeStep, to + parts[0].to, p.result, rows, columns);
          else {
            matmulTile<V>(factors, panel, W, depth, before, beforeStep, stage, W, rows, columns);
            for (size_t r = 0; r < rows; r++) {
              for (size_t s = 0; s < count; s++) {
                const PanelPart& part = parts[s];
                float* element = to + r * p.result + part.to;
                for (size_t e = 0; e < part.length; e++, element += p.axes[2].outStep) {
                  const float sum = stage[r * W + part.lane + e];
                  *element = l == 0 ? sum : *element + sum;
                }
              }
            }
          }
        }
      }
    }
  }
}

DROPWISE_END
