/** The functions of `functional/losses` as modules. */
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from "../functional/losses";
import type { Tensor } from "../tensor/tensor";
import { Module } from "./module";

/** What all losses share: options given once. */
abstract class Loss<Options> extends Module {
  constructor(protected readonly options: Options = {} as Options) {
    super();
  }

  abstract override forward(input: Tensor, target: Tensor): Tensor;
}

/** Squared differences. Mirrors `torch.nn.MSELoss`. */
export class MSELoss extends Loss<LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** Absolute differences. Mirrors `torch.nn.L1Loss`. */
export class L1Loss extends Loss<LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** Squared near 0, absolute beyond `beta`. Mirrors `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends Loss<LossOptions & { readonly beta?: number }> {
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** Cross entropy of probabilities. Mirrors `torch.nn.BCELoss`. */
export class BCELoss extends Loss<LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.options);
  }
}

/** Cross entropy of logits. Mirrors `torch.nn.BCEWithLogitsLoss`. */
export class BCEWithLogitsLoss extends Loss<LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}

/** Cross entropy of logits against classes. Mirrors `torch.nn.CrossEntropyLoss`. */
export class CrossEntropyLoss extends Loss<CrossEntropyOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}

/** Minus the log-probability of classes. Mirrors `torch.nn.NLLLoss`. */
export class NLLLoss extends Loss<LossOptions> {
  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, this.options);
  }
}
