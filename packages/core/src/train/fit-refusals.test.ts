import { describe, expect, test } from "vitest";
import { functional as F, nn, ones, optim, type Tensor, tensor } from "../index";
import { expectRejection } from "../testing/refusal";
import { flagsOf, mixed, run, setting } from "../testing/training";
import { fit } from "./index";

describe("what fit refuses", () => {
  test("options, before anything has happened", async () => {
    const given = setting();
    const flags = mixed(given.model);
    const refused = (options: object, ...parts: string[]) => expectRejection(run(given, options as never), "TypeError", ...parts);
    await refused({ loss: undefined }, "fit: expected loss to be a function of output and target, or a module, got undefined");
    await refused({ loss: nn.CrossEntropyLoss }, "fit: expected a loss, got the class of one - make one with new");
    await refused({ optimizer: {} }, "fit: expected optimizer to be an object with zeroGrad and step");
    await refused({ scheduler: 1 }, "fit: expected scheduler to be an object with step, got 1");
    await refused({ schedulerInterval: "batch" }, 'fit: expected schedulerInterval to be "epoch" or "step", got "batch"');
    await refused({ validate: given.loader }, "fit: expected a function, got a value of type DataLoader - pass validate: () => { ... }");
    await refused({ onstep: () => {} }, "did you mean onStep?");
    await refused({ signal: new AbortController() }, "fit: expected signal to be an AbortSignal");
    await refused({ epochs: "3" }, "fit: expected epochs to be a number");
    await expectRejection(run(given, { epochs: -1 }), "RangeError", "fit: expected epochs to be an integer of 0 or more, got -1");
    const scheduler = new optim.ReduceLROnPlateau(given.optimizer);
    await refused({ scheduler, schedulerInterval: "step" }, 'fit: expected schedulerInterval "epoch" for ReduceLROnPlateau, got "step"');
    await refused({ monitor: () => "1" }, "fit: expected monitor to give a number, got");
    await expectRejection(fit({} as never, given.loader, {} as never), "TypeError", "fit: expected a model that is a Module");
    await expectRejection(fit(given.model, 3 as never, {} as never), "TypeError", "fit: expected batches to loop over, got 3");
    expect(await run(given, { epochs: 0 })).toEqual([]);
    expect(flagsOf(given.model)).toEqual(flags);
  });

  test("losses of more than one element, and batches of another form", async () => {
    const given = setting();
    const each = (output: Tensor, target: Tensor) => F.crossEntropy(output, target, { reduction: "none" });
    await expectRejection(
      run(given, { loss: each }),
      "ShapeError",
      'fit: expected one element, got shape [4] - let it give one, by reduction: "mean" or by mean()',
    );
    await expectRejection(run(given, { loss: () => 1 as never }), "TypeError", "fit: expected what loss gives to be a Tensor, got 1");
    await expectRejection(
      run(given, { loss: (async () => ones([])) as never }),
      "TypeError",
      "fit: expected a loss that is there at once, got a promise",
    );
    const wrong = async (batch: unknown, got: string) => {
      await expectRejection(
        run({ ...given, loader: [batch] as never }),
        "TypeError",
        `fit: expected batches as [input, target], got ${got}`,
      );
    };
    await wrong(ones([2, 4]), "a Tensor [2, 4] - give the loader a transform that makes them");
    await wrong([ones([2, 4])], "an array of 1");
    await wrong({ x: 1 }, "a value of type Object");
  });

  test("a loader that has nothing, or has no more in the second epoch", async () => {
    const given = setting();
    await expectRejection(
      run({ ...given, loader: [] as never }),
      "TypeError",
      "fit: expected a loader that gives batches, got none in epoch 1",
    );
    function* once() {
      yield [ones([2, 4]), tensor(new Int32Array(2))];
    }
    await expectRejection(
      run({ ...given, loader: once() as never }),
      "TypeError",
      "got none in epoch 2 - a generator can be looped over only once",
    );
  });
});
