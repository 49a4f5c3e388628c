// Statistics that grow: each byte read once, curves that stay small, nothing told twice.
import { appendFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Curve, mostRows } from "../../lib/dashboard/curve.js";
import { type CurveRow, series } from "../../lib/dashboard/page/protocol.js";
import { Tail } from "../../lib/dashboard/tail.js";
import { type SeenTicks, Ticks } from "../../lib/dashboard/ticks.js";
import { line } from "../helpers/dashboard.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (name: string) => join(folder.path, name);
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const point = (step: number, value: number | null) => ({
  step,
  seconds: step / 2,
  values: [value],
});

/** What a reader has that takes every news of a curve. */
function reader(curve: Curve) {
  let rows: CurveRow[] = [];
  let seen: Parameters<Curve["since"]>[0];
  let told = 0;
  return {
    look() {
      const news = curve.since(seen);
      if (news === undefined) return;
      told += news.rows.length;
      rows = [...rows.slice(0, news.from), ...news.rows];
      seen = news.seen;
    },
    rows: () => rows,
    told: () => told,
  };
}

describe("Curve", () => {
  it("knows the time of a row whose last tick has none", () => {
    const curve = new Curve();
    for (let i = 0; i <= mostRows; ++i)
      curve.add({ ...point(i, i), seconds: i % 2 === 0 ? i : null });
    // Rows of two ticks; the last has one so far.
    const rows = curve.since(undefined)?.rows ?? [];
    expect(rows.slice(0, 3).map(([step, seconds]) => [step, seconds])).toEqual([
      [1, 0],
      [3, 2],
      [5, 4],
    ]);
  });

  it("is the ticks themselves while they are few", () => {
    const curve = new Curve();
    curve.add(point(10, 0.123456789));
    curve.add(point(20, null));
    expect(curve.since(undefined)?.rows).toEqual([
      [10, 5, 0.12346],
      [20, 10, null],
    ]);
    expect(curve.perRow).toBe(1);
  });

  it("stays small, and keeps mean, least and greatest of 100,000 ticks", () => {
    const curve = new Curve();
    const values = Array.from(
      { length: 100_000 },
      (_, i) => Math.sin(i / 3000) + (i === 77_777 ? 50 : 0),
    );
    for (const [i, value] of values.entries()) curve.add(point(i + 1, value));
    const { rows } = curve.since(undefined) ?? { rows: [] };
    expect(rows.length).toBeLessThanOrEqual(mostRows);
    expect(rows.length).toBeGreaterThanOrEqual(mostRows / 2 - 1);
    expect(curve.perRow).toBe(256);
    expect(rows.at(-1)?.slice(0, 2)).toEqual([100_000, 50_000]);
    let start = 0;
    for (const [step, , mean, least, greatest] of rows as [
      number,
      number,
      number,
      number,
      number,
    ][]) {
      const part = values.slice(start, step);
      expect(mean).toBeCloseTo(part.reduce((sum, one) => sum + one, 0) / part.length, 3);
      expect(least).toBeCloseTo(Math.min(...part), 3);
      expect(greatest).toBeCloseTo(Math.max(...part), 3);
      start = step;
    }
    expect(start).toBe(values.length);
    // The one tick out of 256 that stood out still does.
    expect(Math.max(...rows.map((row) => row[4] as number))).toBeGreaterThan(49);
  });

  it("tells a reader what is new and no more, and leads it to what another reads at once", () => {
    const curve = new Curve();
    const live = reader(curve);
    for (let i = 1; i <= 20_000; ++i) {
      curve.add(point(i, i % 7));
      if (i % 10 === 0) live.look();
    }
    const late = reader(curve);
    late.look();
    expect(live.rows()).toEqual(late.rows());
    // 2,000 looks: a row or two each, and the whole again after each of the seven times that buckets were joined.
    expect(live.told()).toBeLessThan(2 * 2000 + 10 * mostRows);
    const before = live.told();
    live.look();
    expect(live.told()).toBe(before);
  });

  it("passes over what is no number, within a bucket too", () => {
    const curve = new Curve();
    for (let i = 0; i <= mostRows; ++i)
      curve.add(point(i, i === 1 ? Number.NaN : i === 2 || i === 3 ? null : 4));
    const { rows } = curve.since(undefined) ?? { rows: [] };
    expect(rows.slice(0, 2)).toEqual([
      [1, 0.5, 4, 4, 4],
      [3, 1.5, null, null, null],
    ]);
  });
});

describe("Tail", () => {
  function follow(path: string) {
    const lines: string[] = [];
    const events: string[] = [];
    const tail = new Tail(path, {
      line: (text) => lines.push(text),
      again: () => events.push("again"),
      tooLong: () => events.push("too long"),
    });
    return { tail, lines, events };
  }

  it("reads lines as they are finished, also one that is cut within a letter", async () => {
    const { tail, lines } = follow(at("growing"));
    await tail.read();
    await writeFile(at("growing"), "one\ntw");
    await tail.read();
    expect(lines).toEqual(["one"]);
    const letters = Buffer.from("ö\nthree\n");
    await appendFile(at("growing"), letters.subarray(0, 1));
    await tail.read();
    await appendFile(at("growing"), letters.subarray(1));
    await tail.read();
    await tail.read();
    expect(lines).toEqual(["one", "twö", "three"]);
  });

  it("begins again where the file is another, or shorter", async () => {
    const { tail, lines, events } = follow(at("replaced"));
    await writeFile(at("replaced"), "1\n2\n3\n");
    await tail.read();
    await writeFile(at("new"), "1\n2\n3\n4\n");
    await rename(at("new"), at("replaced"));
    await tail.read();
    await writeFile(at("replaced"), "1\n");
    await tail.read();
    expect(events).toEqual(["again", "again"]);
    expect(lines.join("")).toBe("12312341");
  });

  it("passes over a line without end, and goes on after it", async () => {
    const { tail, lines, events } = follow(at("long"));
    await writeFile(at("long"), `a\n${"x".repeat(3_000_000)}`);
    await tail.read();
    await appendFile(at("long"), "x\nb\n");
    await tail.read();
    expect(lines).toEqual(["a", "b"]);
    expect(events).toEqual(["too long"]);
  });

  it("takes a line of a mebibyte, and none of a byte more", async () => {
    const { tail, lines, events } = follow(at("limit"));
    const longest = 1024 * 1024;
    await writeFile(at("limit"), "x".repeat(longest));
    await tail.read();
    await appendFile(at("limit"), `\n${"y".repeat(longest + 1)}`);
    await tail.read();
    await appendFile(at("limit"), "\nz\n");
    await tail.read();
    expect(lines.map((line) => line.length)).toEqual([longest, 1]);
    expect(events).toEqual(["too long"]);
  });

  it("follows no link", async () => {
    const { tail, lines } = follow(at("link"));
    await writeFile(at("secret"), "secret\n");
    await symlink(at("secret"), at("link"));
    await tail.read();
    expect(lines).toEqual([]);
  });
});

describe("Ticks", () => {
  it("reads 100,000 lines of a run that goes on", async () => {
    const text = Array.from({ length: 100_000 }, (_, i) => line(i + 1)).join("");
    await writeFile(at("stats"), text);
    const ticks = new Ticks(at("stats"));
    await ticks.read();
    const first = ticks.news("run", undefined);
    expect(first?.news).toMatchObject({ run: "run", from: 0, ticks: 100_000, perRow: 256 });
    await appendFile(at("stats"), line(100_001));
    await ticks.read();
    const second = ticks.news("run", first?.seen);
    expect(second?.news.rows.length).toBeLessThanOrEqual(2);
    expect(second?.news.ticks).toBe(100_001);
    expect(ticks.news("run", second?.seen)).toBeUndefined();
  });

  it("begins anew with another file of the name, without what it said of the one before", async () => {
    await writeFile(at("before"), `${line(10, { warnings: ["saturated"] })}half\n`);
    const ticks = new Ticks(at("before"));
    await ticks.read();
    const first = ticks.news("run", undefined);
    expect(first?.news).toMatchObject({ ticks: 1, problems: [expect.stringContaining("1 line")] });
    await writeFile(at("after"), line(10));
    await rename(at("after"), at("before"));
    await ticks.read();
    expect(ticks.news("run", first?.seen)?.news).toMatchObject({
      ...{ from: 0, ticks: 1, warnings: [], problems: [] },
    });
  });

  it("knows each series by its place", async () => {
    await writeFile(at("one"), line(3));
    const ticks = new Ticks(at("one"));
    await ticks.read();
    const [row] = ticks.news("run", undefined)?.news.rows ?? [];
    const named = Object.fromEntries(series.map((name, i) => [name, row?.[i + 2]]));
    expect(named).toEqual({
      ...{ generatorLoss: -3, discriminatorLoss: 4, realAccuracy: 0.75, fakeAccuracy: 0.5 },
      ...{ realScore: 0.6, fakeScore: 0.4 },
      ...{
        generatorGradientNorm: 2,
        discriminatorGradientNorm: 3,
        diversity: 0.25,
        augmentProbability: 0.125,
        imagesPerSecond: 640,
      },
      // Of another objective.
      ...{ convergence: null, balance: null, meanPathLength: null },
      ...{ generatorPenalty: null, discriminatorPenalty: null },
      // Of an older version.
      ...{ generatorLearningRate: null, discriminatorLearningRate: null },
    });
  });

  it("tells of warnings, and of lines that are no tick, and goes on after them", async () => {
    const cut = line(20).slice(0, 60);
    const saturated = { warnings: ["saturated"] };
    const others = `${cut}\nnull\n[1]\n{"step":"x"}\n`;
    await writeFile(
      at("mixed"),
      line(10, saturated) + others + line(30, saturated) + line(40, { health: null }),
    );
    const ticks = new Ticks(at("mixed"));
    await ticks.read();
    const { news, seen } = ticks.news("run", undefined) as { news: unknown; seen: SeenTicks };
    expect(news).toMatchObject({
      ticks: 3,
      warnings: [{ warning: "saturated", firstStep: 10, lastStep: 30, ticks: 2 }],
      problems: ["Left out 4 lines of stats.jsonl that are no tick."],
    });
    await appendFile(at("mixed"), "}\n");
    await ticks.read();
    expect(ticks.news("run", seen)?.news).toMatchObject({
      from: 3,
      rows: [],
      problems: ["Left out 5 lines of stats.jsonl that are no tick."],
    });
  });
});
