import { codeBlock, copyText } from "../../dom/code";
import { checkField, type Field, selectField, textField } from "../../dom/fields";
import { button, h, messageOf } from "../../dom/h";
import { palette } from "../../dom/picture";
import { BACKEND_NAMES } from "../../lab/backends";
import { INPUTS, KINDS, type Kind, type MaskResult, type MaskSettings } from "../../lab/masks";
import { tilesOf } from "../../lab/picture";
import { BACKEND_LABELS, type Device } from "../../shell/device";
import type { Panel } from "../../shell/tabs";
import { onThemeChange } from "../../shell/theme";
import { BackendCard, type MaskPalettes } from "./backend-card";
import { sampleFor } from "./sample";
import { DEFAULTS, fromQuery, parseSettings, type TypedSettings, toQuery } from "./settings";

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

/** Drawings that take longer are announced. */
const SLOW_MS = 400;

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
    p: textField({ label: "p", value: start.p, hint: "The probability of being dropped.", onchange: changed }),
    seed: textField({ label: "Seed", value: start.seed, onchange: changed }),
    call: textField({ label: "Call", value: start.call, numeric: true, hint: "Which mask of this seed, from 0 on.", onchange: changed }),
    input: selectField<string>({ label: "Input", value: start.input, choices: INPUTS, onchange: changed }),
  };
  const typed = (): TypedSettings => mapFields((name) => fields[name].value);
  const spoil = checkField({
    label: "Spoil one element of the last backend's mask, to see the check fail",
    value: false,
    onchange: () => schedule(0),
  });

  const cards = { cpu: new BackendCard("cpu"), wasm: new BackendCard("wasm"), webgpu: new BackendCard("webgpu") };
  const list = h("div", { class: "cards three" }, ...BACKEND_NAMES.map((name) => cards[name].element));
  let palettes = readPalettes();
  const summary = h("p", { class: "summary", role: "status" }, "drawing …");
  const tell = (text: string, kind: "" | "good" | "bad" = ""): void => {
    summary.textContent = text;
    summary.className = `summary ${kind}`;
  };
  const layout = h("p", { class: "hint" });
  const code = codeBlock({ typescript: "", pytorch: "" });
  const shared = h("span", { class: "hint", role: "status" });
  const share = button("Copy a link to these settings", () => {
    copyText(location.href).then(
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
      tell("Nothing drawn: a setting above needs a correction.");
      list.inert = true;
      list.removeAttribute("aria-busy");
      return;
    }
    history.replaceState(null, "", `${location.pathname}${toQuery(typed())}${location.hash}`);
    shared.textContent = "";
    code.show(sampleFor(parsed.settings));
    list.inert = false;
    layout.textContent = layoutOf(parsed.settings.shape);
    await drawAll(parsed.settings, ++current);
  };

  const drawAll = async (settings: MaskSettings, turn: number): Promise<void> => {
    list.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => tell("drawing …"), SLOW_MS);
    try {
      const reports = await device.reports(lab);
      const available = reports.filter((report) => report.available).map(({ name }) => name);
      const results = await lab.drawMasks(available, settings, spoil.value);
      if (results === null || turn !== current) return;
      for (const { name, available, note } of reports) if (!available) cards[name].fail(`Not available here. ${note ?? ""}`);
      for (const result of results) {
        if (result.failure === undefined) cards[result.backend].show(result, palettes);
        else cards[result.backend].fail(result.failure);
        await new Promise((resolve) => setTimeout(resolve)); // large pictures take a moment each
        if (turn !== current) return;
      }
      const [text, kind] = summaryOf(results);
      tell(text, kind);
    } catch (error) {
      if (turn === current) tell(messageOf(error), "bad");
    } finally {
      clearTimeout(slow);
      if (turn === current) list.removeAttribute("aria-busy");
    }
  };

  onThemeChange(() => {
    palettes = readPalettes();
    for (const name of BACKEND_NAMES) cards[name].paint(palettes);
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
    layout,
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

function readPalettes(): MaskPalettes {
  return {
    mask: palette("--mask-dropped", "--mask-kept"),
    output: palette("--map-low", "--map-zero", "--map-high"),
  };
}

/** How the pictures show tensors of more than two dimensions, or too large ones. */
function layoutOf(shape: readonly number[]): string {
  const { width, height, columns, count, complete } = tilesOf(shape);
  const tiles = count > 1 ? `Each tile is ${height} × ${width}, the last two dimensions; there are ${count}, ${columns} in a row.` : "";
  return `${tiles}${complete ? "" : " The pictures show the first part."}`.trim();
}

function summaryOf(results: readonly MaskResult[]): [text: string, kind: "" | "good" | "bad"] {
  const named = (list: readonly MaskResult[]): string => list.map(({ backend }) => BACKEND_LABELS[backend]).join(" and ");
  const failed = results.filter((result) => result.failure !== undefined);
  const drawn = results.length - failed.length;
  const differing = results.filter((result) => result.failure === undefined && result.verdict !== null && result.verdict.mask !== null);
  const without = failed.length === 0 ? "" : ` No result from ${named(failed)}.`;
  if (drawn === 0) return ["No backend drew this mask: see the reason below.", "bad"];
  if (differing.length > 0)
    return [`Not identical: ${named(differing)} differ${differing.length === 1 ? "s" : ""} from the reference.${without}`, "bad"];
  if (drawn === 1) return [`Drawn by one backend, so there is nothing to compare with.${without}`, ""];
  return [`Identical: ${drawn} backends drew the same mask.${without}`, "good"];
}
