// What lies in the latent space of a generator: one sample large, and the ways that lead away from it.
import { append, find, make, setText } from "./dom.js";
import { count, figure } from "./format.js";
import { drawSample, type Explored, explore, Latest } from "./latents.js";
import { fetchPlan } from "./plan.js";
import type { LatentPoint, RunCard, RunPlanView } from "./protocol.js";
import { on, shownRuns } from "./store.js";
import { choice, numberField, slider } from "./controls.js";

/** Where the explorer stands. */
interface Place {
  run: RunCard;
  plan: RunPlanView;
  step: number | null;
  raw: boolean;
  method: "spherical" | "linear";
  from: number;
  to: number;
  t: number;
  label: number;
  codes: number[];
}

/** A row of samples that lead somewhere: each is a point, and what choosing it changes. */
interface Way {
  readonly title: string;
  readonly stops: readonly {
    readonly name: string;
    readonly point: LatentPoint;
    readonly go: Partial<Place>;
  }[];
}

const framesOfWay = 9;
const seedsShown = 12;
const codeStops = [-2, -1, -0.5, 0, 0.5, 1, 2];
/** The rows wait until a slider rests, in milliseconds. */
const rest = 120;

export function startExplorer(): void {
  const section = find("explorer");
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
    const { codes } = plan.latent;
    const same = place?.run.id === run.id;
    if (!same)
      place = {
        ...{
          run,
          plan,
          step: null,
          raw: false,
          method: "spherical",
          from: 0,
          to: 1,
          t: 0,
          label: 0,
        },
        codes: new Array<number>(codes).fill(0),
      };
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

function pointOf({ plan, from, to, t, label, codes }: Place): LatentPoint {
  return {
    ...{ from, to, t },
    ...(plan.latent.classes > 0 ? { label } : {}),
    ...(plan.latent.codes > 0 ? { codes } : {}),
  };
}

function requestOf({ run, step, raw, method }: Place, points: readonly LatentPoint[]) {
  return { run: run.id, step, raw, method, points };
}

function waysOf(at: Place): Way[] {
  const here = pointOf(at);
  const { classes, codes } = at.plan.latent;
  const stops = (changes: readonly (readonly [name: string, go: Partial<Place>])[]) =>
    changes.map(([name, go]) => ({ name, go, point: pointOf({ ...at, ...go }) }));
  const times = Array.from({ length: framesOfWay }, (_, i) => i / (framesOfWay - 1));
  const seeds = Array.from({ length: seedsShown }, (_, i) => at.from + i);
  const labels = Array.from({ length: Math.min(classes, 24) }, (_, i) => i);
  return [
    {
      title: `From seed ${at.from} to seed ${at.to}`,
      stops: stops(times.map((t) => [`${Math.round(100 * t)} % of the way`, { t }])),
    },
    ...(classes > 0
      ? [{ title: "Classes", stops: stops(labels.map((label) => [`class ${label}`, { label }])) }]
      : []),
    ...(here.codes ?? []).slice(0, codes).map((_, k) => ({
      title: `Code ${k + 1}, from −2 to 2`,
      stops: stops(
        codeStops.map((value) => [`code ${k + 1} at ${value}`, { codes: at.codes.with(k, value) }]),
      ),
    })),
    { title: "Other seeds", stops: stops(seeds.map((from) => [`seed ${from}`, { from, t: 0 }])) },
  ];
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
  canvas.setAttribute(
    "aria-label",
    `Sample of seed ${at.from}${at.t > 0 ? `, ${Math.round(100 * at.t)} % on the way to seed ${at.to}` : ""}${at.plan.latent.classes > 0 ? `, class ${at.label}` : ""}`,
  );
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
  for (const [i, { name, go }] of stops.entries()) {
    let button = list.children[i] as HTMLButtonElement | undefined;
    if (button === undefined) {
      button = make("button", { type: "button", class: "stop" }, make("canvas"));
      list.append(button);
    }
    button.title = name;
    button.setAttribute("aria-label", `Go to ${name}`);
    button.onclick = () => move(go);
    drawSample(button.firstElementChild as HTMLCanvasElement, found, i);
  }
}

interface Form {
  /** Shows where the explorer stands now. */
  update(place: Place): void;
}

function makeForm(
  host: HTMLElement,
  place: Place,
  move: (change: Partial<Place>) => void,
  open: (run: RunCard) => void,
): Form {
  const { plan, run } = place;
  const { classes, codes } = plan.latent;
  const runs = shownRuns();
  const steps = run.checkpoints.toReversed();
  const dice = make("button", { type: "button", class: "quiet" }, "Random");
  dice.addEventListener("click", () => move({ from: Math.floor(Math.random() * 10_000), t: 0 }));
  const from = numberField("Seed", (value) => move({ from: value, t: 0 }));
  const to = numberField("To seed", (value) => move({ to: value }));
  const way = slider("Way", 0, 1, 0.01, (value) => move({ t: value }));
  const sliders = Array.from({ length: codes }, (_, k) =>
    slider(`Code ${k + 1}`, -2, 2, 0.05, (value) => move({ codes: place.codes.with(k, value) })),
  );
  const labels = Array.from({ length: classes }, (_, i) => [String(i), String(i)] as const);
  const label = choice("Class", labels, (value) => move({ label: Number(value) }));
  const newest = [
    ["", "newest"],
    ...steps.map((step) => [String(step), `step ${count(step)}`]),
  ] as const;
  const step = choice("Checkpoint", newest as never, (value) =>
    move({ step: value === "" ? null : Number(value) }),
  );
  const weights = choice(
    "Weights",
    [
      ["ema", "averaged"],
      ["raw", "of the step"],
    ],
    (value) => move({ raw: value === "raw" }),
  );
  const method = choice(
    "Along",
    [
      ["spherical", "the arc"],
      ["linear", "the line"],
    ],
    (value) => move({ method: value as Place["method"] }),
  );
  const which = choice(
    "Run",
    runs.map(({ id, name }) => [id, name] as const),
    (id) => {
      const found = shownRuns().find((one) => one.id === id);
      if (found) open(found);
    },
  );
  host.replaceChildren();
  append(host, [
    make(
      "div",
      { class: "fields" },
      runs.length > 1 && which.element,
      step.element,
      plan.averaged && weights.element,
      classes > 0 && label.element,
    ),
    make("div", { class: "fields" }, from.element, dice, to.element, method.element),
    way.element,
    ...sliders.map(({ element }) => element),
  ]);
  return {
    update(at) {
      from.set(at.from);
      to.set(at.to);
      way.set(at.t, `${Math.round(100 * at.t)} %`);
      for (const [k, one] of sliders.entries()) one.set(at.codes[k] ?? 0, figure(at.codes[k] ?? 0));
      label.set(String(at.label));
      step.set(at.step === null ? "" : String(at.step));
      weights.set(at.raw ? "raw" : "ema");
      method.set(at.method);
      which.set(at.run.id);
    },
  };
}
