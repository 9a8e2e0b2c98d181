/** What the members of a backend are told beside their operands: numbers alone, that say what is to be computed. Members refer to these by name. */

/**
 * The affine select behind the whole dropout family, forward and backward:
 *
 *     y[i] = keep(m(i)) ? f32(f32(x[i] * keepScale) + keepShift) : dropValue
 *
 * `keep(e)` is true when word `e & 3` of Philox block `e >> 2` is below `threshold` (unsigned), for the key
 * (seedLo, seedHi) and the counter (callLo, callHi, blockLo, blockHi), unless a `layout` says otherwise. See `docs/random-stream.md`.
 */
export interface DropoutSpec {
  /** Low word of the key: u32, as are the next three. */
  readonly seedLo: number;
  /** High word of the key. */
  readonly seedHi: number;
  /** Word 0 of the counter. */
  readonly callLo: number;
  /** Word 1 of the counter. */
  readonly callHi: number;
  /** Added to every mask index. An integer in [0, 2^53); may leave any residue mod 4. */
  readonly elementOffset: number;
  /** u32; see `thresholdOf`. */
  readonly threshold: number;
  /** A float32 value. Multiplied in the dtype of the data (float64 data: in double). */
  readonly keepScale: number;
  /** A float32 value; 0 skips the addition, so that -0 is kept. Never fused with the multiplication. */
  readonly keepShift: number;
  /** Written for a dropped element, whatever the input was, NaN and infinities included. */
  readonly dropValue: number;
  /**
   * The shape of the work, with neighbouring dimensions merged wherever that changes nothing. Its product is the element
   * count. `[n]` with mask strides `[1]` is plain dropout; `[channels, inner]` with `[1, 0]` is feature dropout.
   */
  readonly shape: readonly number[];
  /** m(i) = elementOffset + the dot product of i's index with these; 0 where one mask element is shared. Same length as `shape`. */
  readonly maskStrides: readonly number[];
  /** Where another framework's mask is drawn: which word decides which element. Backends of the first version of this contract are never handed one. */
  readonly layout?: MaskLayout | undefined;
}

/**
 * Which Philox word decides mask element e, as threads of a GPU share the work between them: `threads` of them, one block for each of up to four elements, pass
 * after pass over the data. With G = threads, W = width, pass = floor(e / (W G)), r = e mod (W G) and floor division:
 *
 * | kind | thread t | slot s | counter | word |
 * |---|---|---|---|---|
 * | packed (W 2, 4, 8) | r / W | r mod W | (call + pass * max(1, W / 4) + s / 4, t) | s mod 4 |
 * | spread (W 4) | r mod G | r / G | (call + pass, t) | s |
 * | wide (W 2) | r mod G | r / G | (call + pass, t) | 2 s and 2 s + 1 |
 * | flat (W 1, 4) | | | (e / W, 0) | e mod W |
 *
 * Each half of the counter has 64 bits, its low word first; `call` is (callLo, callHi). Of one word w, an element is kept when
 * `((w << shift) - low) mod 2^32 < threshold`. Wide: of the two words x and y, when the number with the high word `y >>> 11` and the low word
 * `x ^ (y << 21)` is below that with the high word `thresholdHi` and the low word `threshold`.
 */
export interface MaskLayout {
  /** Who draws what. */
  readonly kind: "packed" | "spread" | "wide" | "flat";
  /** W: elements of a thread in a pass; of a block, where `flat`. */
  readonly width: 1 | 2 | 4 | 8;
  /** G: 1 to 2^29. Of no meaning where `flat`. */
  readonly threads: number;
  /** 0 or 1. */
  readonly shift: number;
  /** u32. */
  readonly low: number;
  /** Below 2^22; 0 unless `wide`. */
  readonly thresholdHi: number;
  /** The table above as a function, one element at a time, in any order: for kernels that are not to be fast. */
  keeps(spec: DropoutSpec): (element: number) => boolean;
}

/** What becomes of a product's result while it is at hand, in this order. */
export interface Epilogue {
  /** As the `unary` of that name. */
  readonly activation?: "relu" | undefined;
  /** As `dropout`, over the result row by row; never with a `layout`. */
  readonly dropout?: DropoutSpec | undefined;
}

/**
 * Windows that slide over the one, two or three dimensions behind `[N, C]`; each list has a number for each of them. Element k of window o lies at the
 * place `o * stride + k * dilation - padding`. Places outside are padding, before the first element and behind the last one. All numbers and places are
 * below 2^31.
 */
export interface WindowSpec {
  /** Elements of a window. */
  readonly kernel: readonly number[];
  /** Places from one window to the next: 1 or more. */
  readonly stride: readonly number[];
  /** Places from one element of a window to the next: 1 or more. */
  readonly dilation: readonly number[];
  /** Places of padding before the first element. */
  readonly padding: readonly number[];
  /** How many windows there are, which says how much padding is behind the last element, too. */
  readonly outSizes: readonly number[];
  /** What `unfold` reads outside: 0, or -Infinity for a maximum. */
  readonly padValue: number;
}

/** How `normalize` sees what it is given: contiguous, `[outer, groups, inner]`. Each group has a mean and a biased variance, over outer and inner. */
export interface NormalizeSpec {
  /** Images of batch norm, else 1. */
  readonly outer: number;
  /** Channels of batch norm, rows of layer norm. */
  readonly groups: number;
  /** Places of a channel, or of a row. */
  readonly inner: number;
  /** Added to the variance, under the root. */
  readonly eps: number;
  /** What weight and bias have an element for. With "inner", outer is 1. */
  readonly affine: "group" | "inner";
}

/** A sequence that an LSTM goes through. */
export interface LstmSpec {
  /** Its steps, at least one. */
  readonly steps: number;
  /** Sequences that go side by side. */
  readonly batch: number;
  /** Elements of a state. */
  readonly hidden: number;
  /** From the last step to the first. */
  readonly reverse: boolean;
}

/** What attention does beside its products. */
export interface AttentionSpec {
  /** What products of queries and keys are multiplied by; the queries are, before the product. */
  readonly scale: number;
  /** Query i sees the keys 0 to `firstQuery + i`, and no others; null: it sees all. */
  readonly firstQuery: number | null;
  /** Plain dropout of the weights `[batches, heads, queries, keys]`, seen and hidden ones counted row-major: no shift, no layout, mask strides of `[1]`. Null: none. */
  readonly dropout: DropoutSpec | null;
}

/** The windows of a convolution, and the parts that its channels are cut in. Padding is 0. */
export interface ConvolutionSpec extends Omit<WindowSpec, "padValue"> {
  /** Each part is convolved alone. Divides both numbers of channels. */
  readonly groups: number;
}

/** What pooling makes of a window: its largest element, NaN before all, or the sum of its elements. */
export type PoolOp = "max" | "sum";

/** One step of an optimizer on one parameter. PyTorch's formulas. */
export type OptimizerSpec =
  | {
      /** Stochastic gradient descent. */
      readonly kind: "sgd";
      /** Learning rate. */
      readonly lr: number;
      /** How much of the last step goes into this one; 0: there is no state. */
      readonly momentum: number;
      /** How much less of the gradient goes into the momentum. */
      readonly dampening: number;
      /** L2 penalty, added to the gradient. */
      readonly weightDecay: number;
      /** Look one step ahead. */
      readonly nesterov: boolean;
      /** True on the first step of a parameter, when the momentum buffer is set to the gradient, not blended with it. */
      readonly first: boolean;
    }
  | {
      /** Adam, and AdamW where `decoupled`. */
      readonly kind: "adam";
      /** Learning rate. */
      readonly lr: number;
      /** Decay of the average of the gradient. */
      readonly beta1: number;
      /** Decay of the average of its square. */
      readonly beta2: number;
      /** Added to the denominator. */
      readonly eps: number;
      /** L2 penalty, or decay of the weights where `decoupled`. */
      readonly weightDecay: number;
      /** True for AdamW: the decay shrinks the parameter and leaves the gradient alone. */
      readonly decoupled: boolean;
      /** 1 - beta1^step. */
      readonly biasCorrection1: number;
      /** 1 - beta2^step. */
      readonly biasCorrection2: number;
    };
