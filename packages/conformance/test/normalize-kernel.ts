/** The members `normalize` and `normalizeGrad` in plain steps that can be exchanged, for backends with a fault in one of them. */
import type { Backend, NormalizeSpec, Operand } from "@dropwise/core/backend";
import { elements } from "./mutant";

/** The steps. */
export interface NormalizeSteps {
  /** The variance of a group from the sum of its squared distances from the mean, and of its squares. */
  readonly variance: (distances: number, squares: number, mean: number, count: number) => number;
  /** What is divided by. */
  readonly deviation: (variance: number, eps: number) => number;
  /** Which weight an element has. */
  readonly weightOf: (spec: NormalizeSpec, group: number, place: number) => number;
  /** Of a gradient of x: the weighted incoming one, its mean over the group, the normal value, and the mean of their product. */
  readonly gradient: (given: number, mean: number, normal: number, product: number) => number;
  /** Groups whose share goes into the gradients of weight and bias. */
  readonly rows: (groups: number) => number;
}

const RIGHT: NormalizeSteps = {
  variance: (distances, _squares, _mean, count) => distances / count,
  deviation: (variance, eps) => Math.sqrt(variance + eps),
  weightOf: ({ affine }, group, place) => (affine === "inner" ? place : group),
  gradient: (given, mean, normal, product) => given - mean - normal * product,
  rows: (groups) => groups,
};

/** Both members. */
export function normalizeMembers(changes: Partial<NormalizeSteps>): Required<Pick<Backend, "normalize" | "normalizeGrad">> {
  const steps = { ...RIGHT, ...changes };
  return {
    normalize(spec, x, weight, bias, out, stats) {
      const from = elements(x);
      for (let group = 0; group < spec.groups; group++) {
        const places = placesOf(spec, group);
        const values = places.map(({ at }) => from[at] as number);
        const mean = sum(values) / values.length;
        const distances = sum(values.map((value) => (value - mean) ** 2));
        const variance = steps.variance(distances, sum(values.map((value) => value * value)), mean, values.length);
        elements(stats)[group] = mean;
        elements(stats)[spec.groups + group] = variance;
        for (const { at, place } of places) {
          const k = steps.weightOf(spec, group, place);
          const normal = ((from[at] as number) - mean) / steps.deviation(variance, spec.eps);
          elements(out)[at] = normal * elementOf(weight, k, 1) + elementOf(bias, k, 0);
        }
      }
    },
    normalizeGrad(spec, grad, x, weight, stats, gradX, gradWeight, gradBias) {
      const sums = { weight: new Float64Array(1e5), bias: new Float64Array(1e5) };
      for (let group = 0; group < spec.groups; group++) {
        const [mean, variance] = [elementOf(stats, group, 0), elementOf(stats, spec.groups + group, 0)];
        const deviation = steps.deviation(variance, spec.eps);
        const parts = placesOf(spec, group).map(({ at, place }) => {
          const k = steps.weightOf(spec, group, place);
          const incoming = elementOf(grad, at, 0);
          const normal = (elementOf(x, at, 0) - mean) / deviation;
          if (group < steps.rows(spec.groups)) {
            sums.weight[k] = (sums.weight[k] as number) + incoming * normal;
            sums.bias[k] = (sums.bias[k] as number) + incoming;
          }
          return { at, given: incoming * elementOf(weight, k, 1), normal };
        });
        const [ofGiven, ofProduct] = [
          sum(parts.map(({ given }) => given)) / parts.length,
          sum(parts.map(({ given, normal }) => given * normal)) / parts.length,
        ];
        if (gradX === null) continue;
        for (const { at, given, normal } of parts) elements(gradX)[at] = steps.gradient(given, ofGiven, normal, ofProduct) / deviation;
      }
      if (gradWeight !== null) elements(gradWeight).set(sums.weight.subarray(0, weightsOf(spec)));
      if (gradBias !== null) elements(gradBias).set(sums.bias.subarray(0, weightsOf(spec)));
    },
  };
}

// --- internal helpers ---

const elementOf = (operand: Operand | null, i: number, otherwise: number): number =>
  operand === null ? otherwise : (elements(operand)[i] as number);

const weightsOf = ({ affine, groups, inner }: NormalizeSpec): number => (affine === "inner" ? inner : groups);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Where the elements of a group are, and their places within inner. */
function placesOf({ outer, groups, inner }: NormalizeSpec, group: number): { at: number; place: number }[] {
  return Array.from({ length: outer * inner }, (_, i) => {
    const place = i % inner;
    return { at: (Math.floor(i / inner) * groups + group) * inner + place, place };
  });
}
