import { gradMode } from "../autograd/grad-mode";
import { ANY, type GradNode, type Layout, type Primitive } from "../autograd/node";
import { run } from "../autograd/run";
import type { AttentionSpec } from "../backend/backend";
import { hasMembers, laterMember } from "../cpu/device-of";
import { dropoutAffine, dropoutSpec, gradientAffine, type MaskKey } from "../random/mask-key";
import { contiguousStrides, type Shape } from "../shape/shape";
import type { Tensor } from "../tensor/tensor";
import { applySelect } from "./affine-select";
import { computedLayout, contiguous, unwritten } from "./layout";

/** What attention is beside its tensors, which are `[batches, heads, queries or keys, size]`. */
export interface AttentionAttrs {
  readonly scale: number;
  /** The place of the first query among the keys, for a triangle; null: there is none. */
  readonly firstQuery: number | null;
  /** The mask of the dropout, one that `isPlain`; null: there is none. */
  readonly key: MaskKey | null;
  /** Its weights before dropout, composed of differentiable operations: what gradients of gradients take. */
  weights(query: Tensor, key: Tensor, mask: Tensor | null): Tensor;
}

/** The most elements of a head that kernels are handed. */
const MOST_HEAD_SIZE = 256;

/**
 * Attention in one kernel, which keeps no weights. The fourth input is room for what its gradient wants to know of each query; the fifth is the mask, if there is one, which gets
 * no gradient.
 */
const attentionPrimitive: Primitive<AttentionAttrs> = {
  name: "attention",
  reads: [ANY, ANY, ANY, ANY, ANY],
  readsOutput: ANY,
  forward(inputs, attrs) {
    const [q, k, v, rows, mask = null] = inputs as unknown as [Tensor, Tensor, Tensor, Tensor, Tensor?];
    const { device } = q.storage;
    const shape = [...q.sizes.slice(0, -1), v.sizes.at(-1) as number];
    return inOrder(q, shape, (out) =>
      laterMember(device, "attention")?.(specOf(attrs, q, k), q.layout, k.layout, v.layout, mask?.layout ?? null, out, rows.layout),
    );
  },
  backward(node, grad) {
    const gradients = gradMode.enabled ? composedGradients(node, grad) : fusedGradients(node, grad);
    return node.shapes.map((_, i) => (node.needs(i) ? (gradients[i] ?? null) : null));
  },
};

/** Whether a backend can be handed these in one kernel: their sizes, and that it has kernels. */
export function isFusable(q: Tensor, k: Tensor, v: Tensor): boolean {
  const { device } = q.storage;
  const sizes = [...q.sizes, ...k.sizes, ...v.sizes];
  return (
    q.dtype === "float32" &&
    !sizes.includes(0) &&
    Math.max(q.sizes.at(-1) as number, v.sizes.at(-1) as number) <= MOST_HEAD_SIZE &&
    hasMembers(device, "attention", "attentionGrad")
  );
}

/** Whether a mask over data of `shape` is one that kernels draw themselves: of the default stream, every element its own, without gaps. */
export function isPlain(key: MaskKey, shape: Shape): boolean {
  if (key.apply !== undefined) return false;
  const { maskStrides, layout } = dropoutSpec(key, dropoutAffine(key.p), shape);
  return layout === undefined && maskStrides.length === 1 && maskStrides[0] === 1;
}

/**
 * Attention of tensors that are fusable, of one batch size, and of as many heads but for keys and values, which may have fewer. The mask is bool or float32, of the
 * weights' shape. The output lies in memory in the order in which the queries do.
 */
export function applyAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, attrs: AttentionAttrs): Tensor {
  const rows = unwritten(q, [...q.sizes.slice(0, -1), 2]);
  const inputs = [rowsOf(q), rowsOf(k), rowsOf(v), rows] as const;
  return run(attentionPrimitive, mask === null ? inputs : [...inputs, mask], attrs);
}

// --- internal helpers ---

function specOf({ scale, firstQuery, key }: AttentionAttrs, q: Tensor, k: Tensor): AttentionSpec {
  const shape = [...q.sizes.slice(0, -1), k.sizes.at(-2) as number];
  return { scale, firstQuery, dropout: key === null ? null : dropoutSpec(key, dropoutAffine(key.p), shape) };
}

/** The tensor, or a copy, with its last elements side by side. */
function rowsOf(x: Tensor): Tensor {
  return x.steps.at(-1) === 1 || x.sizes.at(-1) === 1 ? x : contiguous(x);
}

/** A new layout of four dimensions that `kernel` writes, in memory in the order in which those of `like` lie there, the last one last. */
function inOrder(like: Tensor, shape: Shape, kernel: (out: Layout) => void): Layout {
  const step = (dim: number) => (like.steps[dim] as number) || Number.POSITIVE_INFINITY; // what is repeated lies outside
  const order = [0, 1, 2].sort((a, b) => (step(a) === step(b) ? a - b : step(b) - step(a)));
  order.push(3);
  const strides = new Array<number>(4);
  contiguousStrides(order.map((dim) => shape[dim] as number)).forEach((stride, i) => {
    strides[order[i] as number] = stride;
  });
  let result: Layout | undefined;
  computedLayout(like.storage.device, like.dtype, shape, (out) => {
    result = { ...out, strides };
    kernel(result);
  });
  return result as Layout;
}

/** All three in one kernel, which makes weights and mask again. */
function fusedGradients(node: GradNode<AttentionAttrs>, incoming: Tensor): Tensor[] {
  const { attrs } = node;
  const [q, k, v, rows] = [0, 1, 2, 3].map((i) => node.input(i)) as [Tensor, Tensor, Tensor, Tensor];
  const mask = maskOf(node);
  const out = node.output();
  const grad = rowsOf(incoming);
  const found: Tensor[] = [];
  inOrder(q, q.sizes, (gradQuery) => {
    inOrder(k, k.sizes, (gradKey) => {
      const layout = inOrder(v, v.sizes, (gradValue) =>
        laterMember(q.storage.device, "attentionGrad")?.(
          specOf(attrs, q, k),
          ...([q.layout, k.layout, v.layout, mask?.layout ?? null, out.layout, rows.layout, grad.layout] as const),
          ...([gradQuery, gradKey, gradValue] as const),
        ),
      );
      found.push(...[gradQuery, gradKey, layout].map((each) => q.wrap(each)));
    });
  });
  return found;
}

/** The same as differentiable operations, with the weights written out. */
function composedGradients(node: GradNode<AttentionAttrs>, grad: Tensor): Tensor[] {
  const { scale, key } = node.attrs;
  const [q, k, v] = [0, 1, 2].map((i) => node.input(i)) as [Tensor, Tensor, Tensor];
  const group = (q.sizes[1] as number) / (k.sizes[1] as number);
  const affine = key === null ? null : dropoutAffine(key.p);
  const [batches, shared] = k.sizes as [number, number];
  // Keys and values as each head of queries has them, and the sum of what those that share some give back.
  const own = (x: Tensor) => {
    const [keys, size] = x.sizes.slice(2) as [number, number];
    return group === 1
      ? x
      : x
          .unsqueeze(2)
          .expand([batches, shared, group, keys, size])
          .reshape([batches, shared * group, keys, size]);
  };
  const back = (x: Tensor) => {
    const [keys, size] = x.sizes.slice(2) as [number, number];
    return group === 1 ? x : x.reshape([batches, shared, group, keys, size]).sum({ dim: 2 });
  };
  const weights = node.attrs.weights(q, own(k), maskOf(node));
  const kept = key === null || affine === null ? weights : applySelect(weights, key, affine);
  const upKept = grad.matmul(own(v).transpose(-2, -1));
  const up = key === null || affine === null ? upKept : applySelect(upKept, key, gradientAffine(affine));
  const products = weights.mul(up.sub(up.mul(weights).sum({ dim: -1, keepdim: true }))).mul(scale);
  return [products.matmul(own(k)), back(products.transpose(-2, -1).matmul(q)), back(kept.transpose(-2, -1).matmul(grad))];
}

function maskOf(node: GradNode<AttentionAttrs>): Tensor | null {
  return node.shapes.length > 4 ? node.input(4) : null;
}
