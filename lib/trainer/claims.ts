// Which of its runs a trainer works for: one at a time.
import { refused } from "../errors.js";

/** A run's claim on its trainer. */
export class Claim {
  /** Steps of this run that are done. */
  done = 0;
  /** Steps that it is to do; 0 until it begins. */
  steps = 0;
  /** `training`: it was asked for a tick that has not come yet. */
  state: "not begun" | "training" | "at a tick" | "replaced by another" | "ended" = "not begun";
  /** Its user wants no more ticks. */
  isLeft = false;

  /** Stops the steps under way, those of this run alone. */
  leave(stop: () => void): void {
    this.isLeft = true;
    if (this.state === "training") stop();
  }
}

/** The claims on a trainer. A run that waits at a tick, perhaps for ever, gives way to the next. */
export class Claims {
  #latest: Claim | undefined;
  #change: Promise<void> | undefined;

  /** Throws ERR_BUSY while steps are under way. */
  expectIdle(call: string): void {
    if (this.#latest?.state === "training")
      throw refused("ERR_BUSY", "an idle trainer", call, "one that is running");
  }

  /** Throws ERR_BUSY while steps of another are under way. */
  begin(claim: Claim): void {
    this.expectIdle("run()");
    const before = this.#latest;
    if (before?.state === "at a tick") before.state = "replaced by another";
    this.#latest = claim;
    claim.state = "training";
  }

  /** Waits at a tick, for its user. */
  park(claim: Claim): void {
    claim.state = "at a tick";
  }

  /** Goes on from a tick. Throws ERR_BUSY where another run has begun since. */
  resume(claim: Claim): void {
    if (claim !== this.#latest)
      throw refused("ERR_BUSY", "the trainer's latest run", "next()", "one before it");
    claim.state = "training";
  }

  /** Changes the trainer between two steps, after the change before this one. Throws ERR_BUSY. */
  async change(call: string, work: () => Promise<void>): Promise<void> {
    this.expectIdle(call);
    const before = this.#change;
    const mine = (async () => {
      await before?.catch(() => {});
      await work();
    })();
    this.#change = mine;
    try {
      await mine;
    } finally {
      if (this.#change === mine) this.#change = undefined;
    }
  }

  /** Whether a change is under way, which the next step has to wait for. */
  get isChanging(): boolean {
    return this.#change !== undefined;
  }

  /** Returns after the change, whatever it ended in: that is for whoever asked for it. */
  async settle(): Promise<void> {
    while (this.#change !== undefined) await this.#change.catch(() => {});
  }

  /** True where no other run has begun since. */
  end(claim: Claim): boolean {
    claim.state = "ended";
    return claim === this.#latest;
  }
}
