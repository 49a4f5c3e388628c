// What the runs that are shown do: the options in which they differ, the layers of their networks,
// how their steps are carried out, how they ended.
import { append, find, make } from "./dom.js";
import { count } from "./format.js";
import type { PlanNetwork, RunCard, RunPlanView } from "./protocol.js";
import { drawSteps } from "./steps.js";
import { on, shownRuns } from "./store.js";
import { compare, fold, scroll } from "./tables.js";

type Plan = RunPlanView | { readonly error: string };

const known = new Map<string, { readonly mark: string; readonly plan: Promise<Plan> }>();

/**
 * Changes where the plan may have changed: a first step adds how steps are carried out, and a config
 * that made no sense may have been mended.
 */
const markOf = ({ id, state, started, step, problems }: RunCard) =>
  JSON.stringify([id, state, started, !!step, problems]);

let failures = 0;

/** Grows with each plan that did not come: who waits for one asks again then. */
export const failedPlans = (): number => failures;

/** The plan of a run, read again where its mark has changed, or where it did not come. */
export function fetchPlan(run: RunCard): Promise<Plan> {
  const mark = markOf(run);
  const found = known.get(run.id);
  if (found?.mark === mark) return found.plan;
  const plan = fetch(`/api/plan?${new URLSearchParams({ run: run.id })}`)
    .then((answer) => answer.json() as Promise<Plan>)
    .catch(() => {
      known.delete(run.id);
      failures += 1;
      return { error: "The dashboard does not answer." };
    });
  known.set(run.id, { mark, plan });
  return plan;
}

export function startPlan(): void {
  const section = find("plan");
  const body = make("div", { class: "plans" });
  append(section, [make("header", {}, make("h2", { id: "plan-title" }, "Plan")), body]);
  let drawn = "";
  on(["runs", "shown"], async () => {
    const runs = shownRuns();
    section.hidden = runs.length === 0;
    const mark = [failures, ...runs.map(markOf)].join("\n");
    if (mark === drawn) return;
    drawn = mark;
    const plans = await Promise.all(runs.map(fetchPlan));
    if (drawn === mark) draw(body, runs, plans);
  });
}

function draw(body: HTMLElement, runs: readonly RunCard[], plans: readonly Plan[]): void {
  const whole = runs.flatMap((run, i) => {
    const plan = plans[i] as Plan;
    return "error" in plan ? [] : [{ run, plan }];
  });
  const broken = plans
    .flatMap((plan) => ("error" in plan ? [plan.error] : plan.problems))
    .map((sentence) => make("p", { class: "note" }, sentence));
  const names = whole.map(({ run }) => run.name);
  body.replaceChildren(...broken);
  if (whole.length === 0) return;
  const single = whole.length === 1;
  // Of several networks each is a long table.
  const at = single ? "open" : "closed";
  append(body, [
    fold(
      "Options",
      "open",
      compare(
        names,
        whole.map(({ plan }) => plan.config),
      ),
    ),
    ...whole.flatMap(({ run, plan }) => {
      const of = single ? "" : ` of ${run.name}`;
      return [
        fold(`Generator${of}`, at, layers(plan.generator)),
        fold(`Discriminator${of}`, at, layers(plan.discriminator)),
      ];
    }),
    ...drawSteps(whole),
    ended(whole),
  ]);
}

function ended(whole: readonly { run: RunCard; plan: RunPlanView }[]): HTMLElement | undefined {
  const done = whole.filter(({ plan }) => plan.summary !== null);
  if (done.length === 0) return undefined;
  const names = done.map(({ run }) => run.name);
  return fold(
    "How it ended",
    "open",
    compare(
      names,
      done.map(({ plan }) => plan.summary ?? {}),
    ),
  );
}

function layers({ parameters, layers }: PlanNetwork): HTMLElement {
  const columns = ["Layer", "Type", "Output", "Parameters"];
  const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)));
  const rows = layers.map(({ path, type, output, parameters }) =>
    make(
      "tr",
      {},
      make("td", { class: "code" }, path),
      make("td", {}, type),
      make("td", {}, output.join(" × ")),
      make("td", { class: "number" }, parameters === 0 ? "" : count(parameters)),
    ),
  );
  const sum = make(
    "tr",
    {},
    make("td", { colSpan: 3 }),
    make("td", { class: "number" }, count(parameters)),
  );
  return scroll(
    make(
      "table",
      { class: "layers" },
      make("thead", {}, head),
      make("tbody", {}, ...rows),
      make("tfoot", {}, sum),
    ),
  );
}
