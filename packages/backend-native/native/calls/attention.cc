// Reads the calls of attention and of its gradient.
#include "../block-reader.hpp"
#include "../kernel-args.hpp"

namespace dropwise {

using namespace scalar;

namespace {

/// About what a multiplication with its sum takes, and what a weight does beside its products, in ns, with vectors of four floats.
constexpr double kMultiplyAddNs = 0.04, kWeightNs = 3;

/// A tensor of heads, of which `rows` rows are read or written.
struct Heads {
  size_t batches, heads, rows, size;
};

/// Reads its strides; how many elements it spans.
size_t readHeads(BlockReader& block, const Heads& heads, HeadStrides& strides) {
  strides.batch = block.count();
  strides.head = block.count();
  strides.row = block.count();
  if (heads.batches == 0 || heads.heads == 0 || heads.rows == 0 || heads.size == 0) return 0;
  const size_t steps = block.product(heads.batches - 1, strides.batch) + block.product(heads.heads - 1, strides.head);
  return block.product(steps + block.product(heads.rows - 1, strides.row) + heads.size, 1);
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

  const Heads ofQueries = {batches, a.heads, a.queries, a.size}, ofKeys = {batches, shared, a.keys, a.size};
  const Heads ofValues = {batches, shared, a.keys, a.valueSize}, ofOut = {batches, a.heads, a.queries, a.valueSize};
  const bool any = weights > 0;
  const auto floats = [&](const Heads& heads, HeadStrides& strides) {
    const size_t extent = readHeads(block, heads, strides);
    return block.floats(any ? extent : 0);
  };
  a.query = floats(ofQueries, a.q);
  a.key = floats(ofKeys, a.k);
  a.value = floats(ofValues, a.v);
  a.out = floats(ofOut, a.o);
  a.rows = block.floats(block.product(queries, 2));
  if (isGrad) {
    a.grad = floats(ofOut, a.g);
    a.gradQuery = floats(ofQueries, a.gq);
    a.gradKey = floats(ofKeys, a.gk);
    a.gradValue = floats(ofValues, a.gv);
  }
  a.maskKind = AttentionMask(block.below(uint32_t(AttentionMask::floats) + 1));
  if (a.maskKind != AttentionMask::none) {
    HeadStrides strides;
    readHeads(block, {0, 0, 0, 0}, strides);
    a.maskBatch = strides.batch;
    a.maskHead = strides.head;
    a.maskRow = strides.row;
    a.maskColumn = block.count();
    size_t extent = 0;
    if (any) {
      const size_t steps = block.product(batches - 1, a.maskBatch) + block.product(a.heads - 1, a.maskHead);
      extent = block.product(steps + block.product(a.queries - 1, a.maskRow) + block.product(a.keys - 1, a.maskColumn) + 1, 1);
    }
    a.mask = block.memory(extent, a.maskKind == AttentionMask::bools ? 1 : sizeof(float));
  }
  if (block.fault() == nullptr && !any) block.refuse("expected at least one query and one key");
  if (block.fault() != nullptr) return block.fault();
  if (!hasScratch()) return "expected memory for the tiles, got none";
  const size_t units = batches * (isGrad ? shared : a.heads * ((a.queries + kAttentionRows - 1) / kAttentionRows));
  const double ofWeight = kWeightNs + double(isGrad ? 3 * a.size + 2 * a.valueSize : a.size + a.valueSize) * kMultiplyAddNs;
  share(id, &a, units, double(weights) / double(units) * ofWeight * 4 / double(kernels_.lanes) + 1);
  return nullptr;
}

}  // namespace dropwise
