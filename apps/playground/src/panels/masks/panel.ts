import { codeBlock } from "../../dom/code";
import { checkField, type Field, selectField, textField } from "../../dom/fields";
import { button, h, messageOf } from "../../dom/h";
import type { BackendName } from "../../lab/backends";
import { type DrawnMask, INPUTS, KINDS, type Kind, type MaskSettings } from "../../lab/masks";
import { BACKEND_LABELS, type Device } from "../../shell/device";
import type { Panel } from "../../shell/tabs";
import { onThemeChange } from "../../shell/theme";
import { BackendCard } from "./backend-card";
import { sampleFor } from "./sample";
import { DEFAULTS, fromQuery, parseSettings, type TypedSettings, toQuery } from "./settings";
import { compare } from "./verdict";

/** A shape that suits each kind, put in when the kind is chosen and the present shape has another number of dimensions. */
const SHAPES: Readonly<Record<Kind, string>> = {
  dropout: "48, 64",
  dropout1d: "4, 32, 64",
  dropout2d: "4, 16, 16, 16",
  dropout3d: "2, 8, 4, 12, 12",
  alphaDropout: "48, 64",
  featureAlphaDropout: "4, 16, 16, 16",
  shared: "48, 64",
};

/** Time without typing after which a drawing starts. */
const TYPING_MS = 200;

/** The same mask on every backend, side by side. */
export function masksPanel(device: Device): Panel {
  const lab = device.startLab();
  const start = fromQuery(location.search);
  const changed = (): void => schedule(TYPING_MS);

  const fields: { [Name in keyof TypedSettings]: Field<string> } = {
    kind: selectField<string>({
      label: "Kind",
      value: start.kind,
      choices: KINDS,
      onchange: () => {
        const wanted = SHAPES[fields.kind.value as Kind];
        if (wanted.split(",").length !== fields.shape.value.split(",").length) fields.shape.value = wanted;
        changed();
      },
    }),
    shape: textField({ label: "Shape", value: start.shape, onchange: changed }),
    noiseShape: textField({ label: "Mask shape", value: start.noiseShape, hint: "Sizes of 1 are shared.", onchange: changed }),
    p: textField({ label: "p, the probability of being dropped", value: start.p, onchange: changed }),
    seed: textField({ label: "Seed", value: start.seed, onchange: changed }),
    call: textField({ label: "Call", value: start.call, numeric: true, onchange: changed }),
    input: selectField<string>({ label: "Input", value: start.input, choices: INPUTS, onchange: changed }),
  };
  const typed = (): TypedSettings => mapFields((name) => fields[name].value);
  const spoil = checkField({
    label: "Spoil one element of the last backend's mask, to see the check fail",
    value: false,
    onchange: () => schedule(0),
  });

  const cards = new Map<BackendName, BackendCard>();
  const list = h("div", { class: "cards three" });
  const summary = h("p", { class: "summary", role: "status" }, "drawing …");
  const code = codeBlock({ typescript: "", pytorch: "" });
  const shared = h("span", { class: "hint", role: "status" });
  const share = button("Copy a link to these settings", () => {
    navigator.clipboard?.writeText(location.href).then(
      () => {
        shared.textContent = "copied";
      },
      () => {
        shared.textContent = "The browser did not allow it; the address bar has the same link.";
      },
    );
  });
  const nextCall = button("Next call", () => {
    fields.call.value = String(BigInt(/^\d+$/.test(fields.call.value) ? fields.call.value : "-1") + 1n);
    schedule(0);
  });
  const reset = button("Reset", () => {
    for (const name of Object.keys(DEFAULTS) as (keyof TypedSettings)[]) fields[name].value = DEFAULTS[name];
    spoil.value = false;
    schedule(0);
  });

  let timer: ReturnType<typeof setTimeout> | undefined;
  let current = 0;
  const schedule = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), ms);
  };

  const refresh = async (): Promise<void> => {
    fields.noiseShape.element.hidden = fields.kind.value !== "shared";
    const parsed = parseSettings(typed());
    for (const name of Object.keys(DEFAULTS) as (keyof TypedSettings)[]) {
      fields[name].setError(("errors" in parsed && parsed.errors[name]) || null);
    }
    if ("errors" in parsed) {
      current++; // what is being drawn is no longer wanted
      summary.textContent = "Nothing drawn: a setting above needs a correction.";
      list.inert = true;
      return;
    }
    history.replaceState(null, "", `${location.pathname}${toQuery(typed())}${location.hash}`);
    shared.textContent = "";
    code.show(sampleFor(parsed.settings));
    list.inert = false;
    await drawAll(parsed.settings, ++current);
  };

  const drawAll = async (settings: MaskSettings, turn: number): Promise<void> => {
    list.setAttribute("aria-busy", "true");
    const reports = await device.reports(lab);
    const results = new Map<BackendName, DrawnMask>();
    const failures: string[] = [];
    const last = reports.filter(({ available }) => available).at(-1)?.name;
    for (const { name, available, note } of reports) {
      let card = cards.get(name);
      if (card === undefined) {
        card = new BackendCard(name);
        cards.set(name, card);
        list.append(card.element);
      }
      if (!available) {
        card.fail(`Not available here. ${note ?? ""}`);
        continue;
      }
      try {
        const drawn = await lab.drawMask(name, settings, spoil.value && name === last && name !== "cpu");
        if (turn !== current) return;
        results.set(name, drawn);
      } catch (error) {
        if (turn !== current) return;
        failures.push(BACKEND_LABELS[name]);
        card.fail(messageOf(error));
      }
    }
    const differing: string[] = [];
    const reference = results.get("cpu");
    for (const [name, drawn] of results) {
      const verdict = name === "cpu" || reference === undefined ? null : compare(reference, drawn);
      if (verdict !== null && verdict.mask !== null) differing.push(BACKEND_LABELS[name]);
      cards.get(name)?.show(settings, drawn, verdict);
    }
    list.removeAttribute("aria-busy");
    summary.textContent = summaryOf(results.size, differing, failures);
    summary.className = `summary ${differing.length > 0 ? "bad" : results.size > 1 ? "good" : ""}`;
  };

  onThemeChange(() => {
    for (const card of cards.values()) card.paint();
  });
  device.onReopened(() => schedule(0));
  schedule(0);

  const element = h(
    "section",
    { "aria-labelledby": "masks-title" },
    h("h2", { id: "masks-title" }, "The same mask, everywhere"),
    h(
      "p",
      {},
      "Seed, call and p decide which elements are kept, and nothing else does. Each backend of this device draws the mask by itself; below they are compared, element by element.",
    ),
    h("form", { class: "settings", onsubmit: (event) => event.preventDefault() }, ...Object.values(fields).map((field) => field.element)),
    h("div", { class: "actions" }, nextCall, share, reset, shared),
    summary,
    list,
    spoil.element,
    h("h3", {}, "In code"),
    code.element,
  );
  return { element };
}

// --- internal helpers ---

function mapFields(value: (name: keyof TypedSettings) => string): TypedSettings {
  const names = Object.keys(DEFAULTS) as (keyof TypedSettings)[];
  return Object.fromEntries(names.map((name) => [name, value(name)])) as unknown as TypedSettings;
}

function summaryOf(drawn: number, differing: readonly string[], failures: readonly string[]): string {
  const failed = failures.length === 0 ? "" : ` No result from ${failures.join(" and ")}.`;
  if (drawn === 0) return "No backend drew this mask: see the reason below.";
  if (differing.length > 0)
    return `Not identical: ${differing.join(" and ")} differ${differing.length === 1 ? "s" : ""} from the reference.${failed}`;
  if (drawn === 1) return `Drawn by one backend, so there is nothing to compare with.${failed}`;
  return `Identical: ${drawn} backends drew the same mask.${failed}`;
}
