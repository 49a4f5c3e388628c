// The curves of the runs that are shown: losses, health, speed.
import type { Axis } from "./axis.js";
import { Chart, type ChartOptions, type Line } from "./chart.js";
import { append, find, make, setText } from "./dom.js";
import { count } from "./format.js";
import { runColour, runDash } from "./palette.js";
import { mostFollowed, type RunCard, type Series } from "./protocol.js";
import { curveOf, followedIds, on, shownRuns } from "./store.js";
import { onTheme } from "./theme.js";

/** Each player has a colour of its own, as long as one run is shown. */
interface Part {
  readonly series: Series;
  readonly label: string;
  readonly colour: string;
}

const generator = { label: "generator", colour: "--generator" };
const discriminator = { label: "discriminator", colour: "--discriminator" };

const charts: readonly (ChartOptions & { readonly parts: readonly Part[] })[] = [
  {
    title: "Losses",
    about: "Mean losses of both players over each tick",
    parts: [
      { series: "generatorLoss", ...generator },
      { series: "discriminatorLoss", ...discriminator },
    ],
  },
  {
    title: "Discriminator's accuracy",
    about: "Share of reals and of fakes that the discriminator tells; a half where it guesses",
    range: [-0.02, 1.02],
    parts: [
      { series: "realAccuracy", label: "reals", colour: "--discriminator" },
      { series: "fakeAccuracy", label: "fakes", colour: "--generator" },
    ],
  },
  {
    title: "D(x) and D(G(z))",
    about:
      "Mean scores that the discriminator gives reals and fakes: probabilities where it ends in a sigmoid, energies where it ends in a reconstruction error, else logits",
    parts: [
      { series: "realScore", label: "reals", colour: "--discriminator" },
      { series: "fakeScore", label: "fakes", colour: "--generator" },
    ],
  },
  {
    title: "Gradient norms",
    about: "Euclidean norm of the gradient of all parameters of each player, before clipping",
    logarithmic: true,
    parts: [
      { series: "generatorGradientNorm", ...generator },
      { series: "discriminatorGradientNorm", ...discriminator },
    ],
  },
  {
    title: "Diversity",
    about:
      "Mean distance of two fakes as a share of that of two reals; near 0 where all samples are the same",
    parts: [{ series: "diversity", label: "fakes to reals", colour: "--generator" }],
  },
  {
    title: "Penalties",
    about: "What penalties are of the losses: the mean over each tick, as it counts there",
    where: "told",
    parts: [
      { series: "generatorPenalty", ...generator },
      { series: "discriminatorPenalty", ...discriminator },
    ],
  },
  {
    title: "Convergence",
    about: "Of BEGAN: the paper's measure M, and the weight k of fakes in the discriminator's loss",
    where: "told",
    parts: [
      { series: "convergence", label: "M", colour: "--discriminator" },
      { series: "balance", label: "k", colour: "--generator" },
    ],
  },
  {
    title: "Augmentation",
    about: "With which probability adaptive augmentation changes what the discriminator sees",
    where: "told",
    range: [-0.02, 1.02],
    parts: [{ series: "augmentProbability", label: "probability", colour: "--discriminator" }],
  },
  {
    title: "Path length",
    about:
      "The mean length that the penalty pathLength holds the lengths of paths against: how far a step of w changes an image",
    where: "told",
    parts: [{ series: "meanPathLength", label: "mean", colour: "--generator" }],
  },
  {
    title: "Learning rates",
    about: "The learning rate of each player's last update, as its schedule has it",
    where: "changing",
    parts: [
      { series: "generatorLearningRate", ...generator },
      { series: "discriminatorLearningRate", ...discriminator },
    ],
  },
  {
    title: "Speed",
    about: "Real images a second, over the time of the steps themselves",
    parts: [{ series: "imagesPerSecond", label: "images a second", colour: "--speed" }],
  },
];

export function startCurves(): void {
  const section = find("curves");
  const notes = make("ul", { class: "notes" });
  const drawn = charts.map((one) => ({ ...one, chart: new Chart(one) }));
  let axis: Axis = "step";
  let scheme = 0;
  const draw = () => {
    const runs = shownRuns();
    section.hidden = runs.length === 0;
    if (section.hidden) return;
    for (const { chart, parts } of drawn) chart.draw(linesOf(runs, parts), curveOf, axis, scheme);
    tellNotes(notes, runs);
  };
  const choice = chooseAxis((chosen) => {
    axis = chosen;
    draw();
  });
  append(section, [
    make("header", {}, make("h2", { id: "curves-title" }, "Curves"), choice),
    notes,
    make("div", { class: "charts" }, ...drawn.map(({ chart }) => chart.element)),
  ]);
  onTheme(() => {
    scheme += 1;
    draw();
  });
  on(["runs", "shown", "curves"], draw);
}

function linesOf(runs: readonly RunCard[], parts: readonly Part[]): Line[] {
  return runs.flatMap((run) =>
    parts.map((part, i) => ({
      run: run.id,
      series: part.series,
      label:
        runs.length === 1
          ? part.label
          : parts.length === 1
            ? run.name
            : `${run.name}, ${part.label}`,
      colour: runs.length === 1 ? part.colour : runColour(run.id),
      dash: runs.length === 1 ? [] : runDash(run.id, i),
    })),
  );
}

const warnings: Readonly<Record<string, string>> = {
  saturated:
    "Saturated: the discriminator tells all, and the generator has next to nothing to go by",
  collapsing: "Collapsing: samples have become alike",
};

/** Warnings, what could not be read, and whose curves are not drawn. */
function tellNotes(list: HTMLElement, runs: readonly RunCard[]): void {
  const texts = runs.flatMap((run) => {
    const { warnings: raised = [], problems = [] } = curveOf(run.id) ?? {};
    const name = runs.length === 1 ? "" : `${run.name}: `;
    return [
      ...raised.map(
        ({ warning, firstStep, lastStep, ticks }) =>
          `${name}${warnings[warning] ?? warning}, ${ticks === 1 ? "1 tick" : `${count(ticks)} ticks`} from step ${count(firstStep)} to ${count(lastStep)}.`,
      ),
      ...problems.map((problem) => name + problem),
    ];
  });
  const left = runs.filter(({ id }) => !followedIds().includes(id)).length;
  if (left > 0)
    texts.unshift(
      `Curves of ${mostFollowed} runs are drawn, those chosen first; ${left === 1 ? "1 run has" : `${left} runs have`} none here.`,
    );
  if (texts.join("\n") === [...list.children].map((one) => one.textContent).join("\n")) return;
  list.replaceChildren(...texts.map((text) => make("li", {}, text)));
}

function chooseAxis(onChoice: (axis: Axis) => void): HTMLElement {
  const button = make("button", { type: "button", class: "quiet" });
  let axis: Axis = "step";
  const tell = () => setText(button, axis === "step" ? "By step" : "By time");
  button.addEventListener("click", () => {
    axis = axis === "step" ? "time" : "step";
    tell();
    onChoice(axis);
  });
  tell();
  return button;
}
