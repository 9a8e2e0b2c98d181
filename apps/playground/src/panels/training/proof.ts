import { proxy } from "comlink";
import { chart } from "../../dom/chart";
import { button, h, messageOf } from "../../dom/h";
import type { RemoteLab } from "../../lab/connect";
import type { ModelSettings } from "../../lab/model";
import type { ProofCurve } from "../../lab/training";
import { BACKEND_COLOURS, BACKEND_LABELS } from "../../shell/device";

const STEPS = 150;

/** Trains the same model from the same seed on every backend and lays the curves over each other. */
export function proofSection(lab: RemoteLab, settings: () => ModelSettings): HTMLElement {
  const progress = h("progress", { "aria-label": "Steps done", max: 1, value: 0, hidden: true });
  const status = h("p", { class: "summary", role: "status" });
  const place = h("div");

  const run = button("Train on every backend", () => void start());
  const cancel = button("Cancel", () => void lab.training.cancel(), { hidden: true });

  const start = async (): Promise<void> => {
    run.disabled = true;
    progress.hidden = cancel.hidden = false;
    progress.value = 0;
    status.className = "summary";
    status.textContent = "training …";
    try {
      const curves = await lab.training.prove(
        settings(),
        STEPS,
        proxy((backend, done: number) => {
          progress.value = done / STEPS;
          status.textContent = `${BACKEND_LABELS[backend]}: step ${done} of ${STEPS}`;
        }),
      );
      show(curves);
    } catch (error) {
      status.textContent = messageOf(error);
      status.className = "summary bad";
    } finally {
      run.disabled = false;
      progress.hidden = cancel.hidden = true;
    }
  };

  const show = (curves: readonly ProofCurve[]): void => {
    const [reference, ...others] = curves;
    if (reference === undefined) {
      status.textContent = "Cancelled before the first backend was done.";
      return;
    }
    // The widest line first, so that those drawn over it leave it to be seen on both sides.
    const plot = chart({
      label: `Training loss of ${curves.map(({ backend }) => BACKEND_LABELS[backend]).join(", ")} over ${STEPS} steps, one curve over the other`,
      xLabel: "step",
      yLabel: "training loss",
      height: 320,
      lines: curves.map(({ backend }, i) => ({
        label: BACKEND_LABELS[backend],
        colour: BACKEND_COLOURS[backend],
        width: [10, 5, 1.75][i] ?? 1,
      })),
    });
    place.replaceChildren(plot.element);
    plot.show([Array.from({ length: STEPS }, (_, step) => step + 1), ...curves.map(({ losses }) => Array.from(losses))]);
    const distances = others.map(
      ({ backend, losses }) => `${BACKEND_LABELS[backend]} ${distance(reference.losses, losses).toExponential(1)}`,
    );
    status.textContent =
      distances.length === 0
        ? "Only the reference ran, so there is nothing to lay over it."
        : `Largest difference to the reference over ${STEPS} steps: ${distances.join(", ")}. Masks are the same bits; sums are rounded in another order.`;
  };

  return h(
    "section",
    { class: "card", "aria-labelledby": "proof-title" },
    h("h3", { id: "proof-title" }, "Same seed, same curve"),
    h(
      "p",
      {},
      `Trains the model with dropout for ${STEPS} steps from the start, on each backend in turn. The loss is the one of the training step itself, masks included: one different element would send a curve elsewhere.`,
    ),
    h("div", { class: "actions" }, run, cancel, progress),
    status,
    place,
  );
}

// --- internal helpers ---

function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}
