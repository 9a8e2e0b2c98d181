import type { Check, Family } from "./case";
import { activations } from "./families/activations";
import { attention } from "./families/attention";
import { autograd } from "./families/autograd";
import { binary } from "./families/binary";
import { convolution } from "./families/convolution";
import { crossBackend } from "./families/cross-backend";
import { dropout } from "./families/dropout";
import { embedding } from "./families/embedding";
import { errors } from "./families/errors";
import { failures } from "./families/failures";
import { functions } from "./families/functions";
import { gather } from "./families/gather";
import { layouts } from "./families/layouts";
import { losses } from "./families/losses";
import { matmul } from "./families/matmul";
import { memoryFamily } from "./families/memory";
import { models } from "./families/models";
import { movement } from "./families/movement";
import { normalization } from "./families/normalization";
import { optimizers } from "./families/optimizers";
import { padding } from "./families/padding";
import { pooling } from "./families/pooling";
import { recurrent } from "./families/recurrent";
import { reduce } from "./families/reduce";
import { replay } from "./families/replay";
import { singular } from "./families/singular";
import { statistics } from "./families/statistics";
import { storage } from "./families/storage";
import { streams } from "./families/streams";
import { training } from "./families/training";
import { unary } from "./families/unary";

/** Every check, by op family. */
export const suite: Readonly<Record<string, Family>> = {
  storage,
  movement,
  unary,
  binary,
  reduce,
  matmul,
  gather,
  convolution,
  pooling,
  normalization,
  embedding,
  recurrent,
  padding,
  activations,
  losses,
  functions,
  dropout,
  layouts,
  replay,
  streams,
  attention,
  autograd,
  singular,
  training,
  models,
  optimizers,
  memory: memoryFamily,
  failures,
  errors,
  "cross-backend": crossBackend,
  statistics,
};

/** Every check by its full name, "family > sentence". */
export const checksById: ReadonlyMap<string, Check> = new Map(
  Object.entries(suite).flatMap(([family, checks]) =>
    Object.entries(checks).map(([sentence, check]) => [`${family} > ${sentence}`, check]),
  ),
);
