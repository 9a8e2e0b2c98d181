import { h } from "../dom/h";

/** A part of the page that fills a tab. */
export interface Panel {
  readonly element: HTMLElement;
}

interface Tab {
  /** Also the address's part after #. */
  readonly id: string;
  readonly label: string;
  /** Called once, when the tab is first opened: a panel's code is loaded only then. */
  open(): Promise<Panel>;
}

/** Tabs after the ARIA pattern: arrow keys, Home and End move between them. The open one is kept in the address. */
export function tabs(list: readonly Tab[]): { readonly bar: HTMLElement; readonly body: HTMLElement } {
  const opened = new Map<string, Promise<void>>();
  const body = h("div");
  const places = new Map(
    list.map(({ id }) => [id, h("div", { role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}`, hidden: true })]),
  );
  body.append(...places.values());

  const buttons = list.map(({ id, label }) =>
    h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => choose(id) }, label),
  );

  const show = (id: string): void => {
    list.forEach((tab, i) => {
      const selected = tab.id === id;
      buttons[i]?.setAttribute("aria-selected", String(selected));
      buttons[i]?.setAttribute("tabindex", selected ? "0" : "-1");
      (places.get(tab.id) as HTMLElement).hidden = !selected;
    });
    const tab = list.find((candidate) => candidate.id === id) as Tab;
    if (!opened.has(id)) {
      const place = places.get(id) as HTMLElement;
      place.append(h("p", { class: "hint" }, "loading …"));
      const loading = tab.open().then(({ element }) => place.replaceChildren(element));
      loading.catch((error: unknown) => {
        opened.delete(id); // the next visit tries again
        place.replaceChildren(h("p", { class: "error", role: "alert" }, `This part could not be loaded: ${String(error)}`));
      });
      opened.set(id, loading);
    }
  };

  const choose = (id: string): void => {
    history.replaceState(null, "", `${location.search}#${id}`);
    show(id);
  };

  const fromAddress = (): string => list.find(({ id }) => `#${id}` === location.hash)?.id ?? (list[0] as Tab).id;
  addEventListener("hashchange", () => show(fromAddress()));

  const bar = h(
    "div",
    {
      role: "tablist",
      "aria-label": "Parts of the playground",
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[(event as KeyboardEvent).key];
        if (step === undefined) return;
        event.preventDefault();
        const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
        const next = Number.isFinite(step) ? (at + step + list.length) % list.length : step > 0 ? list.length - 1 : 0;
        buttons[next]?.focus();
        choose((list[next] as Tab).id);
      },
    },
    ...buttons,
  );
  show(fromAddress());
  return { bar, body };
}
