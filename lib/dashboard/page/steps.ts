// How the steps of the runs that are shown are carried out: what they cost, which layers run as one
// operation, what is not done and why.
import { make } from "./dom.js";
import type { PlanOperation, PlanSteps, RunCard, RunPlanView } from "./protocol.js";
import { compare, fold, scroll } from "./tables.js";

/** One table of costs for all runs, and of each run its operations. Nothing where no run tells. */
export function drawSteps(
  whole: readonly { readonly run: RunCard; readonly plan: RunPlanView }[],
): HTMLElement[] {
  const told = whole.flatMap(({ run, plan: { steps } }) =>
    steps === null ? [] : [{ name: run.name, steps }],
  );
  if (told.length === 0) return [];
  const costs = compare(
    told.map(({ name }) => name),
    told.map(({ steps }) => steps.facts),
  );
  const of = (name: string, steps: PlanSteps) =>
    whole.length === 1
      ? fold("As it runs", "open", operations(steps))
      : fold(`${name} as it runs`, "closed", operations(steps));
  return [fold("Steps", "open", costs), ...told.map(({ name, steps }) => of(name, steps))];
}

function operations({ generator, discriminator, notDone }: PlanSteps): HTMLElement {
  const names = ["Layers", "Output", "Forward"];
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  const table = make(
    "table",
    { class: "operations" },
    make("thead", {}, head),
    network("Generator", generator),
    network("Discriminator", discriminator),
  );
  return make(
    "div",
    {},
    scroll(table),
    notDone.length > 0 && make("h4", { class: "not-done-title" }, "Not done"),
    notDone.length > 0 && refusals(notDone),
  );
}

function network(title: string, rows: readonly PlanOperation[]): HTMLElement {
  const name = make("th", { scope: "rowgroup", colSpan: 3 }, title);
  return make(
    "tbody",
    {},
    make("tr", {}, name),
    ...rows.map(({ layers, output, forward, rewrites }) =>
      make(
        "tr",
        {},
        make(
          "td",
          {},
          make("span", { class: "code" }, layers),
          rewrites.length > 0 && make("span", { class: "rewrites" }, rewrites.join("; ")),
        ),
        make("td", {}, output),
        make("td", { class: "number" }, forward),
      ),
    ),
  );
}

function refusals(notDone: PlanSteps["notDone"]): HTMLElement {
  return make(
    "ul",
    { class: "not-done" },
    ...notDone.map(({ rewrite, reason, layers }) =>
      make(
        "li",
        {},
        make("strong", {}, rewrite),
        `: ${reason}`,
        layers.length > 0 && make("span", { class: "code" }, layers.join(", ")),
      ),
    ),
  );
}
