import { button, h } from "./h";

/** TypeScript, and the lines of PyTorch that it mirrors. */
export interface Sample {
  readonly typescript: string;
  readonly pytorch: string;
}

/** A block that shows a sample; `show` replaces it. */
export function codeBlock(sample: Sample): { readonly element: HTMLElement; show(sample: Sample): void } {
  const typescript = h("code");
  const pytorch = h("code");
  const copied = h("span", { class: "hint", role: "status" });
  const copy = button("Copy", () => {
    copyText(typescript.textContent ?? "").then(
      () => {
        copied.textContent = "copied";
      },
      () => {
        copied.textContent = "not allowed by the browser";
      },
    );
  });
  // Long lines scroll sideways, which the keyboard can do only in an element that takes focus.
  const block = (label: string, code: HTMLElement) => h("pre", { tabindex: 0, role: "group", "aria-label": label }, code);
  const element = h(
    "div",
    { class: "code" },
    h("div", { class: "code-head" }, h("span", {}, "TypeScript"), copied, copy),
    block("TypeScript", typescript),
    h("div", { class: "code-head" }, h("span", {}, "PyTorch")),
    block("PyTorch", pytorch),
  );
  const show = (next: Sample): void => {
    typescript.textContent = next.typescript;
    pytorch.textContent = next.pytorch;
    copied.textContent = "";
  };
  show(sample);
  return { element, show };
}

/** Puts text on the clipboard. Rejects where the browser does not allow that. */
export async function copyText(text: string): Promise<void> {
  // Absent from pages that are not served over https or from localhost.
  if (navigator.clipboard === undefined) throw new Error("copyText: expected a clipboard, got none");
  await navigator.clipboard.writeText(text);
}
