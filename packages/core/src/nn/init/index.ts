/**
 * Initial values for parameters, written over what they have: `nn.init.kaimingNormal(layer.weight)`. Mirrors
 * [torch.nn.init](https://docs.pytorch.org/docs/stable/nn.init.html), whose names end in an underscore there. Drawn on the host, so that they are the
 * same for one seed on every backend.
 *
 * @packageDocumentation
 */
export type { InitOptions } from "./fill";
export {
  constant,
  type NormalOptions,
  normal,
  ones,
  type TruncNormalOptions,
  truncNormal,
  type UniformOptions,
  uniform,
  zeros,
} from "./plain";
export {
  calculateGain,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  type Nonlinearity,
  type XavierOptions,
  xavierNormal,
  xavierUniform,
} from "./scaled";
export { dirac, eye, type OrthogonalOptions, orthogonal, type SparseOptions, sparse } from "./structured";
