// The runs that are shown, side by side: how far each is, and its samples at a step all share.
import { append, find, make, setText } from "./dom.js";
import { clock, count, figure } from "./format.js";
import { drawMark, runColour, runDash } from "./palette.js";
import type { RunCard } from "./protocol.js";
import { stateTexts } from "./run-list.js";
import { on, shownIds, shownRuns } from "./store.js";
import { Timeline } from "./timeline.js";

interface Card {
  readonly element: HTMLElement;
  /** @param step whose samples to show, or the last before it; the newest of all if undefined */
  update(run: RunCard, step: number | undefined): void;
}

export function startSamples(): void {
  const section = find("samples");
  const cards = new Map<string, Card>();
  const row = make("div", { class: "cards" });
  const draw = () => {
    const runs = shownRuns();
    section.hidden = runs.length === 0;
    timeline.update(runs);
    for (const [id, { element }] of cards)
      if (!runs.some((run) => run.id === id)) {
        element.remove();
        cards.delete(id);
      }
    row.classList.toggle("single", runs.length === 1);
    for (const run of runs) {
      const card = cards.get(run.id) ?? makeCard(run.id);
      cards.set(run.id, card);
      card.update(run, timeline.step);
      row.append(card.element);
    }
  };
  const timeline = new Timeline(draw);
  append(section, [
    make("header", {}, make("h2", { id: "samples-title" }, "Samples")),
    row,
    timeline.element,
  ]);
  on(["runs", "shown"], draw);
}

function makeCard(id: string): Card {
  const mark = make("i", { class: "mark" });
  const title = make("h3");
  const state = make("span", { class: "state" });
  const picture = make("img", { class: "grid", decoding: "async" });
  const caption = make("figcaption");
  const facts = make("dl", { class: "facts" });
  const problems = make("ul", { class: "notes" });
  const values = new Map<string, HTMLElement>();
  const element = make(
    "article",
    { class: "card run" },
    make("figure", {}, picture, caption),
    make("div", {}, make("p", { class: "row" }, mark, title, state), facts, problems),
  );
  const setFact = (name: string, text: string) => {
    const value = values.get(name) ?? make("dd");
    if (!values.has(name)) facts.append(make("div", {}, make("dt", {}, name), value));
    values.set(name, value);
    setText(value, text);
  };
  return {
    element,
    update(run, asked) {
      element.style.setProperty(
        "--mine",
        `var(${shownIds().length === 1 ? "--accent" : runColour(id)})`,
      );
      const dash = runDash(id, 0);
      drawMark(mark, runColour(id), dash);
      mark.hidden = dash.length === 0;
      setText(title, run.name);
      title.title = run.name;
      state.dataset.state = run.state;
      setText(state, stateTexts[run.state]);
      for (const [name, text] of factsOf(run)) setFact(name, text);
      const notes = run.state === "unreadable" ? [...run.problems, advice] : run.problems;
      if (problems.textContent !== notes.join(""))
        problems.replaceChildren(...notes.map((text) => make("li", {}, text)));
      showPicture(picture, caption, run, asked);
    },
  };
}

/** What to do about a run without a config.json that can be read. */
const advice =
  "Without it there is no plan, and nothing to explore. Put it back, from a copy or from a run with the same options: the page looks again by itself.";

function factsOf(run: RunCard): [string, string][] {
  const left =
    run.state === "running" && run.step && run.steps && run.seconds
      ? `${clock((run.seconds * (run.steps - run.step)) / run.step)} left`
      : undefined;
  return [
    ["Step", run.steps === null ? count(run.step) : `${count(run.step)} of ${count(run.steps)}`],
    ["Time", [clock(run.seconds), left].filter(Boolean).join(", ")],
    ["Images a second", figure(run.imagesPerSecond)],
    ["Generator loss", figure(run.generatorLoss)],
    ["Discriminator loss", figure(run.discriminatorLoss)],
    ["Preset", run.preset ?? "–"],
    ["Data", run.data?.split("/").findLast(Boolean) ?? "–"],
  ];
}

/** The newest picture up to the step that was asked for. */
function showPicture(
  picture: HTMLImageElement,
  caption: HTMLElement,
  run: RunCard,
  asked: number | undefined,
): void {
  const step = run.samples.findLast((one) => asked === undefined || one <= asked);
  const address = step === undefined ? null : sampleAddress(run.id, step);
  // What is known of a picture, as that it cannot be read, stays until it is another one's turn.
  if (address !== null && picture.getAttribute("src") === address) return;
  picture.hidden = address === null;
  setText(caption, step === undefined ? "No samples yet." : `Step ${count(step)}`);
  if (address === null) {
    picture.removeAttribute("src");
    return;
  }
  picture.src = address;
  picture.alt = `Samples of ${run.name} after ${count(step)} steps`;
  picture.onerror = () => {
    // The browser's mark for it says no more than the sentence.
    picture.hidden = true;
    setText(caption, `Step ${count(step)}: its picture cannot be read.`);
  };
}

function sampleAddress(run: string, step: number): string {
  return `/api/sample?${new URLSearchParams({ run, step: String(step) })}`;
}
