import { rangeField, segmentedField, selectField } from "../../dom/fields";
import { button, h, messageOf } from "../../dom/h";
import type { BackendName } from "../../lab/backends";
import type { LayerSettings, TrainingArgument } from "../../lab/layers";
import { BACKEND_LABELS, type Device } from "../../shell/device";
import type { Panel } from "../../shell/tabs";
import { inputGrid, ResultCard } from "./result-card";
import { conditionalSample, functionSample, moduleSample } from "./samples";

/** `nn.Dropout`, `F.dropout` and `F.dropout` under a condition, on one input. */
export async function layersPanel(device: Device): Promise<Panel> {
  const lab = device.startLab();
  const available = (await device.reports(lab)).filter((report) => report.available);
  let passes = 0;

  const onchange = (): void => void refresh();
  const p = rangeField({ label: "p", value: 0.5, min: 0, max: 1, step: 0.05, onchange });
  const backend = selectField<BackendName>({
    label: "Backend",
    value: "cpu",
    choices: available.map(({ name }) => [name, BACKEND_LABELS[name]] as const),
    onchange,
  });
  const mode = segmentedField<"train" | "eval">({
    label: "model.train() or model.eval()",
    value: "train",
    choices: [
      ["train", "train"],
      ["eval", "eval"],
    ],
    onchange,
  });
  const training = selectField<TrainingArgument>({
    label: "training",
    value: "unset",
    choices: [
      ["unset", "left out (true)"],
      ["true", "true"],
      ["false", "false"],
      ["model", "model.training"],
    ],
    onchange,
  });
  const epoch = rangeField({ label: "epoch", value: 3, min: 0, max: 10, step: 1, onchange });
  const warmUp = rangeField({ label: "drop from epoch", value: 5, min: 0, max: 10, step: 1, onchange });

  const cards = {
    module: new ResultCard("nn.Dropout", "A layer. It has a training flag of its own, which train() and eval() of the model set.", []),
    functional: new ResultCard("F.dropout", "A function. It keeps nothing, so each call says whether to drop. Left out, that is yes.", [
      training.element,
    ]),
    conditional: new ResultCard(
      "F.dropout, under a condition",
      "Whether it is called at all is up to your code: here, not before some epoch.",
      [epoch.element, warmUp.element],
    ),
  };
  const remark = h("p", { class: "summary", role: "status" });

  const settings = (): LayerSettings => ({
    p: p.value,
    seed: 42n,
    passes,
    mode: mode.value,
    training: training.value,
    epoch: epoch.value,
    warmUp: warmUp.value,
  });

  let current = 0;
  const refresh = async (): Promise<void> => {
    const turn = ++current;
    const chosen = settings();
    try {
      const results = await lab.runLayers(backend.value, chosen);
      if (turn !== current) return;
      cards.module.show(results.module, moduleSample(chosen));
      cards.functional.show(results.functional, functionSample(chosen));
      cards.conditional.show(results.conditional, conditionalSample(chosen));
      const same = results.module.values.every((value, i) => value === results.functional.values[i]);
      remark.textContent = remarkOn(chosen, same);
      remark.className = "summary";
    } catch (error) {
      if (turn !== current) return;
      remark.textContent = messageOf(error);
      remark.className = "summary bad";
    }
  };
  device.onReopened(onchange);
  await refresh();

  const again = button("Pass the input once more", () => {
    passes++;
    void refresh();
  });
  const anew = button("Seed again", () => {
    passes = 0;
    void refresh();
  });
  const element = h(
    "section",
    { "aria-labelledby": "layers-title" },
    h("h2", { id: "layers-title" }, "nn.Dropout and F.dropout"),
    h(
      "p",
      {},
      "The layer calls the function; they draw the same masks. What differs is who remembers whether the model trains. All three start from manualSeed(42) and get the same input.",
    ),
    h("div", { class: "settings" }, mode.element, p.element, backend.element),
    h("div", { class: "actions" }, again, anew),
    h("h3", {}, "The input x"),
    inputGrid(),
    remark,
    h("div", { class: "cards three" }, ...Object.values(cards).map((card) => card.element)),
  );
  return { element };
}

// --- internal helpers ---

function remarkOn({ mode, training }: LayerSettings, same: boolean): string {
  if (mode === "eval" && (training === "unset" || training === "true")) {
    return "The well-known mistake: the model is in eval mode, and F.dropout goes on dropping, since nobody told it.";
  }
  if (mode === "train" && training === "false") return "The model trains, but F.dropout was told not to drop.";
  return same ? "Layer and function give the same output, bit for bit." : "Layer and function differ.";
}
