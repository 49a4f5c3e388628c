// Which of its runs a trainer works for: one at a time.
import { refused } from "../errors.js";

/** A run's claim on its trainer. */
export class Claim {
  /** It was asked for a tick that has not come yet. */
  isBusy = false;
  /** Its user wants no more ticks. */
  isLeft = false;

  /** Stops the steps under way, those of this run alone. */
  leave(stop: () => void): void {
    this.isLeft = true;
    if (this.isBusy) stop();
  }
}

/** The claims on a trainer. A run that waits at a tick, perhaps for ever, gives way to the next. */
export class Claims {
  #latest: Claim | undefined;

  /** Throws ERR_BUSY while steps of another are under way. */
  begin(claim: Claim): void {
    if (this.#latest?.isBusy === true)
      throw refused("ERR_BUSY", "an idle trainer", "run()", "one that is running");
    this.#latest = claim;
    claim.isBusy = true;
  }

  /** Waits at a tick, for its user. */
  park(claim: Claim): void {
    claim.isBusy = false;
  }

  /** Goes on from a tick. Throws ERR_BUSY where another run has begun since. */
  resume(claim: Claim): void {
    if (claim !== this.#latest)
      throw refused("ERR_BUSY", "the trainer's latest run", "next()", "one before it");
    claim.isBusy = true;
  }

  /** True where no other run has begun since. */
  end(claim: Claim): boolean {
    claim.isBusy = false;
    return claim === this.#latest;
  }
}
