// One layer of an LSTM over a whole sequence, float32, contiguous. With x[t] the input's share of the gates, biases and all, for each step
//
//     i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of (x[t] + h[t-1] weight)     c[t] = f c[t-1] + i g     h[t] = o tanh(c[t])
//
// from h0 and c0 on, or from the last step to the first. Gates lie in this order, `hidden` of each, in every row. What the gradient reads of a step, its gates
// after their functions, is an output, too. The gradient goes the other way; that of `weight` is a product of what it gives with h, which is the caller's.
//
// Samples of a batch never meet: a unit is `rows` of them, over all steps, and any number of rows gives the same bits, since a product does.
#pragma once

#include <dropwise/math.hpp>
#include <dropwise/matmul.hpp>
#include <dropwise/parts.hpp>

DROPWISE_BEGIN

struct LstmArgs {
  const float* x;       // [steps, batch, 4 hidden]; the gradient does not read it
  const float* weight;  // [hidden, 4 hidden]; for the gradient its transpose, [4 hidden, hidden]
  const float* h0;      // [batch, hidden]; the gradient does not read it
  const float* c0;      // [batch, hidden]
  float* gates;         // [steps, batch, 4 hidden]
  float* states;        // [2, steps, batch, hidden]: h, then c
  size_t steps, batch, hidden;
  size_t rows;  // of a unit; at most what the scratch memory of a product is for
  uint32_t reverse;
  // Of the gradient only.
  const float* gradStates;  // [2, steps, batch, hidden]
  float* gradX;             // [steps, batch, 4 hidden]
  float* gradH0;            // [batch, hidden], as the next; they hold the gradient of the state on its way
  float* gradC0;
};

DROPWISE_INLINE size_t lstmUnits(const LstmArgs& a) { return partsOf(a.batch, a.rows); }

/// out[count, n] = x[count, k] y[k, n], all contiguous.
template <class V>
DROPWISE_INLINE void rowsTimes(const float* x, const float* y, float* out, size_t count, size_t k, size_t n, float* scratch) {
  constexpr size_t R = Tile<V>::kRows;
  matmul<V>({x, y, nullptr, out, count, k, n, k, 1, 0, n, 1, 0, partsOf(count, R) * R, n}, 0, 1, scratch);
}

/// The units [begin, end).
template <class V>
DROPWISE_NOINLINE void lstm(const LstmArgs& args, size_t begin, size_t end, float* scratch) {
  using F = typename V::F32;
  const LstmArgs a = args;
  const size_t H = a.hidden, step = a.batch * H;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t top = unit * a.rows, count = smaller(a.rows, a.batch - top);
    const float *h = a.h0 + top * H, *before = a.c0 + top * H;
    for (size_t turn = 0; turn < a.steps; turn++) {
      const size_t t = a.reverse != 0 ? a.steps - 1 - turn : turn, at = (t * a.batch + top) * H;
      float *const gates = a.gates + 4 * at, *const out = a.states + at, *const cells = out + a.steps * step;
      const float* const x = a.x + 4 * at;
      rowsTimes<V>(h, a.weight, gates, count, H, 4 * H, scratch);
      for (size_t r = 0; r < count; r++) {
        float* const gate = gates + 4 * r * H;
        const float* const share = x + 4 * r * H;
        eachVector<V, true>(H, [&](size_t k, size_t n) {
          const auto sum = [&](size_t g) __attribute__((always_inline)) { return V::add(loadUpTo<V>(share + g * H + k, n), loadUpTo<V>(gate + g * H + k, n)); };
          const F i = sigmoidOf<V>(sum(0)), f = sigmoidOf<V>(sum(1)), g = tanhOf<V>(sum(2)), o = sigmoidOf<V>(sum(3));
          const F c = V::add(V::mul(f, loadUpTo<V>(before + r * H + k, n)), V::mul(i, g));
          storeUpTo<V>(gate + k, n, i);
          storeUpTo<V>(gate + H + k, n, f);
          storeUpTo<V>(gate + 2 * H + k, n, g);
          storeUpTo<V>(gate + 3 * H + k, n, o);
          storeUpTo<V>(cells + r * H + k, n, c);
          storeUpTo<V>(out + r * H + k, n, V::mul(o, tanhOf<V>(c)));
        });
      }
      h = out;
      before = cells;
    }
  }
}

/// The units [begin, end).
template <class V>
DROPWISE_NOINLINE void lstmGrad(const LstmArgs& args, size_t begin, size_t end, float* scratch) {
  using F = typename V::F32;
  const LstmArgs a = args;
  const size_t H = a.hidden, step = a.batch * H;
  const F one = V::splat(1);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t top = unit * a.rows, count = smaller(a.rows, a.batch - top);
    float *const toH = a.gradH0 + top * H, *const toC = a.gradC0 + top * H;
    for (size_t i = 0; i < count * H; i++) toH[i] = toC[i] = 0;
    for (size_t turn = a.steps; turn-- > 0;) {
      const size_t t = a.reverse != 0 ? a.steps - 1 - turn : turn, at = (t * a.batch + top) * H;
      const float *const gates = a.gates + 4 * at, *const cells = a.states + a.steps * step + at;
      const float* const before = turn == 0 ? a.c0 + top * H : a.reverse != 0 ? cells + step : cells - step;
      const float *const ofH = a.gradStates + at, *const ofC = ofH + a.steps * step;
      float* const gradX = a.gradX + 4 * at;
      for (size_t r = 0; r < count; r++) {
        const float* const gate = gates + 4 * r * H;
        float* const grad = gradX + 4 * r * H;
        eachVector<V, true>(H, [&](size_t k, size_t n) {
          const size_t place = r * H + k;
          const F i = loadUpTo<V>(gate + k, n), f = loadUpTo<V>(gate + H + k, n), g = loadUpTo<V>(gate + 2 * H + k, n), o = loadUpTo<V>(gate + 3 * H + k, n);
          const F squashed = tanhOf<V>(loadUpTo<V>(cells + place, n));
          const F dh = V::add(loadUpTo<V>(ofH + place, n), loadUpTo<V>(toH + place, n));
          const F through = V::mul(V::mul(dh, o), V::sub(one, V::mul(squashed, squashed)));
          const F dc = V::add(V::add(loadUpTo<V>(ofC + place, n), loadUpTo<V>(toC + place, n)), through);
          const auto sigmoidSlope = [&](F y) __attribute__((always_inline)) { return V::mul(y, V::sub(one, y)); };
          storeUpTo<V>(grad + k, n, V::mul(V::mul(dc, g), sigmoidSlope(i)));
          storeUpTo<V>(grad + H + k, n, V::mul(V::mul(dc, loadUpTo<V>(before + place, n)), sigmoidSlope(f)));
          storeUpTo<V>(grad + 2 * H + k, n, V::mul(V::mul(dc, i), V::sub(one, V::mul(g, g))));
          storeUpTo<V>(grad + 3 * H + k, n, V::mul(V::mul(dh, squashed), sigmoidSlope(o)));
          storeUpTo<V>(toC + place, n, V::mul(dc, f));
        });
      }
      rowsTimes<V>(gradX, a.weight, toH, count, 4 * H, H, scratch);
    }
  }
}

DROPWISE_END
