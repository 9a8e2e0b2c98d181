/** Pictures of the members whose point is what they do from step to step or from pass to pass, and of those that lay noise over what they take. */
import { full, Generator, nn, ones } from "@dropwise/core";
import { keptOrDropped, LEGEND, planesOf, shades } from "./cells.mjs";

/** @typedef {import("./svg.mjs").Picture} Picture */
/** @typedef {import("./svg.mjs").Kind} Kind */
/** @typedef {import("@dropwise/core").Tensor} Tensor */

/** @type {Readonly<Record<string, () => Picture>>} */
export const TIME_MEMBERS = {
  HeldDropout: () => {
    const layer = new nn.HeldDropout({ p: 0.5, generator: new Generator(1) });
    const panels = ["forward 1", "forward 2", "newMask(), 3"].map((caption, i) => {
      if (i === 2) layer.newMask();
      return { caption, cells: planesOf(layer.forward(ones([6, 5]))).flatMap(keptOrDropped) };
    });
    return {
      title: "HeldDropout: the second forward has the mask of the first; after newMask() the third has another.",
      made: "new nn.HeldDropout(0.5), three forwards of 6 samples of 5 units",
      panels,
      rows: "samples",
      columns: "units",
      legend: LEGEND,
    };
  },

  Zoneout: () => {
    const layer = new nn.Zoneout({ p: 0.3, generator: new Generator(1) });
    // A state that says in which step each unit was last written.
    let state = full([1, 16], 0);
    /** @type {Kind[][]} */
    const cells = [];
    for (let step = 1; step <= 8; step++) {
      state = layer.forward(state, full([1, 16], step));
      cells.push(...planesOf(state).flatMap((plane) => plane.map((row) => row.map((written) => (written === step ? "kept" : "other")))));
    }
    return {
      title: "Zoneout: in each step some units of a recurrent state stay as they were.",
      made: "new nn.Zoneout(0.3) on a state of 16 units, eight steps",
      panels: [{ cells }],
      rows: "steps",
      columns: "units of the state",
      legend: [
        ["kept", "new value"],
        ["other", "stays as it was"],
      ],
    };
  },

  MultiSampleDropout: () => {
    const head = new Watched();
    const layer = new nn.MultiSampleDropout(head, { p: 0.5, samples: 6, generator: new Generator(1) });
    layer.forward(ones([4, 5]));
    return {
      title: "MultiSampleDropout: the head sees the same samples several times, each time under another mask.",
      made: "new nn.MultiSampleDropout(head, { p: 0.5, samples: 6 }) on 4 samples of 5 units",
      panels: head.seen.map((plane, i) => ({ caption: `pass ${i + 1}`, cells: keptOrDropped(plane) })),
      across: 3,
      rows: "samples",
      columns: "units",
      legend: LEGEND,
    };
  },

  GaussianDropout: () => {
    const layer = new nn.GaussianDropout({ p: 0.2, generator: new Generator(1) });
    return {
      title: "GaussianDropout: each unit is multiplied with a number around 1.",
      made: "new nn.GaussianDropout(0.2) on 8 samples of 16 units",
      panels: planesOf(layer.forward(ones([8, 16]))).map((plane) => ({ cells: shades(plane, 2) })),
      rows: "samples",
      columns: "units",
      legend: [
        [0, "times 0 or less"],
        [1, "0.5"],
        [2, "1"],
        [3, "1.5"],
        [4, "2 or more"],
      ],
    };
  },

  ConcreteDropout: () => {
    const panels = [0.1, 0.5].map((temperature) => {
      const layer = new nn.ConcreteDropout({ p: 0.5, temperature, generator: new Generator(1) });
      // Half of what is kept is what is multiplied by 2 afterwards, for p = 0.5.
      return { caption: `temperature ${temperature}`, cells: planesOf(layer.forward(ones([8, 8]))).flatMap((plane) => shades(plane, 2)) };
    });
    return {
      title: "ConcreteDropout: a soft mask, between dropped and kept; the softer, the higher its temperature.",
      made: "new nn.ConcreteDropout({ p: 0.5, temperature }) on 8 samples of 8 units",
      panels,
      rows: "samples",
      columns: "units",
      legend: [
        [0, "dropped"],
        [1, "a quarter kept"],
        [2, "half"],
        [3, "three quarters"],
        [4, "kept"],
      ],
    };
  },
};

// --- internal helpers ---

/** A head that notes what it is given. */
class Watched extends nn.Module {
  /** @type {number[][][]} */
  seen = [];

  /** @param {Tensor} x */
  forward(x) {
    this.seen.push(...planesOf(x));
    return x;
  }
}
