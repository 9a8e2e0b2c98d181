/** Actions that compute: new tensors, views, operations, and dropout in place. */
import { functional as F, Generator, nn, noGrad, ones, type Tensor, tensor, tidy } from "../../index";
import { add, constant, leaf, mul, type Scalar, scale, softmax, sum, tanh, valued } from "./scalars";
import type { Shadow } from "./shadows";
import type { Action, Kinds, World } from "./world";

export const operations: Kinds = {
  create: [3, create],
  parameter: [1, parameter],
  view: [4, view],
  unary: [4, unary],
  binary: [4, binary],
  matmul: [2, matmul],
  dropout: [3, dropout],
};

// --- internal helpers ---

/** An operation on tensors, and on the scalars that stand for their elements. */
interface Operation {
  readonly real: (...inputs: [Tensor, Tensor]) => Tensor;
  readonly ideal: (...inputs: [Scalar[], Scalar[]]) => Scalar[];
}

/** Runs both; one time in eight without recording. */
function operate(world: World, c: number, inputs: readonly Shadow[], { real, ideal }: Operation): void {
  const isRecorded = c % 8 !== 7;
  const run = () => real(...(inputs.map((x) => x.tensor) as [Tensor, Tensor]));
  const made = world.attempt(inputs, () => (isRecorded ? run() : noGrad(run)));
  if (made === undefined) return;
  const values = ideal(...(inputs.map((x) => world.shadows.read(x, isRecorded)) as [Scalar[], Scalar[]]));
  world.shadows.add(made, values, { step: world.newStep(false) });
}

function create({ shadows }: World, { a, b, c }: Action): void {
  const shape = [[4], [2, 2], [2], []][a % 4] as number[];
  const size = shape.reduce((product, s) => product * s, 1);
  const values = Float64Array.from({ length: size }, (_, i) => (((i + 1) * (a + 3)) % 13) / 6 - 1);
  const isLeaf = c % 2 === 0;
  const made = tensor(values, { shape, backend: shadows.backends[b % 3 === 0 ? 1 : 0], requiresGrad: isLeaf });
  shadows.add(made, [...values].map(isLeaf ? leaf : constant), { isLeaf });
}

function parameter(world: World, { a }: Action): void {
  const x = world.pick(a);
  const made = x && world.attempt([x], () => new nn.Parameter(x.tensor));
  if (made !== undefined) world.shadows.add(made, world.shadows.values(x as Shadow).map(leaf), { isLeaf: true, depth: 0 });
}

function view(world: World, { a, b, c }: Action): void {
  const x = world.pick(a);
  if (x === undefined) return;
  const { shape, size } = x.tensor;
  const [rows = 1, columns = 1] = shape;
  if (b % 5 === 0) {
    const made = world.attempt([x], () => x.tensor.detach());
    if (made !== undefined) world.shadows.add(made, world.shadows.read(x, false));
    return;
  }
  const reshape = shape.length < 2 && size % 2 === 0 ? [2, -1] : [size];
  const views: Operation[] = [{ real: (t) => t.reshape(reshape), ideal: (v) => v }];
  if (shape.length < 2) views.push({ real: (t) => t.expand([2, ...shape]), ideal: (v) => [...v, ...v].map((s) => valued(s.value, s)) });
  if (rows > 1) views.push({ real: (t) => t.slice(0, 1), ideal: (v) => v.slice(size / rows) });
  if (shape.length === 2) {
    const ideal = (v: Scalar[]) => v.map((_, i) => v[(i % rows) * columns + Math.floor(i / rows)] as Scalar);
    views.push({ real: (t) => t.transpose(0, 1), ideal });
  }
  operate(world, c, [x], views[b % views.length] as Operation);
}

const scaled = (factor: number) => (values: readonly Scalar[]) => values.map((s) => scale(s, factor));

function unary(world: World, { a, b, c }: Action): void {
  const x = world.pick(a);
  if (x === undefined) return;
  const { shape } = x.tensor;
  const functions: Operation[] = [
    { real: (t) => t.neg(), ideal: scaled(-1) },
    { real: (t) => t.mul(0.5), ideal: scaled(0.5) },
    { real: (t) => F.tanh(t), ideal: (v) => v.map(tanh) },
    { real: (t) => t.sum(), ideal: (v) => [sum(v)] },
  ];
  const last = shape.at(-1);
  if (last !== undefined) {
    const rows = (v: Scalar[]) => Array.from({ length: v.length / last }, (_, i) => v.slice(i * last, (i + 1) * last));
    functions.push({ real: (t) => F.softmax(t, { dim: -1 }), ideal: (v) => rows(v).flatMap(softmax) });
  }
  operate(world, c, [x], functions[b % functions.length] as Operation);
}

/** The second operand is broadcast, if it is smaller. */
function binary(world: World, { a, b, c }: Action): void {
  const x = world.pick(a);
  if (x === undefined) return;
  const [name, combine] = c % 2 === 0 ? (["add", add] as const) : (["mul", mul] as const);
  const fits = ({ tensor }: Shadow) => `,${x.tensor.shape}`.endsWith(tensor.shape.length === 0 ? "" : `,${tensor.shape}`);
  const ideal = (v: Scalar[], w: Scalar[]) => v.map((s, i) => combine(s, w[i % w.length] as Scalar));
  operate(world, c, [x, world.partner(b, x, fits) ?? x], { real: (s, t) => s[name](t), ideal });
}

function matmul(world: World, { a, b, c }: Action): void {
  const x = world.pick(a, ({ tensor }) => tensor.shape.length === 2);
  const inner = x?.tensor.shape[1] as number;
  const y = x && world.partner(b, x, ({ tensor }) => tensor.shape.length === 2 && tensor.shape[0] === inner);
  if (x === undefined || y === undefined) return;
  const columns = y.tensor.shape[1] as number;
  const at = (v: Scalar[], w: Scalar[], row: number, column: number) =>
    sum(Array.from({ length: inner }, (_, k) => mul(v[row * inner + k] as Scalar, w[k * columns + column] as Scalar)));
  const ideal = (v: Scalar[], w: Scalar[]) =>
    Array.from({ length: (v.length / inner) * columns }, (_, i) => at(v, w, Math.floor(i / columns), i % columns));
  operate(world, c, [x, y], { real: (s, t) => s.matmul(t), ideal });
}

function dropout(world: World, { a, b, c }: Action): void {
  const x = world.pick(a);
  if (x === undefined) return;
  const { shadows } = world;
  const { tensor, nodes } = x;
  const draw = (t: Tensor, inplace: boolean) => F.dropout(t, { p: 0.5, inplace, generator: new Generator(c) });
  // The same draw on ones, elsewhere: 0 or 2 for each element.
  const factors = tidy(() => draw(ones(tensor.shape), false).dataSync());
  const ideal = (values: Scalar[]) => values.map((s, i) => scale(s, factors[i] as number));
  if (b % 2 === 0) {
    operate(world, c, [x], { real: (t) => draw(t, false), ideal });
    return;
  }
  const isRecorded = nodes !== null && c % 8 !== 7;
  const isRefused = new Set(x.places).size < x.places.length || (isRecorded && (x.isLeaf || tensor.isView));
  const run = () => draw(tensor, true);
  const made = world.attempt([x], () => (c % 8 !== 7 ? run() : noGrad(run)), isRefused ? ["InPlaceError"] : []);
  if (made === undefined) return;
  if (made !== tensor || isRefused) throw new Error("expected dropout in place to edit its input, or to refuse");
  world.hasEdited = true;
  const values = ideal(shadows.read(x));
  shadows.write(
    x,
    values.map((s) => s.value),
  );
  if (!isRecorded) return;
  const step = world.newStep(false);
  for (const s of values) s.step = step;
  x.nodes = values;
}
