// Elements, made and asked for. Texts only ever become text.

type Child = Node | string | undefined | null | false;
type Properties<E> = { readonly [Key in keyof E]?: E[Key] } & {
  readonly class?: string;
  readonly aria?: Readonly<Record<string, string>>;
};

/** An element with properties and children; `aria: { label }` becomes aria-label. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { class: names, aria = {}, ...properties }: Properties<HTMLElementTagNameMap[Name]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  Object.assign(element, properties);
  if (names !== undefined) element.className = names;
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
  append(element, children);
  return element;
}

export function append(element: Element, children: readonly Child[]): void {
  for (const child of children)
    if (child !== undefined && child !== null && child !== false) element.append(child);
}

/** The element of the page that has this id. */
export function find<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found as E;
}

/** Sets text only where it is another: a selection in it, or a reader of it, is not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** What a custom property of the style sheet is as a colour, in the scheme that is on. */
export function colour(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
