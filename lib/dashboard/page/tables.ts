// Tables of the plan, and what folds around them.
import { make } from "./dom.js";
import { plain } from "./format.js";

/** Whether a part of the page is open at first. */
export type Fold = "open" | "closed";

/** A part of the page that its title opens and closes. */
export function fold(title: string, at: Fold, content: HTMLElement): HTMLElement {
  return make(
    "details",
    { class: "card", open: at === "open" },
    make("summary", {}, make("h3", {}, title)),
    content,
  );
}

/** A row for each key, a column for each run; rows in which they differ stand out. */
export function compare(
  names: readonly string[],
  objects: readonly Readonly<Record<string, unknown>>[],
): HTMLElement {
  const keys = [...new Set(objects.flatMap((one) => Object.keys(one)))];
  const head = make(
    "tr",
    {},
    make("td"),
    ...names.map((name) => make("th", { scope: "col" }, name)),
  );
  const rows = keys.map((key) => {
    const texts = objects.map((one) => write(one[key]));
    const row = make(
      "tr",
      {},
      make("th", { scope: "row" }, key),
      ...texts.map((text) => make("td", {}, text)),
    );
    row.classList.toggle("differs", new Set(texts).size > 1);
    return row;
  });
  return scroll(
    make(
      "table",
      { class: "compare" },
      names.length > 1 && make("thead", {}, head),
      make("tbody", {}, ...rows),
    ),
  );
}

/** A table that scrolls where it is wider than the page. */
export function scroll(table: HTMLElement): HTMLElement {
  return make("div", { class: "scroll", tabIndex: 0 }, table);
}

/** A value of JSON on a line: `adam, lr 0.0002, betas 0.5 0.999`. */
function write(value: unknown): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "–" : value.map(write).join(" ");
  if (typeof value === "number") return plain(value);
  if (typeof value !== "object") return String(value);
  const { type, ...rest } = value as Record<string, unknown>;
  const parts = Object.entries(rest).map(([key, one]) => {
    const inner = write(one);
    return typeof one === "object" && one !== null && !Array.isArray(one)
      ? `${key} (${inner})`
      : `${key} ${inner}`;
  });
  return [...(typeof type === "string" ? [type] : []), ...parts].join(", ");
}
