// The functions of the kernels that multiply and add: innermost loops, which both modules have. The kernels call them by their places in the table of the first
// module, and where there is relaxed SIMD those of the second are put there.
#pragma once

#include <dropwise/attention.hpp>
#include <dropwise/convolution-weights.hpp>
#include <dropwise/convolution.hpp>
#include <dropwise/matmul.hpp>

DROPWISE_BEGIN

/// Writes the places of the functions in the module's own table; how many there are.
template <class V>
DROPWISE_INLINE size_t writeTiles(uint32_t* to) {
  constexpr size_t R = AttentionTile<V>::R;
  static_assert(!V::kTilesOfAllSizes && !V::kReadsRows && AttentionTile<V>::kFewRows == R, "these are all there are");
  uint32_t* const first = to;
  const auto write = [&](auto* function) __attribute__((always_inline)) { *to++ = uint32_t(reinterpret_cast<uintptr_t>(function)); };
  write(tileOf<V, V::kTileRows, V::kTileVectors, false>);
  write(tileOf<V, Tile<V>::kFewRows, V::kTileVectors, false>);
  write(tileOf<V, 1, V::kTileVectors, false>);
  write(attentionTile<V, int(R), kRowFloats, 1>);
  write(attentionTile<V, 1, kRowFloats, 1>);
  write(attentionTile<V, int(R), 1, kRowFloats>);
  write(convolveRow<V>);
  write(weightVectors<V>);
  return size_t(to - first);
}

DROPWISE_END

#define EXPORT_TILES(V) \
  extern "C" __attribute__((export_name("tiles"))) size_t tiles(uint32_t* to) { return dropwise::DROPWISE_ISA::writeTiles<V>(to); }
