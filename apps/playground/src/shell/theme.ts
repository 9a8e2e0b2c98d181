import { h } from "../dom/h";

type Theme = "auto" | "light" | "dark";

const KEY = "dropwise-theme";

const listeners = new Set<() => void>();

/** Calls `redraw` when colours change; canvases do not follow the style sheet by themselves. */
export function onThemeChange(redraw: () => void): void {
  listeners.add(redraw);
}

const probe = h("span", { hidden: true });

/** A colour of the style sheet, by the name of its property, as the present theme has it: "rgb(1, 2, 3)". */
export function themeColour(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** A choice of the system's colours, light or dark. It is remembered. */
export function themeChoice(): HTMLElement {
  const apply = (theme: Theme): void => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const listener of listeners) listener();
  };
  const select = h(
    "select",
    {
      "aria-label": "Colours",
      onchange: () => {
        remember(select.value as Theme);
        apply(select.value as Theme);
      },
    },
    h("option", { value: "auto" }, "System colours"),
    h("option", { value: "light" }, "Light"),
    h("option", { value: "dark" }, "Dark"),
  );
  select.value = remembered();
  apply(select.value as Theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(select.value as Theme));
  return select;
}

// --- internal helpers ---

// Storage may be forbidden; the choice then lasts as long as the page.
function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {}
}

function remembered(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : "auto";
  } catch {
    return "auto";
  }
}
