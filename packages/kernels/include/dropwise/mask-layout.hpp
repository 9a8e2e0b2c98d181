// Which word of which Philox block decides which element, where that is another framework's rule: `MaskLayout` of the contract, whose table says it all. Here are
// its arguments, how a call is divided into units, and the test of a word. What draws by it is dropout-layout.hpp.
#pragma once

#include <dropwise/dropout.hpp>

DROPWISE_BEGIN

enum class LayoutKind : uint32_t { packed, spread, wide, flat };

/// Numbers as in `MaskLayout`; widths are those of its table.
struct LayoutArgs {
  DropoutArgs dropout;
  uint32_t kind, width;
  uint32_t threads;  // 1 to 2^29
  uint32_t shift;    // 0 or 1
  uint32_t low;
  uint32_t thresholdHi;

  DROPWISE_MEMBER LayoutKind kindOf() const { return LayoutKind(kind); }
  DROPWISE_MEMBER bool isByColumns() const { return kindOf() == LayoutKind::spread || kindOf() == LayoutKind::wide; }
};

/// Units of a call on `n` elements: a unit is a column of a plain mask that has more elements than columns, else an element. Column u holds the
/// elements u, u + threads, u + 2 threads and so on.
DROPWISE_INLINE size_t layoutUnits(const LayoutArgs& a, size_t n) {
  return a.isByColumns() && (a.shift | a.low) == 0 && a.dropout.rank == 1 && a.dropout.maskStrides[0] == 1 && n > a.threads ? a.threads : n;
}

/// Blocks that a unit takes, about.
DROPWISE_INLINE double layoutBlocksOfUnit(const LayoutArgs& a, size_t n) {
  if (!a.isByColumns()) return 1.0 / smaller<uint32_t>(a.width, 4);
  const size_t passes = (n - 1) / a.threads / a.width + 1;
  return layoutUnits(a, n) == n ? 1.0 : double(passes);
}

/// Whether the table has a row for it.
DROPWISE_INLINE bool isKnown(const LayoutArgs& a) {
  const uint32_t w = a.width;
  switch (LayoutKind(a.kind)) {
    case LayoutKind::packed: if (w != 2 && w != 4 && w != 8) return false; break;
    case LayoutKind::spread: if (w != 4) return false; break;
    case LayoutKind::wide: if (w != 2) return false; break;
    case LayoutKind::flat: return w == 1 || w == 4;
  }
  return a.threads > 0 && a.threads <= 1u << 29;
}

/// What is compared with the threshold: a drawn word as the layout wants it, or, where two words decide, 0 for kept and all ones for dropped.
template <class V>
struct WordTest {
  using Words = typename VectorOf<uint32_t, V::kLanes>::Type;
  uint32_t doubled;  // the bits of a word that a shift by one moves: all or none
  uint32_t low, limitLo, limitHi, limit;

  DROPWISE_MEMBER explicit WordTest(const LayoutArgs& a)
      : doubled(0 - a.shift), low(a.low), limitLo(a.dropout.threshold), limitHi(a.thresholdHi), limit(a.kindOf() == LayoutKind::wide ? 1 : limitLo) {}

  DROPWISE_MEMBER uint32_t of(uint32_t x) const { return x + (x & doubled) - low; }
  DROPWISE_MEMBER typename V::U32 many(typename V::U32 x) const { return (typename V::U32)((Words)x + ((Words)x & doubled) - low); }

  DROPWISE_MEMBER uint32_t ofPair(uint32_t x, uint32_t y) const {
    const uint32_t high = y >> 11;
    return uint32_t(0) - uint32_t(!(high < limitHi || (high == limitHi && (x ^ (y << 21)) < limitLo)));
  }
  DROPWISE_MEMBER typename V::U32 pair(typename V::U32 x, typename V::U32 y) const {
    if constexpr (V::kLanes == 1) {
      return ofPair(x, y);
    } else {
      const Words high = (Words)y >> 11, rest = (Words)x ^ ((Words)y << 21);
      return (typename V::U32)~((high < limitHi) | ((high == limitHi) & (rest < limitLo)));
    }
  }
};

DROPWISE_END
