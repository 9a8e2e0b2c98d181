// What the convolutions share: how a call is cut, and where its patches are read.
//
// A convolution, its gradient by the input and its gradient by the weights all sum, over channels and taps, elements of a source that lie at
// `place * stride + displacement(tap)` along each dimension. Places and taps differ: see `ConvolutionPlan`. Places are computed in boxes, each a range of
// images or of one dimension within them. The patches of a box are read from a window: the source itself where nothing of it lies outside,
// else a copy of what the box reaches, with zeros around. Either way neighbouring places lie next to each other in memory.
//
// All of it depends on shapes alone, never on threads, and so do the bits of a result.
#pragma once

#include <dropwise/config.hpp>
#include <dropwise/matmul.hpp>

DROPWISE_BEGIN

enum class ConvolutionKind : uint32_t { forward, gradInput, gradWeight };

/// One dimension of a convolution, as the forward one has it. Sizes, and all places that windows reach, are below 2^31.
struct ConvolutionAxis {
  size_t input, output, kernel, stride, dilation, padding;
};

struct ConvolutionArgs {
  const float* x;     // [batch, groups, in, ...input], or for gradInput the gradient [batch, groups, out, ...output]
  const float* y;     // weights [groups, out, in, ...kernel], or for gradWeight the gradient [batch, groups, out, ...output]
  const float* bias;  // for each channel of the result, or null
  float* out;         // for gradWeight: a sum of weights for each piece
  size_t kind;        // a ConvolutionKind
  size_t phase;       // for gradInput: which of each `stride` places are computed, counted row-major
  size_t batch, groups, inChannels, outChannels;  // channels of one group
  ConvolutionAxis axes[3];
  size_t units, pieces;  // what `planConvolution` found: units of the call, and pieces that the sum of a gradWeight is made of
};

/// Elements of a kernel at most.
constexpr size_t kMostTaps = 16384;
/// Places of a box at most: a copied panel of weights is used for all of them.
constexpr size_t kBoxPlaces = 1024;
/// Floats of a window at most, and what may be read before it, and read and written behind it.
constexpr size_t kWindowFloats = 49152, kWindowSlack = 64;
/// Rows of a unit of `convolution` at most, a multiple of every tile height, and of `convolutionWeights`.
constexpr size_t kConvolutionRows = 180, kWeightRows = 64;
/// Into so many units a sum for weights is cut where it can be.
constexpr size_t kWeightUnits = 8;

struct PlanAxis {
  size_t size, places, stride, taps;  // of the source; a tap is an element of the kernel that meets these places
  ptrdiff_t first, step;              // displacement of the first tap, and from one to the next
  size_t kernel, tapFirst, tapStep;   // which elements the taps are
  size_t outSize, outFirst, outStep;  // where the places lie in the result
  size_t box;                         // places of a box

  /// Places that a window of `count` places needs: each once where they overlap, else those of each tap.
  DROPWISE_MEMBER size_t reach(size_t count) const { return (count - 1) * stride + (taps - 1) * size_t(step < 0 ? -step : step) + 1; }
  DROPWISE_MEMBER bool overlaps(size_t count, bool last) const { return (!last || stride == 1) && reach(count) <= count * taps; }
};

struct ConvolutionPlan {
  PlanAxis axes[3];
  size_t channels, rows;  // of a group: summed over, and of the result
  size_t taps, kernel, depth;
  size_t yRow, yChannel;  // strides of the weights
  size_t source, result;  // elements of a plane
  size_t piece;           // depth of a piece: whole channels unless one is too deep
  size_t images;          // of a box
  size_t boxes[4];
  bool whole;             // nothing outside the source is read
};

/// The largest boxes of about `places` places, alike in size.
DROPWISE_SHARED void cutBoxes(ConvolutionPlan& p, size_t batch, size_t places) {
  bool full = true;
  for (int i = 3; i >= 0; i--) {
    const size_t n = i == 0 ? batch : p.axes[i - 1].places;
    size_t box = full && places > 1 ? smaller(n, places) : 1;
    if (box == 0) box = 1;
    box = n == 0 ? 1 : partsOf(n, partsOf(n, box));
    full = box == n;
    places /= box;
    p.boxes[i] = partsOf(n, box);
    (i == 0 ? p.images : p.axes[i - 1].box) = box;
  }
}

DROPWISE_SHARED ConvolutionPlan planOf(const ConvolutionArgs& a) {
  const auto kind = ConvolutionKind(a.kind);
  const bool back = kind == ConvolutionKind::gradInput;
  ConvolutionPlan p;
  p.taps = p.kernel = p.source = p.result = 1;
  size_t phase = a.phase;
  bool plain = true;
  for (int i = 2; i >= 0; i--) {
    const ConvolutionAxis& from = a.axes[i];
    PlanAxis& to = p.axes[i];
    to.kernel = from.kernel;
    if (back) {
      const size_t start = phase % from.stride;
      phase /= from.stride;
      to.size = from.output;
      to.places = from.input > start ? partsOf(from.input - start, from.stride) : 0;
      to.stride = 1;
      to.outSize = from.input;
      to.outFirst = start;
      to.outStep = from.stride;
      // Element k of the kernel meets place `start + i * stride` of the input at place i + (start + padding - k * dilation) / stride, where that is whole.
      to.taps = 0;
      to.tapStep = 1;
      to.first = to.step = 0;
      for (size_t k = 0; k < from.kernel; k++) {
        const ptrdiff_t reach = ptrdiff_t(start + from.padding) - ptrdiff_t(k * from.dilation);
        if (reach % ptrdiff_t(from.stride) != 0) continue;
        const ptrdiff_t at = reach / ptrdiff_t(from.stride);
        if (to.taps == 0) to.tapFirst = k, to.first = at;
        if (to.taps == 1) to.tapStep = k - to.tapFirst, to.step = at - to.first;
        to.taps++;
      }
    } else {
      to.size = from.input;
      to.places = to.outSize = from.output;
      to.stride = from.stride;
      to.taps = from.kernel;
      to.first = -ptrdiff_t(from.padding);
      to.step = ptrdiff_t(from.dilation);
      to.tapFirst = to.outFirst = 0;
      to.tapStep = to.outStep = 1;
    }
    plain = plain && from.kernel == 1 && to.taps == 1 && to.stride == 1 && to.first == 0 && to.places == to.size && to.outStep == 1;
    p.taps *= to.taps;
    p.kernel *= from.kernel;
    p.source *= to.size;
    p.result *= to.outSize;
  }
  if (plain) {
    // Nothing but a product of matrices: images are rows of pixels.
    p.axes[2].size = p.axes[2].places = p.axes[2].outSize = p.source;
    for (int i = 0; i < 2; i++) p.axes[i].size = p.axes[i].places = p.axes[i].outSize = 1;
  }
  p.channels = back ? a.outChannels : a.inChannels;
  p.rows = back ? a.inChannels : a.outChannels;
  p.yRow = back ? p.kernel : a.inChannels * p.kernel;
  p.yChannel = back ? a.inChannels * p.kernel : p.kernel;
  p.depth = p.channels * p.taps;

  p.whole = p.taps > 0;
  for (int i = 0; i < 3 && p.whole; i++) {
    const PlanAxis& axis = p.axes[i];
    const ptrdiff_t last = axis.first + ptrdiff_t(axis.taps - 1) * axis.step, low = last < axis.first ? last : axis.first;
    p.whole = axis.places > 0 && (i < 2 || axis.stride == 1) && low >= 0 && size_t(low) + axis.reach(axis.places) <= axis.size;
  }
  size_t channels = p.taps == 0 ? 1 : smaller(p.channels, p.taps > kDepth ? size_t(2) : kDepth / p.taps);
  cutBoxes(p, a.batch, kBoxPlaces);
  for (size_t places = kBoxPlaces; p.taps > 0 && !p.whole;) {
    size_t floats = p.images * channels;
    for (int i = 0; i < 3; i++) {
      const PlanAxis& axis = p.axes[i];
      floats *= axis.overlaps(axis.box, i == 2) ? axis.reach(axis.box) : axis.taps * axis.box;
    }
    if (floats <= kWindowFloats || (places == 1 && channels <= 2)) break;
    // First panels that are not so deep, as long as they are deep enough to be worth it.
    if (channels > 2 && (channels * p.taps > kDepth / 2 || places == 1)) channels /= 2;
    else cutBoxes(p, a.batch, places /= 2);
  }
  p.piece = p.taps > kDepth ? kDepth : channels * p.taps;
  if (p.piece == 0) p.piece = 1;
  return p;
}

/// Says what a call is made of, in `units` and `pieces`.
DROPWISE_SHARED void planConvolution(ConvolutionArgs& a) {
  const ConvolutionPlan p = planOf(a);
  const size_t boxes = p.boxes[0] * p.boxes[1] * p.boxes[2] * p.boxes[3];
  if (ConvolutionKind(a.kind) == ConvolutionKind::gradWeight) {
    const size_t blocks = a.groups * partsOf(p.rows, kWeightRows);
    a.pieces = blocks == 0 ? 1 : smaller(partsOf(kWeightUnits, blocks), boxes);
    if (a.pieces == 0) a.pieces = 1;
    a.units = blocks * a.pieces;
  } else {
    a.pieces = 1;
    a.units = boxes * a.groups * partsOf(p.rows, kConvolutionRows);
  }
}

/// The places [start, start + count) of images, and of each dimension.
struct Box {
  size_t start[4], count[4];
};

DROPWISE_SHARED Box boxOf(const ConvolutionPlan& p, size_t batch, size_t index) {
  Box box;
  for (int i = 3; i >= 0; i--) {
    const size_t size = i == 0 ? p.images : p.axes[i - 1].box, n = i == 0 ? batch : p.axes[i - 1].places;
    box.start[i] = index % p.boxes[i] * size;
    box.count[i] = smaller(size, n - box.start[i]);
    index /= p.boxes[i];
  }
  return box;
}

/// Copies n floats; may write up to a vector more, and reads no more where that lies behind `limit`.
template <class V>
DROPWISE_INLINE void copyRun(float* to, const float* from, size_t n, const float* limit) {
  for (size_t i = 0; i < n; i += V::kLanes) {
    if (from + i <= limit) V::store(to + i, V::load(from + i));
    else for (; i < n; i++) to[i] = from[i];
  }
}

/// Where the patches of a box lie: element (image, channel, taps, places) at `base + image * image + ...`.
struct Window {
  const float* base;
  const float *floor, *limit;  // the first and the last address from which a vector may be read
  ptrdiff_t image, channel, place[3], tap[3];

  DROPWISE_MEMBER const float* at(size_t c, size_t t, const ConvolutionPlan& p) const {
    const size_t w = p.axes[2].taps, h = p.axes[1].taps;
    return base + ptrdiff_t(c) * channel + ptrdiff_t(t / (w * h)) * tap[0] + ptrdiff_t(t / w % h) * tap[1] + ptrdiff_t(t % w) * tap[2];
  }
};

/// The window of a box over the channels [from, end) of a group. `memory`: kWindowFloats, with the slack before and behind.
template <class V>
DROPWISE_NOINLINE Window openWindow(const ConvolutionArgs& a, const ConvolutionPlan& p, size_t group, const Box& box, size_t from, size_t end, float* memory) {
  Window window;
  ptrdiff_t low[3];
  size_t extent[3];
  bool overlaps[3];
  ptrdiff_t pitch = 1, sourcePitch = 1;
  const float* const first = a.x + ((box.start[0] * a.groups + group) * p.channels + from) * p.source;
  window.base = p.whole ? first : memory;
  for (int i = 2; i >= 0; i--) {
    const PlanAxis& axis = p.axes[i];
    const size_t start = box.start[i + 1], count = box.count[i + 1];
    overlaps[i] = p.whole || axis.overlaps(count, i == 2);
    extent[i] = overlaps[i] ? axis.reach(count) : axis.taps * count;
    const ptrdiff_t across = overlaps[i] && axis.step < 0 ? ptrdiff_t(axis.taps - 1) * axis.step : 0;
    low[i] = ptrdiff_t(start * axis.stride) + axis.first + across;
    window.place[i] = overlaps[i] ? ptrdiff_t(axis.stride) * pitch : pitch;
    window.tap[i] = overlaps[i] ? axis.step * pitch : ptrdiff_t(count) * pitch;
    window.base += -across * pitch + (p.whole ? low[i] * pitch : 0);
    pitch *= ptrdiff_t(p.whole ? axis.size : extent[i]);
    sourcePitch *= ptrdiff_t(axis.size);
  }
  window.channel = pitch;
  window.image = p.whole ? ptrdiff_t(a.groups * p.channels) * sourcePitch : ptrdiff_t(end - from) * pitch;
  const float* const last = a.x + a.batch * a.groups * p.channels * p.source - V::kLanes;
  window.floor = p.whole ? a.x : memory - kWindowSlack;
  window.limit = p.whole ? last : memory + kWindowFloats;
  if (p.whole) return window;

  // A place of the window along a dimension, as one of the source.
  const auto placeOf = [&](int i, size_t at) {
    const PlanAxis& axis = p.axes[i];
    const size_t count = box.count[i + 1];
    return overlaps[i] ? low[i] + ptrdiff_t(at) : low[i] + ptrdiff_t(at % count * axis.stride) + ptrdiff_t(at / count) * axis.step;
  };
  const PlanAxis& row = p.axes[2];
  // A row of the window is one run of places where taps overlap, else one for each tap.
  const size_t length = overlaps[2] ? extent[2] : box.count[3], step = overlaps[2] ? 1 : row.stride;
  const ptrdiff_t size = ptrdiff_t(row.size);
  float* to = memory;
  for (size_t n = 0; n < box.count[0]; n++) {
    for (size_t c = 0; c < end - from; c++) {
      const float* const plane = first + (n * a.groups * p.channels + c) * p.source;
      for (size_t d = 0; d < extent[0]; d++) {
        const ptrdiff_t z = placeOf(0, d);
        for (size_t h = 0; h < extent[1]; h++) {
          const ptrdiff_t y = placeOf(1, h);
          const bool inside = size_t(z) < p.axes[0].size && size_t(y) < p.axes[1].size;
          const float* const source = plane + (inside ? (z * ptrdiff_t(p.axes[1].size) + y) * size : 0);
          for (size_t t = 0; t * length < extent[2]; t++, to += length) {
            const ptrdiff_t start = low[2] + ptrdiff_t(t) * (overlaps[2] ? 0 : row.step);
            // Zeros before it, the run itself, perhaps with some more behind, and zeros over that.
            const ptrdiff_t stride = ptrdiff_t(step), lead = start < 0 ? (stride - 1 - start) / stride : 0;
            const size_t before = inside ? smaller(length, size_t(lead)) : length;
            const size_t until = start >= size ? 0 : smaller(length, size_t((size - start + stride - 1) / stride));
            for (size_t i = 0; i < before; i++) to[i] = 0.0f;
            if (step == 1 && before < until) copyRun<V>(to + before, source + start + ptrdiff_t(before), until - before, last);
            else if (V::kLanes > 4 && step == 2) for (size_t i = before; i < until; i++) to[i] = source[start + ptrdiff_t(2 * i)];
            else for (size_t i = before; i < until; i++) to[i] = source[start + ptrdiff_t(i) * stride];
            for (size_t i = until > before ? until : before; i < length; i++) to[i] = 0.0f;
          }
        }
      }
    }
  }
  return window;
}

/// Where the elements of a patch lie from that of its first channel and tap on, for the depth [l, l + depth).
struct TapOffsets {
  const ptrdiff_t* at;
  ptrdiff_t least, most;
};

DROPWISE_SHARED TapOffsets offsetsOf(const ConvolutionPlan& p, const Window& window, size_t l, size_t depth, size_t base, ptrdiff_t* memory) {
  TapOffsets offsets = {memory, 0, 0};
  for (size_t k = 0; k < depth; k++) {
    const ptrdiff_t at = window.at((l + k) / p.taps - base, (l + k) % p.taps, p) - window.base;
    memory[k] = at;
    if (k == 0 || at < offsets.least) offsets.least = at;
    if (k == 0 || at > offsets.most) offsets.most = at;
  }
  return offsets;
}

DROPWISE_END
