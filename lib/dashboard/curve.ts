// A run's statistics as curves that never grow: buckets of ticks with mean, least and greatest,
// made twice as wide whenever they are too many. A bucket still shows the extent of what it hides
// (min-max decimation, as in M4, Jugel et al. 2014).
import type { CurveRow } from "./page/protocol.js";

/** Never more buckets than this, and never less than half of it once there were so many. */
export const mostRows = 512;

/** One tick: what the axes need, and a value or null for each series. */
export interface CurvePoint {
  readonly step: number;
  readonly seconds: number | null;
  readonly values: readonly (number | null)[];
}

interface Figure {
  readonly sum: number;
  readonly count: number;
  readonly least: number;
  readonly greatest: number;
}

interface Bucket {
  readonly step: number;
  readonly seconds: number | null;
  readonly ticks: number;
  readonly figures: readonly Figure[];
}

/** What a reader has seen of a curve. */
export interface Seen {
  readonly edition: number;
  readonly rows: number;
}

export class Curve {
  #buckets: Bucket[] = [];
  #perRow = 1;
  #ticks = 0;
  /** Changes whenever rows that a reader has are no longer true. */
  #edition = 0;

  get ticks(): number {
    return this.#ticks;
  }

  /** Ticks that a full bucket holds: a power of two. */
  get perRow(): number {
    return this.#perRow;
  }

  add({ step, seconds, values }: CurvePoint): void {
    const tick: Bucket = { step, seconds, ticks: 1, figures: values.map(toFigure) };
    const last = this.#buckets.at(-1);
    this.#ticks += 1;
    if (last !== undefined && last.ticks < this.#perRow) {
      this.#buckets[this.#buckets.length - 1] = merge(last, tick);
      return;
    }
    if (this.#buckets.length === mostRows) this.#halve();
    this.#buckets.push(tick);
  }

  /** Forgets everything: the statistics begin again. */
  clear(): void {
    this.#buckets = [];
    this.#perRow = 1;
    this.#ticks = 0;
    this.#edition += 1;
  }

  /** What a reader has not seen yet, the last bucket once more if it is fuller; or undefined. */
  since(seen: (Seen & { readonly ticks: number }) | undefined): NewRows | undefined {
    const same = seen?.edition === this.#edition;
    if (same && seen.ticks === this.#ticks) return undefined;
    const from = same ? Math.max(0, seen.rows - 1) : 0;
    return {
      from,
      rows: this.#buckets.slice(from).map(toRow),
      seen: { edition: this.#edition, rows: this.#buckets.length, ticks: this.#ticks },
    };
  }

  #halve(): void {
    const pairs = this.#buckets.length / 2;
    this.#buckets = Array.from({ length: pairs }, (_, i) =>
      merge(this.#buckets[2 * i] as Bucket, this.#buckets[2 * i + 1] as Bucket),
    );
    this.#perRow *= 2;
    this.#edition += 1;
  }
}

/** Rows that are new, where they begin, and what the reader has seen then. */
export interface NewRows {
  readonly from: number;
  readonly rows: readonly CurveRow[];
  readonly seen: Seen & { readonly ticks: number };
}

function toFigure(value: number | null): Figure {
  return value === null || !Number.isFinite(value)
    ? { sum: 0, count: 0, least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY }
    : { sum: value, count: 1, least: value, greatest: value };
}

/** @param b the later of the two */
function merge(a: Bucket, b: Bucket): Bucket {
  return {
    step: b.step,
    seconds: b.seconds ?? a.seconds,
    ticks: a.ticks + b.ticks,
    figures: a.figures.map((one, i) => {
      const other = b.figures[i] as Figure;
      return {
        sum: one.sum + other.sum,
        count: one.count + other.count,
        least: Math.min(one.least, other.least),
        greatest: Math.max(one.greatest, other.greatest),
      };
    }),
  };
}

function toRow({ step, seconds, ticks, figures }: Bucket): CurveRow {
  const each = (figure: Figure) =>
    figure.count === 0
      ? [null, null, null]
      : [figure.sum / figure.count, figure.least, figure.greatest].map(shorten);
  const values = figures.flatMap((figure) =>
    ticks === 1 ? each(figure).slice(0, 1) : each(figure),
  );
  return [step, seconds, ...values];
}

/** More digits than a screen has pixels. */
function shorten(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}
