// Reads the calls of attention and of its gradient.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what a multiplication with its sum takes, and what a weight does beside its products, in ns, with vectors of four floats.
constexpr double kMultiplyAddNs = 0.04, kWeightNs = 3;

/// Sizes of a tensor of heads, of which none is 0.
struct Shape {
  size_t batches, heads, rows, size;
};

/// Reads the strides of a tensor; how many elements it spans.
size_t readStrides(BlockReader& block, const Shape& shape, Heads& x) {
  x.batch = block.count();
  x.head = block.count();
  x.row = block.count();
  const size_t steps = block.product(shape.batches - 1, x.batch) + block.product(shape.heads - 1, x.head);
  return block.product(steps + block.product(shape.rows - 1, x.row) + shape.size, 1);
}

}  // namespace

const char* Backend::attention(BlockReader& block, KernelId id) {
  AttentionArgs a{};
  const bool isGrad = id == KernelId::attentionGrad;
  const size_t batches = block.count(), shared = block.count();
  a.group = block.count();
  a.queries = block.count();
  a.keys = block.count();
  a.size = block.count();
  a.valueSize = block.count();
  a.heads = block.product(shared, a.group);
  const size_t queries = block.product(block.product(batches, a.heads), a.queries), weights = block.product(queries, a.keys);
  if (a.size == 0 || a.size > kMostHeadSize || a.valueSize == 0 || a.valueSize > kMostHeadSize) block.refuse("expected heads of 1 to 256 elements");
  a.scale = block.real();
  a.causal = block.below(2);
  a.firstQuery = block.count();
  a.drops = block.below(2);
  a.elementOffset = block.count();
  a.seedLo = block.word();
  a.seedHi = block.word();
  a.callLo = block.word();
  a.callHi = block.word();
  a.threshold = block.word();
  a.keepScale = block.real();
  block.product(a.elementOffset + weights, 1);
  block.product(a.firstQuery + a.queries, 1);

  if (weights == 0) block.refuse("expected at least one query and one key");
  if (block.fault() != nullptr) return block.fault();

  const Shape ofQueries = {batches, a.heads, a.queries, a.size}, ofKeys = {batches, shared, a.keys, a.size};
  const Shape ofValues = {batches, shared, a.keys, a.valueSize}, ofOut = {batches, a.heads, a.queries, a.valueSize};
  const auto read = [&](const Shape& shape, Heads& x) {
    const size_t extent = readStrides(block, shape, x);
    x.data = block.floats(extent);
  };
  read(ofQueries, a.query);
  read(ofKeys, a.key);
  read(ofValues, a.value);
  read(ofOut, a.out);
  a.rows = block.floats(block.product(queries, 2));
  if (isGrad) {
    read(ofOut, a.grad);
    read(ofQueries, a.gradQuery);
    read(ofKeys, a.gradKey);
    read(ofValues, a.gradValue);
  }
  a.maskKind = AttentionMask(block.below(uint32_t(AttentionMask::floats) + 1));
  if (a.maskKind != AttentionMask::none) {
    const size_t extent = readStrides(block, {batches, a.heads, a.queries, 1}, a.mask);
    a.maskColumn = block.count();
    const size_t size = a.maskKind == AttentionMask::bools ? 1 : sizeof(float);
    a.mask.data = static_cast<float*>(block.memory(block.product(extent + block.product(a.keys - 1, a.maskColumn), 1), size));
  }
  if (block.fault() != nullptr) return block.fault();
  if (!hasScratch()) return "expected memory for the tiles, got none";
  const size_t units = batches * (isGrad ? shared : a.heads * partsOf(a.queries, kAttentionRows));
  const double ofWeight = kWeightNs + double(isGrad ? 3 * a.size + 2 * a.valueSize : a.size + a.valueSize) * kMultiplyAddNs;
  share(id, &a, units, double(weights) / double(units) * ofWeight * 4 / double(kernels_.lanes) + 1);
  return nullptr;
}

}  // namespace dropwise
