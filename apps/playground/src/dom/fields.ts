/** Labelled inputs. Each has an `element` for the page and a `value`; all report changes by the same callback. */
import { h, uniqueId } from "./h";

/** An input with its label. */
export interface Field<T> {
  readonly element: HTMLElement;
  value: T;
  /** Shows what is wrong with the value beside the input, or takes the message away. */
  setError(message: string | null): void;
}

interface FieldOptions {
  readonly label: string;
  /** A sentence below the input. */
  readonly hint?: string;
}

/** A line of text. */
export function textField(options: FieldOptions & { value: string; numeric?: boolean; onchange: () => void }): Field<string> {
  const input = h("input", {
    type: "text",
    value: options.value,
    spellcheck: "false",
    autocomplete: "off",
    inputmode: options.numeric === true ? "numeric" : "text",
    oninput: options.onchange,
  });
  return asField(
    options,
    input,
    () => input.value,
    (value) => {
      input.value = value;
    },
  );
}

/** One of several, closed until opened. */
export function selectField<T extends string>(
  options: FieldOptions & { value: T; choices: readonly (readonly [value: T, label: string])[]; onchange: () => void },
): Field<T> {
  const input = h("select", { onchange: options.onchange }, ...options.choices.map(([value, label]) => h("option", { value }, label)));
  input.value = options.value;
  return asField(
    options,
    input,
    () => input.value as T,
    (value) => {
      input.value = value;
    },
  );
}

/** A slider that shows its value. */
export function rangeField(
  options: FieldOptions & { value: number; min: number; max: number; step: number; onchange: () => void },
): Field<number> {
  const { min, max, step } = options;
  // For the eye only: a slider tells its value itself.
  const output = h("span", { class: "range-value", "aria-hidden": "true" });
  const input = h("input", {
    type: "range",
    min,
    max,
    step,
    value: options.value,
    oninput: () => {
      output.textContent = input.value;
      options.onchange();
    },
  });
  output.textContent = input.value;
  const field = asField(
    options,
    input,
    () => Number(input.value),
    (value) => {
      input.value = String(value);
      output.textContent = input.value;
    },
  );
  field.element.querySelector("label")?.append(" ", output);
  return field;
}

/** One of several, all of them visible. */
export function segmentedField<T extends string>(
  options: FieldOptions & { value: T; choices: readonly (readonly [value: T, label: string])[]; onchange: () => void },
): Field<T> {
  const name = uniqueId("choice");
  const inputs = options.choices.map(([value]) =>
    h("input", { type: "radio", name, value, onchange: options.onchange, checked: value === options.value }),
  );
  const labels = options.choices.map(([, label], i) => h("label", {}, inputs[i] as HTMLInputElement, h("span", {}, label)));
  const element = h("fieldset", { class: "field" }, h("legend", {}, options.label), h("div", { class: "segmented" }, ...labels));
  if (options.hint !== undefined) element.append(h("p", { class: "hint" }, options.hint));
  return {
    element,
    get value() {
      return (inputs.find((input) => input.checked)?.value ?? options.value) as T;
    },
    set value(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
    setError() {},
  };
}

/** A yes or no. */
export function checkField(options: FieldOptions & { value: boolean; onchange: () => void }): Field<boolean> {
  const input = h("input", { type: "checkbox", checked: options.value, onchange: options.onchange });
  const element = h("div", { class: "field" }, h("label", { class: "check" }, input, h("span", {}, options.label)));
  if (options.hint !== undefined) element.append(h("p", { class: "hint" }, options.hint));
  return {
    element,
    get value() {
      return input.checked;
    },
    set value(value) {
      input.checked = value;
    },
    setError() {},
  };
}

// --- internal helpers ---

function asField<T>({ label, hint }: FieldOptions, input: HTMLElement, get: () => T, set: (value: T) => void): Field<T> {
  input.id = uniqueId("field");
  const error = h("p", { class: "error", id: `${input.id}-error`, role: "alert" });
  const element = h("div", { class: "field" }, h("label", { for: input.id }, label), input);
  if (hint !== undefined) {
    input.setAttribute("aria-describedby", `${input.id}-hint`);
    element.append(h("p", { class: "hint", id: `${input.id}-hint` }, hint));
  }
  element.append(error);
  return {
    element,
    get value() {
      return get();
    },
    set value(value) {
      set(value);
    },
    setError(message) {
      error.textContent = message ?? "";
      input.setAttribute("aria-invalid", String(message !== null));
      if (message === null) input.removeAttribute("aria-errormessage");
      else input.setAttribute("aria-errormessage", error.id);
    },
  };
}
