// The list of runs, with a box for each to be shown or not.
import { find, make, setText } from "./dom.js";
import { count } from "./format.js";
import { drawMark, runColour, runDash } from "./palette.js";
import type { RunCard, RunState } from "./protocol.js";
import { allRuns, on, show, shownIds, shownRuns } from "./store.js";

export const stateTexts: Readonly<Record<RunState, string>> = {
  running: "running",
  quiet: "no news",
  done: "done",
  stopped: "stopped",
  failed: "failed",
  unreadable: "unreadable",
};

interface Row {
  readonly item: HTMLLIElement;
  update(run: RunCard): void;
}

export function startRunList(): void {
  const rows = new Map<string, Row>();
  const list = make("ul", { class: "runs" });
  const total = make("span", { class: "faint" });
  const details = make(
    "details",
    { open: matchMedia("(min-width: 60rem)").matches },
    make("summary", {}, make("h2", {}, "Runs"), total),
    list,
  );
  find("runs").append(details);
  on(["runs", "shown"], () => {
    const runs = allRuns();
    setText(total, runs.length === 0 ? "" : String(runs.length));
    for (const [id, { item }] of rows)
      if (!runs.some((run) => run.id === id)) {
        item.remove();
        rows.delete(id);
      }
    for (const [i, run] of runs.entries()) {
      const row = rows.get(run.id) ?? makeRow(run.id);
      rows.set(run.id, row);
      row.update(run);
      if (list.children[i] !== row.item) list.insertBefore(row.item, list.children[i] ?? null);
    }
  });
}

function makeRow(id: string): Row {
  const box = make("input", { type: "checkbox", class: "swatch" });
  const mark = make("i", { class: "mark" });
  const name = make("span", { class: "run-name" });
  const only = make("button", { type: "button", class: "only" }, "only");
  const state = make("span", { class: "state" });
  const facts = make("span", { class: "faint" });
  const bar = make("progress", { max: 1 });
  box.addEventListener("change", () => {
    // Those whose folders are gone go with the next choice.
    const others = shownRuns().flatMap((one) => (one.id === id ? [] : one.id));
    show(box.checked ? [...others, id] : others);
  });
  only.addEventListener("click", () => show([id]));
  const label = make("label", {}, box, mark, name);
  const item = make("li", {}, label, only, make("p", { class: "row" }, state, facts), bar);
  return {
    item,
    update(run) {
      setText(name, run.name);
      item.title = run.problems.join(" ");
      box.checked = shownIds().includes(id);
      item.classList.toggle("on", box.checked);
      item.style.setProperty("--mine", `var(${runColour(id)})`);
      const dash = runDash(id, 0);
      drawMark(mark, runColour(id), dash);
      mark.hidden = dash.length === 0;
      only.setAttribute("aria-label", `Show only ${run.name}`);
      state.dataset.state = run.state;
      setText(state, stateTexts[run.state]);
      setText(facts, [run.preset, howFar(run)].filter(Boolean).join(" · "));
      bar.value = run.step !== null && run.steps ? run.step / run.steps : 0;
      bar.setAttribute("aria-label", `Steps of ${run.name}`);
    },
  };
}

function howFar({ step, steps }: RunCard): string {
  return step === steps || steps === null
    ? `${count(step)} steps`
    : `${count(step)} of ${count(steps)}`;
}
