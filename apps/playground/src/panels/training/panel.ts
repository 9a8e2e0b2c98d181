import { proxy } from "comlink";
import { codeBlock } from "../../dom/code";
import { rangeField, selectField, textField } from "../../dom/fields";
import { button, h, messageOf } from "../../dom/h";
import { job } from "../../dom/job";
import type { BackendName } from "../../lab/backends";
import type { ModelSettings } from "../../lab/model";
import type { Points } from "../../lab/moons";
import { LAST_STEP, type Snapshot } from "../../lab/training";
import { BACKEND_LABELS, type Device } from "../../shell/device";
import type { Panel } from "../../shell/tabs";
import { onThemeChange } from "../../shell/theme";
import { Curves } from "./curves";
import { PlanePicture } from "./pictures";
import { proofSection } from "./proof";
import { trainingCode } from "./sample";

/** Passes with dropout on, for the picture of doubt. */
const PASSES = 50;

/** Two models on two moons, one with dropout and one without, live. */
export async function trainingPanel(device: Device): Promise<Panel> {
  const lab = device.startLab();
  const available = (await device.reports(lab)).filter((report) => report.available);
  let points: { train: Points; test: Points } | null = null;
  let latest: Snapshot | null = null;

  const restart = (): void => void reset();
  const seed = textField({ label: "Seed", value: "7", numeric: true, onchange: restart });
  const p = rangeField({ label: "p", value: 0.5, min: 0, max: 0.9, step: 0.05, onchange: restart });
  const width = rangeField({ label: "Hidden width", value: 64, min: 8, max: 128, step: 8, onchange: restart });
  const backend = selectField<BackendName>({
    label: "Backend",
    value: "cpu",
    hint: "Can be changed while it runs.",
    choices: available.map(({ name }) => [name, BACKEND_LABELS[name]] as const),
    onchange: () => void lab.training.useBackend(backend.value).catch(fail),
  });
  const settings = (): ModelSettings => {
    const valid = /^\d{1,18}$/.test(seed.value);
    seed.setError(valid ? null : "A whole number of up to 18 digits.");
    if (!valid) throw new RangeError("The seed above needs a correction.");
    return { seed: BigInt(seed.value), p: p.value, width: width.value };
  };

  const status = h("p", { class: "summary", role: "status" });
  let playing = false;
  const play = button(
    "Play",
    () => {
      playing = latest?.state !== "running";
      void (playing ? lab.training.play() : lab.training.pause());
    },
    { class: "primary" },
  );
  const step = button("Step", () => void lab.training.step().catch(fail));
  const again = button("Reset", restart);
  const dropoutPicture = new PlanePicture("With dropout");
  const plainPicture = new PlanePicture("Without dropout");
  const doubtPicture = new PlanePicture("Doubt");
  doubtPicture.element.hidden = true;
  const curves = new Curves();
  let doubt: { readonly deviations: Float32Array; readonly step: number } | null = null;

  const fail = (error: unknown): void => {
    status.textContent = messageOf(error);
    status.className = "summary bad";
    if (latest !== null) backend.value = latest.backend;
  };

  const draw = (): void => {
    if (latest === null || points === null) return;
    dropoutPicture.showBoundary(latest.dropout.boundary, points.train, scoreText(latest.dropout.scores));
    plainPicture.showBoundary(latest.plain.boundary, points.train, scoreText(latest.plain.scores));
    if (doubt !== null) {
      const largest = doubt.deviations.reduce((most, value) => Math.max(most, value), 0);
      doubtPicture.showUncertainty(
        doubt.deviations,
        points.train,
        `Standard deviation over ${PASSES} answers with dropout on, at step ${doubt.step}: 0 to ${largest.toFixed(2)}.`,
      );
    }
  };

  const show = (snapshot: Snapshot): void => {
    latest = snapshot;
    curves.add(snapshot);
    draw();
    const running = snapshot.state === "running";
    play.textContent = running ? "Pause" : "Play";
    play.disabled = snapshot.state === "finished" || snapshot.state === "lost";
    step.disabled = snapshot.state !== "paused";
    backend.value = snapshot.backend;
    if (snapshot.state === "finished") playing = false;
    status.setAttribute("aria-live", running ? "off" : "polite"); // a count that runs would be read aloud without an end
    status.className = snapshot.state === "lost" ? "summary bad" : "summary";
    status.textContent = stateText(snapshot);
  };

  let turn = 0;
  const reset = async (): Promise<void> => {
    const mine = ++turn;
    try {
      const chosen = settings();
      code.show(trainingCode(chosen));
      const shown = (snapshot: Snapshot): void => {
        if (mine === turn) show(snapshot);
      };
      curves.clear();
      doubt = null;
      doubtPicture.element.hidden = true;
      const started = await lab.training.start(chosen, backend.value, proxy(shown));
      if (started === null || mine !== turn) return;
      points = started;
      draw();
      if (playing) await lab.training.play();
    } catch (error) {
      fail(error);
    }
  };

  const asked = job({
    label: `Ask the model with dropout ${PASSES} times`,
    counts: "Passes done",
    work: async (signal, report) => {
      signal.addEventListener("abort", () => void lab.training.cancel());
      const mine = turn;
      const answer = await lab.training.uncertainty(
        PASSES,
        proxy((done: number) => report(done / PASSES, `${done} of ${PASSES}`)),
      );
      if (answer === null) return "Cancelled.";
      if (mine !== turn) return "Another run has begun meanwhile.";
      doubt = answer;
      doubtPicture.element.hidden = false;
      draw();
      return "";
    },
  });

  const code = codeBlock(trainingCode(settings()));
  onThemeChange(draw);
  await reset();

  const element = h(
    "section",
    { "aria-labelledby": "training-title" },
    h("h2", { id: "training-title" }, "Training, with dropout and without"),
    h(
      "p",
      {},
      "Two models with the same initial weights learn 80 points, a tenth of them labelled wrongly, and are judged by 400 others. A wide model can learn the wrong labels by heart; dropout makes that harder. Changing seed, p or width starts over.",
    ),
    h("div", { class: "settings" }, p.element, width.element, seed.element, backend.element),
    h("div", { class: "actions" }, play, step, again),
    status,
    h("div", { class: "planes" }, dropoutPicture.element, plainPicture.element),
    curves.element,
    h(
      "section",
      { class: "card beside", "aria-labelledby": "doubt-title" },
      h(
        "div",
        {},
        h("h3", { id: "doubt-title" }, "Monte-Carlo dropout"),
        h("p", {}, "With dropout left on, every answer is a little different. Where answers spread, the model is in doubt."),
        asked.actions,
        asked.status,
      ),
      doubtPicture.element,
    ),
    proofSection(
      device,
      available.map(({ name }) => name),
      settings,
    ),
    h("h3", {}, "In code"),
    code.element,
  );
  return { element };
}

// --- internal helpers ---

function scoreText({ trainLoss, testLoss, trainAccuracy, testAccuracy }: Snapshot["plain"]["scores"]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
  return `train ${percent(trainAccuracy)}, loss ${trainLoss.toFixed(2)}; test ${percent(testAccuracy)}, loss ${testLoss.toFixed(2)}`;
}

function stateText({ state, step, backend }: Snapshot): string {
  const at = `Step ${step} of ${LAST_STEP} on ${BACKEND_LABELS[backend]}`;
  if (state === "lost")
    return `${at}. The GPU device was lost: open it again above, or choose another backend. Training goes on from the last step that was kept.`;
  return state === "paused" ? `${at}, paused` : state === "finished" ? `${at}, done` : at;
}
