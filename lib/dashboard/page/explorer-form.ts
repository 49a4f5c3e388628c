// The explorer's fields: which generator, and where in its latent space.
import { type Choice, choice, numberField, slider } from "./controls.js";
import { append, make } from "./dom.js";
import { count, figure } from "./format.js";
import type { ExplorerPlace } from "./explorer-place.js";
import type { RunCard } from "./protocol.js";
import { shownRuns } from "./store.js";

export interface Form {
  /** Shows where the explorer stands now. */
  update(place: ExplorerPlace): void;
  /**
   * Offers what there is a choice of by now: fields that stay keep the focus, and who drags one.
   * False where there would have to be other fields.
   */
  offer(place: ExplorerPlace): boolean;
}

type Move = (change: Partial<ExplorerPlace>) => void;

/** Some of the fields, and how they follow the place. */
interface Part {
  readonly elements: readonly (HTMLElement | false)[];
  update(place: ExplorerPlace): void;
}

/** What decides which fields there are. */
const fieldsOf = ({ run, plan }: ExplorerPlace) =>
  JSON.stringify([
    ...[run.id, plan.latent, plan.classNames, plan.averaged, plan.styled],
    shownRuns().length > 1,
  ]);

/**
 * Fills the form for the run of a place.
 *
 * @param move goes elsewhere in the latent space of this run
 * @param open goes to another run
 */
export function makeForm(
  host: HTMLElement,
  place: ExplorerPlace,
  move: Move,
  open: (run: RunCard) => void,
): Form {
  const generator = generatorFields(place, move, open);
  const seeds = seedFields(move);
  const ways = sliders(place, move);
  host.replaceChildren();
  append(host, [
    make("div", { class: "fields" }, ...generator.elements),
    make("div", { class: "fields" }, ...seeds.elements),
    ...ways.elements,
  ]);
  const made = fieldsOf(place);
  return {
    update(at) {
      for (const part of [generator, seeds, ways]) part.update(at);
    },
    offer(at) {
      if (fieldsOf(at) !== made) return false;
      generator.offer(at.run);
      return true;
    },
  };
}

/** Run, checkpoint, weights and class: those that there is a choice of. */
function generatorFields(
  { plan, run }: ExplorerPlace,
  move: Move,
  open: (run: RunCard) => void,
): Part & { offer(run: RunCard): void } {
  const which = runChoice(open);
  const step = checkpointChoice(run, move);
  const weights = choice("Weights", averagedOrNot, (value) => move({ raw: value === "raw" }));
  const { classes } = plan.latent;
  const names = Array.from({ length: classes }, (_, i): [string, string] => [
    String(i),
    plan.classNames?.[i] ?? String(i),
  ]);
  const label = choice("Class", names, (value) => move({ label: Number(value) }));
  return {
    elements: [
      shownRuns().length > 1 && which.element,
      step.element,
      plan.averaged && weights.element,
      classes > 0 && label.element,
    ],
    update(at) {
      which.set(at.run.id);
      step.set(at.step === null ? "" : String(at.step));
      weights.set(at.raw ? "raw" : "ema");
      label.set(String(at.label));
    },
    offer(now) {
      which.offer(runsShown());
      step.offer(checkpointsOf(now));
    },
  };
}

const averagedOrNot = [
  ["ema", "averaged"],
  ["raw", "of the step"],
] as const;

const runsShown = () => shownRuns().map(({ id, name }) => [id, name] as const);

function runChoice(open: (run: RunCard) => void): Choice {
  return choice("Run", runsShown(), (id) => {
    const found = shownRuns().find((one) => one.id === id);
    if (found) open(found);
  });
}

const checkpointsOf = ({ checkpoints }: RunCard): [string, string][] => [
  ["", "newest"],
  ...checkpoints
    .toReversed()
    .map((step): [string, string] => [String(step), `step ${count(step)}`]),
];

function checkpointChoice(run: RunCard, move: Move): Choice {
  return choice("Checkpoint", checkpointsOf(run), (value) =>
    move({ step: value === "" ? null : Number(value) }),
  );
}

/** The two seeds, and which way leads from one to the other. */
function seedFields(move: Move): Part {
  const dice = make("button", { type: "button", class: "quiet" }, "Random");
  dice.addEventListener("click", () => move({ from: Math.floor(Math.random() * 10_000), t: 0 }));
  const from = numberField("Seed", (value) => move({ from: value, t: 0 }));
  const to = numberField("To seed", (value) => move({ to: value }));
  const method = choice("Along", arcOrLine, (value) =>
    move({ method: value as ExplorerPlace["method"] }),
  );
  return {
    elements: [from.element, dice, to.element, method.element],
    update(at) {
      from.set(at.from);
      to.set(at.to);
      method.set(at.method);
    },
  };
}

const arcOrLine = [
  ["spherical", "the arc"],
  ["linear", "the line"],
] as const;

/** How far on the way, each code, and, where there are styles, how far they are from their mean. */
function sliders(place: ExplorerPlace, move: Move): Part {
  const way = slider("Between seeds", 0, 1, 0.01, (value) => move({ t: value }));
  const codes = Array.from({ length: place.plan.latent.codes }, (_, k) =>
    slider(`Code ${k + 1}`, -2, 2, 0.05, (value) => move({ codes: place.codes.with(k, value) })),
  );
  const psi = slider("Truncation psi", 0, 1, 0.01, (value) => move({ psi: value }));
  return {
    elements: [
      way.element,
      ...codes.map(({ element }) => element),
      place.plan.styled && psi.element,
    ],
    update(at) {
      way.set(at.t, `${Math.round(100 * at.t)} %`);
      psi.set(at.psi, figure(at.psi));
      for (const [k, one] of codes.entries()) one.set(at.codes[k] ?? 0, figure(at.codes[k] ?? 0));
    },
  };
}
