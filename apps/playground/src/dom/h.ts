/** Makes elements. The page has no framework: panels build their elements once and then change their text and attributes. */

type Child = Node | string | null | undefined | false;
type Attribute = string | number | boolean | undefined;
type Attributes = Readonly<Record<string, Attribute | ((event: Event) => void)>>;

/**
 * An element with attributes, listeners (`onclick: () => …`) and children. `true` sets an attribute without a value; `false` and undefined
 * leave it out.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/** A button that submits nothing. */
export function button(label: string, onclick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

let ids = 0;

/** An id that no other element has. */
export function uniqueId(name: string): string {
  return `${name}-${++ids}`;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
