// The statistics of one run, followed: curves, warnings, and what could not be read.
import { isObject } from "../check.js";
import { parseLine } from "../run/json-lines.js";
import { Curve, type NewRows, type Seen } from "./curve.js";
import { type CurveNews, type Raised, series } from "./page/protocol.js";
import { Tail } from "./tail.js";

/** What a reader has seen. */
export type SeenTicks = Seen & { readonly ticks: number; readonly unreadable: number };

export class Ticks {
  readonly #curve = new Curve();
  readonly #raised = new Map<string, Raised>();
  readonly #tail: Tail;
  #unreadable = 0;
  #reading: Promise<void> | undefined;

  /** @param path of a stats.jsonl, there or not */
  constructor(path: string) {
    this.#tail = new Tail(path, {
      line: (text) => this.#add(text),
      again: () => this.#clear(),
      tooLong: () => {
        this.#unreadable += 1;
      },
    });
  }

  /** Reads what is new; two callers at a time share one reading. */
  read(): Promise<void> {
    this.#reading ??= this.#tail.read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** What is new to a reader; undefined if nothing is. */
  news(run: string, seen: SeenTicks | undefined): { news: CurveNews; seen: SeenTicks } | undefined {
    const found: NewRows | undefined = this.#curve.since(seen);
    if (found === undefined && seen?.unreadable === this.#unreadable) return undefined;
    const rows = found ?? { from: seen?.rows ?? 0, rows: [], seen: seen as SeenTicks };
    const { ticks, perRow } = this.#curve;
    return {
      news: {
        run,
        from: rows.from,
        rows: rows.rows,
        ticks,
        perRow,
        warnings: [...this.#raised.values()],
        problems: this.#problems(),
      },
      seen: { ...rows.seen, unreadable: this.#unreadable },
    };
  }

  #problems(): string[] {
    if (this.#unreadable === 0) return [];
    const lines = this.#unreadable === 1 ? "1 line" : `${this.#unreadable} lines`;
    return [
      `Left out ${lines} of stats.jsonl that ${this.#unreadable === 1 ? "is" : "are"} no tick.`,
    ];
  }

  #clear(): void {
    this.#curve.clear();
    this.#raised.clear();
    this.#unreadable = 0;
  }

  #add(text: string): void {
    const tick = parseTick(text);
    if (tick === undefined) {
      this.#unreadable += 1;
      return;
    }
    const { step, seconds, values, warnings } = tick;
    this.#curve.add({ step, seconds, values });
    for (const warning of warnings) {
      const { firstStep, ticks } = this.#raised.get(warning) ?? { firstStep: step, ticks: 0 };
      this.#raised.set(warning, { warning, firstStep, lastStep: step, ticks: ticks + 1 });
    }
  }
}

export interface ParsedTick {
  readonly step: number;
  readonly seconds: number | null;
  /** A value for each of `series`, in its order. */
  readonly values: readonly (number | null)[];
  readonly warnings: readonly string[];
}

/**
 * The tick in a line of stats.jsonl; undefined where there is none, as in one that was cut short.
 */
export function parseTick(text: string): ParsedTick | undefined {
  const tick = parseLine(text);
  if (tick === undefined || !Number.isSafeInteger(tick.step)) return undefined;
  const health = isObject(tick.health) ? tick.health : {};
  const raised = Array.isArray(tick.warnings) ? tick.warnings : [];
  return {
    step: tick.step as number,
    seconds: toNumber(tick.seconds),
    values: series.map((name) => toNumber(tick[name] ?? health[name])),
    warnings: raised.filter((one) => typeof one === "string").map((one) => one.slice(0, 80)),
  };
}

function toNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
