// What lies in the latent space of a generator: one sample, large, and the ways that lead away.
import { append, find, make, setText } from "./dom.js";
import { type Form, makeForm } from "./explorer-form.js";
import { count, figure } from "./format.js";
import { drawSample, type Explored, explore, Latest } from "./latents.js";
import {
  describePlace,
  type Place,
  pointOf,
  requestOf,
  startOf,
  type Way,
  waysOf,
} from "./explorer-place.js";
import { fetchPlan } from "./plan.js";
import type { RunCard } from "./protocol.js";
import { on, shownRuns } from "./store.js";

/** The rows wait until a slider rests, in milliseconds. */
const rest = 120;

/** The parts of the section, empty. */
function layOut(section: HTMLElement) {
  const large = make("canvas", { class: "large", width: 32, height: 32 });
  large.setAttribute("role", "img");
  const caption = make("figcaption", {}, "Loading the generator");
  const controls = make("form", { class: "controls" });
  const ways = make("div", { class: "ways" });
  controls.addEventListener("submit", (event) => event.preventDefault());
  append(section, [
    make(
      "header",
      {},
      make("h2", { id: "explorer-title" }, "Explorer"),
      make("p", { class: "faint" }, "Any checkpoint, sampled as you move"),
    ),
    make("div", { class: "card explorer" }, make("figure", {}, large, caption), controls, ways),
  ]);
  return { large, caption, controls, ways };
}

export function startExplorer(): void {
  const section = find("explorer");
  const { large, caption, controls, ways } = layOut(section);
  let place: Place | undefined;
  let waiting: number | undefined;
  const refuse = (error: Error) => {
    caption.classList.add("problem");
    setText(caption, error.message);
  };
  const drawLarge = new Latest(async (at: Place) => {
    await explore(requestOf(at, [pointOf(at)])).then(
      (found) => showLarge(large, caption, found, at),
      refuse,
    );
  });
  const drawWays = new Latest(async (at: Place) => {
    for (const [i, way] of waysOf(at).entries())
      await explore(
        requestOf(
          at,
          way.stops.map(({ point }) => point),
        ),
      ).then((found) => showWay(ways, i, way, found, move), refuse);
    while (ways.children.length > waysOf(at).length) ways.lastElementChild?.remove();
  });
  const move = (change: Partial<Place>) => {
    if (place === undefined) return;
    Object.assign(place, change);
    const at = { ...place };
    drawLarge.do(at);
    clearTimeout(waiting);
    waiting = window.setTimeout(() => drawWays.do(at), rest);
    form?.update(place);
  };
  let form: Form | undefined;
  const open = async (run: RunCard) => {
    const plan = await fetchPlan(run);
    if ("error" in plan) return refuse(new Error(plan.error));
    if (place?.run.id !== run.id) place = startOf(run, plan);
    Object.assign(place as Place, { run, plan });
    form = makeForm(controls, place as Place, move, open);
    move({});
  };
  openWhenSeen(section, open, () => place?.run.id);
}

/** Loading a generator costs a second of the machine: not before somebody looks. */
function openWhenSeen(
  section: HTMLElement,
  open: (run: RunCard) => void,
  current: () => string | undefined,
): void {
  let seen = false;
  let drawn = "";
  const look = () => {
    const runs = shownRuns();
    section.hidden = runs.length === 0;
    const run = runs.find(({ id }) => id === current()) ?? runs[0];
    if (!seen || run === undefined) return;
    const mark = JSON.stringify([run.id, run.checkpoints, run.started, runs.map(({ id }) => id)]);
    if (mark === drawn) return;
    drawn = mark;
    open(run);
  };
  new IntersectionObserver((entries) => {
    seen ||= entries.some(({ isIntersecting }) => isIntersecting);
    look();
  }).observe(section);
  on(["runs", "shown"], look);
}

function showLarge(
  canvas: HTMLCanvasElement,
  caption: HTMLElement,
  found: Explored,
  at: Place,
): void {
  drawSample(canvas, found, 0);
  const which = found.averaged ? "Averaged weights" : "Weights";
  const when = found.step === undefined ? "at the end" : `of step ${count(found.step)}`;
  caption.classList.remove("problem");
  setText(caption, `${which} ${when}, drawn in ${figure(found.milliseconds)} ms`);
  canvas.setAttribute("aria-label", describePlace(at));
}

function showWay(
  host: HTMLElement,
  index: number,
  { title, stops }: Way,
  found: Explored,
  move: (change: Partial<Place>) => void,
): void {
  let row = host.children[index] as HTMLElement | undefined;
  if (row === undefined) {
    row = make("div", { class: "way" }, make("h4"), make("div", { class: "stops" }));
    host.append(row);
  }
  setText(row.firstElementChild as Element, title);
  const list = row.lastElementChild as HTMLElement;
  while (list.children.length > stops.length) list.lastElementChild?.remove();
  for (const [i, { name, caption = "", go }] of stops.entries()) {
    let button = list.children[i] as HTMLButtonElement | undefined;
    if (button === undefined) {
      button = make("button", { type: "button", class: "stop" }, make("canvas"), make("span"));
      list.append(button);
    }
    setText(button.lastElementChild as Element, caption);
    button.title = name;
    button.setAttribute("aria-label", `Go to ${name}`);
    button.onclick = () => move(go);
    drawSample(button.firstElementChild as HTMLCanvasElement, found, i);
  }
}
