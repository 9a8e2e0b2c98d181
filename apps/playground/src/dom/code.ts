import { button, h } from "./h";

/** TypeScript, and the lines of PyTorch that it mirrors. */
export interface Sample {
  readonly typescript: string;
  readonly pytorch: string;
}

/** A block that shows a sample; `show` replaces it. */
export function codeBlock(sample: Sample): { readonly element: HTMLElement; show(sample: Sample): void } {
  const [typescript, pytorch] = [part("TypeScript"), part("PyTorch")];
  const show = (next: Sample): void => {
    typescript.show(next.typescript);
    pytorch.show(next.pytorch);
  };
  show(sample);
  return { element: h("div", { class: "code" }, ...typescript.elements, ...pytorch.elements), show };
}

/** Puts text on the clipboard. Rejects where the browser does not allow that. */
export async function copyText(text: string): Promise<void> {
  // Absent from pages that are not served over https or from localhost.
  if (navigator.clipboard === undefined) throw new Error("copyText: expected a clipboard, got none");
  await navigator.clipboard.writeText(text);
}

// --- internal helpers ---

function part(language: string): { readonly elements: readonly HTMLElement[]; show(text: string): void } {
  const code = h("code");
  const copied = h("span", { class: "hint", role: "status" });
  const copy = button(
    "Copy",
    () => {
      copyText(code.textContent ?? "").then(
        () => {
          copied.textContent = "copied";
        },
        () => {
          copied.textContent = "not allowed by the browser";
        },
      );
    },
    { "aria-label": `Copy ${language}` },
  );
  return {
    elements: [
      h("div", { class: "code-head" }, h("span", {}, language), copied, copy),
      // Long lines scroll sideways, which the keyboard can do only in an element that takes focus.
      h("pre", { tabindex: 0, role: "group", "aria-label": language }, code),
    ],
    show(text) {
      code.textContent = text;
      copied.textContent = "";
    },
  };
}
