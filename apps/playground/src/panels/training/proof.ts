import { proxy } from "comlink";
import { chart } from "../../dom/chart";
import { h } from "../../dom/h";
import { job } from "../../dom/job";
import type { BackendName } from "../../lab/backends";
import type { ModelSettings } from "../../lab/model";
import { BACKEND_COLOURS, BACKEND_LABELS, type Device } from "../../shell/device";

const STEPS = 150;

/** The widest line first, so that those drawn over it leave it to be seen on both sides. */
const WIDTHS: Readonly<Record<BackendName, number>> = { cpu: 9, wasm: 4.5, webgpu: 1.5 };

/** Trains the same model from the same seed on every backend and lays the curves over each other. */
export function proofSection(device: Device, names: readonly BackendName[], settings: () => ModelSettings): HTMLElement {
  const plot = chart({
    label: `Training loss over ${STEPS} steps, one curve over the other: ${names.map((name) => BACKEND_LABELS[name]).join(", ")}`,
    xLabel: "step",
    yLabel: "training loss",
    height: 320,
    lines: names.map((name) => ({ label: BACKEND_LABELS[name], colour: BACKEND_COLOURS[name], width: WIDTHS[name] })),
  });
  const place = h("div", { hidden: true }, plot.element);

  const { actions, status } = job({
    label: "Train on every backend",
    counts: "Steps done",
    work: async (signal, report) => {
      const curves = new Map<BackendName, number[]>(names.map((name) => [name, []]));
      const show = (): void => {
        plot.show([
          Array.from({ length: STEPS }, (_, step) => step + 1),
          ...names.map((name) => Array.from({ length: STEPS }, (_, step) => curves.get(name)?.[step] ?? null)),
        ]);
        place.hidden = false;
      };
      await device.inWorker(signal, (lab) =>
        lab.prove(
          settings(),
          STEPS,
          proxy((name: BackendName, losses: readonly number[]) => {
            if (signal.aborted) return;
            const curve = curves.get(name) ?? [];
            curve.push(...losses);
            const done = [...curves.values()].reduce((sum, { length }) => sum + length, 0);
            report(done / (STEPS * names.length), `${BACKEND_LABELS[name]}: step ${curve.length} of ${STEPS}`);
            show();
          }),
        ),
      );
      return signal.aborted ? "Cancelled." : resultOf(curves);
    },
  });

  return h(
    "section",
    { class: "card", "aria-labelledby": "proof-title" },
    h("h3", { id: "proof-title" }, "Same seed, same curve"),
    h(
      "p",
      {},
      `Trains the model with dropout for ${STEPS} steps from the start, on each backend in turn. The loss is the one of the training step itself, masks included: one different element would send a curve elsewhere.`,
    ),
    actions,
    status,
    place,
  );
}

// --- internal helpers ---

function resultOf(curves: ReadonlyMap<BackendName, readonly number[]>): string {
  const reference = curves.get("cpu") ?? [];
  const distances = [...curves]
    .filter(([name]) => name !== "cpu")
    .map(([name, losses]) => `${BACKEND_LABELS[name]} ${distance(reference, losses).toExponential(1)}`);
  return distances.length === 0
    ? "Only the reference is there, so there is nothing to lay over it."
    : `Largest difference to the reference over ${STEPS} steps: ${distances.join(", ")}. Masks are the same bits; sums are rounded in another order.`;
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}
