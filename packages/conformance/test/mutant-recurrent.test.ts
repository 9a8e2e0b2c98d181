/** Faults of core in recurrent layers, and the tests that must notice. */
import type * as Core from "@dropwise/core";
import { describe, test, vi } from "vitest";
import { expectNoticed } from "./notices";

const faulty = vi.hoisted(() => ({ now: "" }));

/** Layers that are wrong while their fault is on. */
vi.mock("@dropwise/core", async (original) => {
  const core = await original<typeof Core>();
  const { functional: F, nn } = core;
  type State = Parameters<Core.nn.LSTM["forward"]>[1];
  type Rows = Parameters<Core.nn.Module["loadStateDict"]>[0];
  const is = (fault: string) => faulty.now === fault;

  /** The state that is loaded, with the gates in another order. */
  const reordered = (state: Rows, order: readonly number[]): Rows =>
    Object.fromEntries(
      Object.entries(state as Record<string, Core.Tensor>).map(([name, value]) => {
        const gates = F.chunk(value, { chunks: order.length });
        return [name, core.cat(order.map((gate) => gates[gate] as Core.Tensor))];
      }),
    );

  class LSTM extends nn.LSTM {
    override forward(x: Core.Tensor, state?: State, options?: Core.nn.SequenceOptions): ReturnType<Core.nn.LSTM["forward"]> {
      if (is("a mask with the batch first") && this.dropout > 0) return this.masked(x);
      const given = is("steps of the padding counted") ? {} : options;
      const [output, [h, c]] = super.forward(x, state, given);
      if (is("hidden and cell swapped")) return [output, [c, h]];
      if (is("dropout after the last layer, too") && this.dropout > 0) {
        return [F.dropout(output, { p: this.dropout, generator: new core.Generator(1) }), [h, c]];
      }
      return [output, [h, c]];
    }

    override loadStateDict(state: Rows): Core.nn.LoadedStateDict {
      return super.loadStateDict(is("cell and forget gate swapped") ? reordered(state, [0, 2, 1, 3]) : state);
    }

    /** Two layers, with the mask drawn in the order of the input. */
    masked(x: Core.Tensor): ReturnType<Core.nn.LSTM["forward"]> {
      const layers = [0, 1].map((number) => {
        const size = number === 0 ? this.inputSize : this.hiddenSize;
        const one = new nn.LSTM(size, this.hiddenSize, { batchFirst: true, generator: new core.Generator(1) });
        for (const [name, parameter] of this.namedParameters()) {
          if (name.endsWith(`l${number}`)) Reflect.set(one, name.replace(`l${number}`, "l0"), parameter);
        }
        return one;
      }) as [Core.nn.LSTM, Core.nn.LSTM];
      const [hidden] = layers[0].forward(x);
      return layers[1].forward(F.dropout(hidden, { p: this.dropout, generator: this.own }));
    }
    readonly own: Core.Generator;

    constructor(...args: ConstructorParameters<typeof Core.nn.LSTM>) {
      super(...args);
      this.own = args[2]?.generator as Core.Generator;
    }
  }

  class GRU extends nn.GRU {
    override forward(...args: Parameters<Core.nn.GRU["forward"]>): ReturnType<Core.nn.GRU["forward"]> {
      const [output, h] = super.forward(...args);
      if (!is("the directions side by side in the wrong order") || !this.bidirectional) return [output, h];
      return [core.cat(F.chunk(output, { chunks: 2, dim: 2 }).reverse(), { dim: 2 }), h];
    }

    override loadStateDict(state: Rows): Core.nn.LoadedStateDict {
      return super.loadStateDict(is("reset and update swapped") ? reordered(state, [1, 0, 2]) : state);
    }
  }
  return { ...core, nn: { ...nn, LSTM, GRU } };
});

/** Each fault, and what is in the names of the tests that notice. */
const FAULTS: readonly (readonly [fault: string, sentence: string])[] = [
  ["hidden and cell swapped", "runs LSTM over [4,2,3]"],
  ["cell and forget gate swapped", "runs LSTM over [4,3,3]"],
  ["reset and update swapped", "runs GRU over [4,3,3]"],
  ["the directions side by side in the wrong order", "runs GRU over [4,2,3]"],
  ["steps of the padding counted", "runs LSTM over [4,3,3]"],
  ["steps of the padding counted", "runs LSTM over [4,5,3]"],
  ["dropout after the last layer, too", "trains an LSTM like PyTorch"],
  ["a mask with the batch first", "trains an LSTM like PyTorch"],
];

describe("the suite", () => {
  test.each(FAULTS)("notices %s", async (fault, sentence) => expectNoticed(faulty, fault, sentence));
});
