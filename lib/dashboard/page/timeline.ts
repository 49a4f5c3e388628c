// The step whose samples are looked at: chosen by hand, played as a film, or the newest.
import { make, setText } from "./dom.js";
import { count } from "./format.js";
import type { RunCard } from "./protocol.js";

/** Between two pictures of a film, in milliseconds. */
const pace = 350;

/** Calls back at its pace while it plays. */
class Film {
  readonly #next: () => void;
  #timer: number | undefined;

  constructor(next: () => void) {
    this.#next = next;
  }

  get plays(): boolean {
    return this.#timer !== undefined;
  }

  play(): void {
    this.#timer = window.setInterval(this.#next, pace);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export class Timeline {
  readonly element: HTMLElement;
  readonly #slider = make("input", {
    type: "range",
    min: "0",
    step: "1",
    id: "timeline",
    aria: { label: "Step of the samples" },
  });
  readonly #label = make("span", { class: "value" });
  readonly #play = make("button", { type: "button", class: "quiet" }, "Play");
  readonly #newest = make("button", { type: "button", class: "quiet" }, "To the newest");
  readonly #film = new Film(() => this.#showNext());
  readonly #onMove: () => void;
  #steps: readonly number[] = [];
  #chosen: number | undefined;

  constructor(onMove: () => void) {
    this.#onMove = onMove;
    const parts = [this.#play, this.#slider, this.#label, this.#newest];
    this.element = make("div", { class: "card timeline" }, ...parts);
    this.#slider.addEventListener("input", () => this.#slide());
    this.#newest.addEventListener("click", () => this.#follow());
    this.#play.addEventListener("click", () => {
      if (this.#film.plays) this.#stop();
      else this.#start();
    });
  }

  /** The step that is looked at; the newest of each run if undefined. */
  get step(): number | undefined {
    return this.#chosen;
  }

  /** Offers the steps that these runs have samples of. */
  update(runs: readonly RunCard[]): void {
    this.#steps = [...new Set(runs.flatMap(({ samples }) => samples))].sort((a, b) => a - b);
    const chosen = this.#chosen;
    // Other runs may have no such step.
    if (chosen !== undefined && !this.#steps.includes(chosen))
      this.#chosen = this.#steps.findLast((one) => one <= chosen);
    this.element.hidden = this.#steps.length < 2;
    this.#slider.max = String(Math.max(0, this.#last));
    this.#tell();
  }

  get #last(): number {
    return this.#steps.length - 1;
  }

  /** Where the step that is looked at stands among all. */
  get #place(): number {
    return this.#chosen === undefined ? this.#last : this.#steps.indexOf(this.#chosen);
  }

  #slide(): void {
    // Before the film stops, which shows where it stood.
    const place = this.#slider.valueAsNumber;
    this.#stop();
    this.#look(place);
  }

  #follow(): void {
    this.#stop();
    this.#move(undefined);
  }

  /** Plays on from where it stands; from the first step on where that is the last. */
  #start(): void {
    if (this.#place >= this.#last) this.#move(this.#steps[0]);
    this.#film.play();
    this.#tell();
  }

  #showNext(): void {
    const place = this.#place + 1;
    if (place > this.#last) this.#stop();
    else this.#look(place);
  }

  #stop(): void {
    this.#film.stop();
    this.#tell();
  }

  /** Who looks at the newest, by hand or at the end of a film, sees what comes next, too. */
  #look(place: number): void {
    this.#move(place === this.#last ? undefined : this.#steps[place]);
  }

  #move(step: number | undefined): void {
    this.#chosen = step;
    this.#tell();
    this.#onMove();
  }

  #tell(): void {
    this.#slider.value = String(Math.max(0, this.#place));
    const follows = this.#chosen === undefined;
    const text = `step ${count(this.#chosen ?? this.#steps.at(-1))}`;
    setText(this.#label, text);
    this.#slider.setAttribute("aria-valuetext", follows ? `${text}, the newest` : text);
    this.#newest.disabled = follows;
    setText(this.#play, this.#film.plays ? "Pause" : "Play");
  }
}
