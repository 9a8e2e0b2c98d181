/** `nn`: what moves a window over images. */
import { nn } from "@dropwise/core";
import type { Case, Cases } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";
import { forward, type Make, type Settings } from "./nn-forward";

/** One number for all spatial dimensions, or a list of them. */
const sizes = (valid: number, low = 1): Place => p.or(p.list(p.integer(valid, low)), p.integer(valid, low));
/** What a layer made of it: a list alone would do, but a program may set a number. */
const set = (...valid: readonly number[]): Place => ({ ...sizes(valid[0] as number, 0), valid: () => Object.freeze([...valid]) });
const channels = p.integer(4, 1, 1000);
const kernel: Place = p.or(p.list(p.integer(2, 1, 100)), p.integer(2, 1, 100));
const steps = { stride: sizes(1), padding: sizes(1, 0), dilation: sizes(1), groups: p.integer(2, 1) };
const made = { bias: p.flag(), backend: p.backend, generator: p.generator };
const paddingMode = p.word("reflect", "zeros", "replicate", "circular");
const words = p.or(steps.padding, p.word("same", "valid"));
const convolution = [channels, channels, kernel, p.options({ ...steps, ...made, padding: words, paddingMode })];
const transposed = [channels, channels, kernel, p.options({ ...steps, stride: sizes(2), ...made, outputPadding: sizes(1, 0) })];
const tensors = (shape: readonly number[]): Settings => ({
  weight: { ...p.operand(), valid: (w) => w.parameter(shape) },
  bias: p.nullable({ ...p.operand(), valid: (w) => w.parameter([2]) }),
});
const image = [1, 2, 5, 4, 3];
const convolve = (rank: number, make: (w: World) => nn.Module): Case =>
  forward(make, [p.operand(image.slice(0, rank + 2))], {
    ...tensors([2, 2, 2, 2, 2].slice(0, rank + 2)),
    stride: set(1),
    padding: p.or(set(1), p.word("same", "valid")),
    dilation: set(1),
    groups: p.integer(1, 1),
    paddingMode,
    kernelSize: set(2),
  });
const transpose = (rank: number, make: (w: World) => nn.Module): Case =>
  forward(make, [p.operand(image.slice(0, rank + 2))], {
    ...tensors([2, 2, 2, 2].slice(0, rank + 2)),
    stride: set(2),
    padding: set(1),
    outputPadding: set(1),
    dilation: set(1),
    groups: p.integer(1, 1),
  });
const pool = { stride: sizes(1), padding: sizes(1, 0), ceilMode: p.flag() };
const divisorOverride = p.nullable(p.number(3, (n) => Number.isInteger(n) && n !== 0));
const maxPool = [sizes(2), p.options({ ...pool, dilation: sizes(1) })];
const mean = { ...pool, countIncludePad: p.flag() };
const pooled = { kernelSize: set(2), stride: set(1), padding: set(1), ceilMode: p.flag() };
const maxPooled = (rank: number, make: Make): Case => forward(make, [p.tensor(image.slice(0, rank + 2))], { ...pooled, dilation: set(1) });
const avgPooled = (rank: number, make: Make): Case =>
  forward(make, [p.tensor(image.slice(0, rank + 2))], { ...pooled, countIncludePad: p.flag(), divisorOverride });
const outputSize = p.nullable(p.or(p.list(p.nullable(p.integer(2, 1))), p.integer(2, 1)));
const adaptive = (rank: number, make: Make): Case => forward(make, [p.tensor(image.slice(0, rank + 2))], { outputSize });
const windows = p.options({ stride: sizes(1), padding: sizes(1, 0), dilation: sizes(1) });
const unfolded = { kernelSize: set(2), stride: set(1), padding: set(1), dilation: set(1) };

export const windowCases: Cases = {
  "nn.Conv1d": convolution,
  "nn.Conv2d": convolution,
  "nn.Conv3d": convolution,
  "nn.ConvTranspose1d": transposed,
  "nn.ConvTranspose2d": transposed,
  "nn.Conv1d#forward": convolve(1, (w) => new nn.Conv1d(2, 2, 2, { generator: w.generator })),
  "nn.Conv2d#forward": convolve(2, (w) => new nn.Conv2d(2, 2, 2, { generator: w.generator })),
  "nn.Conv3d#forward": convolve(3, (w) => new nn.Conv3d(2, 2, 2, { generator: w.generator })),
  "nn.ConvTranspose1d#forward": transpose(1, (w) => new nn.ConvTranspose1d(2, 2, 2, { generator: w.generator })),
  "nn.ConvTranspose2d#forward": transpose(2, (w) => new nn.ConvTranspose2d(2, 2, 2, { generator: w.generator })),
  "nn.MaxPool1d": maxPool,
  "nn.MaxPool2d": maxPool,
  "nn.MaxPool3d": maxPool,
  "nn.AvgPool1d": [sizes(2), p.options(mean)],
  "nn.AvgPool2d": [sizes(2), p.options({ ...mean, divisorOverride })],
  "nn.AvgPool3d": [sizes(2), p.options({ ...mean, divisorOverride })],
  "nn.AdaptiveAvgPool1d": [outputSize],
  "nn.AdaptiveAvgPool2d": [outputSize],
  "nn.AdaptiveMaxPool2d": [outputSize],
  "nn.MaxPool1d#forward": maxPooled(1, () => new nn.MaxPool1d(2)),
  "nn.MaxPool2d#forward": maxPooled(2, () => new nn.MaxPool2d(2)),
  "nn.MaxPool3d#forward": maxPooled(3, () => new nn.MaxPool3d(2)),
  "nn.AvgPool1d#forward": avgPooled(1, () => new nn.AvgPool1d(2)),
  "nn.AvgPool2d#forward": avgPooled(2, () => new nn.AvgPool2d(2)),
  "nn.AvgPool3d#forward": avgPooled(3, () => new nn.AvgPool3d(2)),
  "nn.AdaptiveAvgPool1d#forward": adaptive(1, () => new nn.AdaptiveAvgPool1d(2)),
  "nn.AdaptiveAvgPool2d#forward": adaptive(2, () => new nn.AdaptiveAvgPool2d(2)),
  "nn.AdaptiveMaxPool2d#forward": adaptive(2, () => new nn.AdaptiveMaxPool2d(2)),
  "nn.Unfold": [sizes(2), windows],
  "nn.Fold": [sizes(3), sizes(2), windows],
  "nn.Unfold#forward": forward(() => new nn.Unfold(2), [p.tensor([1, 2, 3, 4])], unfolded),
  "nn.Fold#forward": forward(() => new nn.Fold([3, 2], 2), [p.tensor([1, 8, 12])], { ...unfolded, outputSize: set(3, 2) }),
};
