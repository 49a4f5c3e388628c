// What lies in the latent space of a generator: one sample, large, and the ways that lead away.
import { append, find, make, setText } from "./dom.js";
import { type Form, makeForm } from "./explorer-form.js";
import { count, figure } from "./format.js";
import { drawSample, type Explored, explore, Latest } from "./latents.js";
import {
  describePlace,
  type ExplorerPlace,
  pointOf,
  requestOf,
  startOf,
  type Way,
  waysOf,
} from "./explorer-place.js";
import { failedPlans, fetchPlan } from "./plan.js";
import type { RunCard } from "./protocol.js";
import { on, shownRuns } from "./store.js";

/** The rows wait until a slider rests, in milliseconds from the large sample on. */
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
  const explorer = new Explorer(layOut(section));
  openWhenSeen(section, explorer.open, () => explorer.run);
}

/** Where in the latent space of which run it is, and what it shows of that. */
class Explorer {
  readonly #parts: ReturnType<typeof layOut>;
  readonly #large = new Latest((at: ExplorerPlace) => this.#drawLarge(at));
  readonly #ways = new Latest((at: ExplorerPlace) => this.#drawWays(at));
  #place: ExplorerPlace | undefined;
  #form: Form | undefined;
  #waiting: number | undefined;

  constructor(parts: ReturnType<typeof layOut>) {
    this.#parts = parts;
  }

  /** The id of the run that is open. */
  get run(): string | undefined {
    return this.#place?.run.id;
  }

  /** Opens a run, at its beginning or, where it is open already, where it is. */
  readonly open = async (run: RunCard): Promise<void> => {
    const plan = await fetchPlan(run);
    if ("error" in plan) return this.#refuse(new Error(plan.error));
    const place = this.#place?.run.id === run.id ? this.#place : startOf(run, plan);
    this.#place = Object.assign(place, { run, plan });
    if (!this.#form?.offer(place))
      this.#form = makeForm(this.#parts.controls, place, this.#move, this.open);
    this.#move({});
  };

  readonly #move = (change: Partial<ExplorerPlace>): void => {
    if (this.#place === undefined) return;
    Object.assign(this.#place, change);
    const at = { ...this.#place };
    clearTimeout(this.#waiting);
    this.#large.do(at);
    this.#form?.update(this.#place);
  };

  readonly #refuse = (error: Error): void => {
    this.#parts.caption.classList.add("problem");
    setText(this.#parts.caption, error.message);
  };

  async #drawLarge(at: ExplorerPlace): Promise<void> {
    const { large, caption } = this.#parts;
    try {
      await explore(requestOf(at, [pointOf(at)]), (found) => showLarge(large, caption, found, at));
    } catch (error) {
      // What is refused here would be for each row.
      return this.#refuse(error as Error);
    }
    clearTimeout(this.#waiting);
    this.#waiting = window.setTimeout(() => this.#ways.do(at), rest);
  }

  async #drawWays(at: ExplorerPlace): Promise<void> {
    const { ways } = this.#parts;
    for (const [i, way] of waysOf(at).entries()) {
      const points = way.stops.map(({ point }) => point);
      await explore(requestOf(at, points), (found) =>
        showWay(ways, i, way, found, this.#move),
      ).catch(this.#refuse);
    }
    while (ways.children.length > waysOf(at).length) ways.lastElementChild?.remove();
  }
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
    const ids = runs.map(({ id }) => id);
    const mark = JSON.stringify([run.id, run.checkpoints, run.started, ids, failedPlans()]);
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
  at: ExplorerPlace,
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
  move: (change: Partial<ExplorerPlace>) => void,
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
