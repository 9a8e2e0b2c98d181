import { type Chart, chart } from "../../dom/chart";
import { h } from "../../dom/h";
import type { Snapshot } from "../../lab/training";

const LINES = [
  { label: "train, dropout", colour: "--series-dropout", dash: [5, 4] },
  { label: "test, dropout", colour: "--series-dropout" },
  { label: "train, without", colour: "--series-plain", dash: [5, 4] },
  { label: "test, without", colour: "--series-plain" },
] as const;

/** Loss and accuracy of both models on both sets of points, as the run goes. */
export class Curves {
  readonly element: HTMLElement;
  readonly #loss: Chart = chart({
    label: "Loss over steps, for train and test, with and without dropout",
    xLabel: "step",
    yLabel: "loss",
    lines: LINES,
  });
  readonly #accuracy: Chart = chart({
    label: "Accuracy over steps, for train and test, with and without dropout",
    xLabel: "step",
    yLabel: "accuracy, %",
    lines: LINES,
  });
  #snapshots: Snapshot[] = [];

  constructor() {
    this.element = h(
      "div",
      { class: "cards two" },
      h("div", {}, h("h3", {}, "Loss"), this.#loss.element),
      h("div", {}, h("h3", {}, "Accuracy"), this.#accuracy.element),
    );
  }

  /** Adds a snapshot, in place of those from its step on: a run that lost its device goes on from an earlier one. */
  add(snapshot: Snapshot): void {
    this.#snapshots = [...this.#snapshots.filter(({ step }) => step < snapshot.step), snapshot];
    const steps = this.#snapshots.map(({ step }) => step);
    const column = (of: (snapshot: Snapshot) => number): number[] => this.#snapshots.map(of);
    this.#loss.show([
      steps,
      column(({ dropout }) => dropout.scores.trainLoss),
      column(({ dropout }) => dropout.scores.testLoss),
      column(({ plain }) => plain.scores.trainLoss),
      column(({ plain }) => plain.scores.testLoss),
    ]);
    this.#accuracy.show([
      steps,
      column(({ dropout }) => 100 * dropout.scores.trainAccuracy),
      column(({ dropout }) => 100 * dropout.scores.testAccuracy),
      column(({ plain }) => 100 * plain.scores.trainAccuracy),
      column(({ plain }) => 100 * plain.scores.testAccuracy),
    ]);
  }

  clear(): void {
    this.#snapshots = [];
  }
}
