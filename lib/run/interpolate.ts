// From a run folder to the ways between samples: latents, classes and codes that change bit by bit.
import { extname, resolve } from "node:path";
import { isStyled } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange, show, wrongType } from "../errors.js";
import { checkGrid, type Images } from "../images.js";
import { toNumber } from "../number-text.js";
import type { Generator } from "../networks.js";
import { checkTruncationPsi } from "../networks/conditions.js";
import { animated, mostAcross, saveAnimation, thereAndBack } from "./animation.js";
import {
  type GeneratorOrigin,
  type GeneratorRequest,
  loadGenerator,
  type RunGenerator,
} from "./generator.js";
import { checkClass } from "./labels.js";
import { drawPoints, type LatentPoint, type Method, methods } from "./latent-points.js";
import { forFile } from "./out.js";
import { checkOut } from "./own-files.js";
import { type Naming, planTruncationPsi } from "./plan.js";

/** What an interpolation is asked for: from a command line. */
export interface InterpolateRequest extends GeneratorRequest {
  readonly out?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly frames?: unknown;
  readonly rows?: unknown;
  readonly method?: unknown;
  readonly class?: unknown;
  readonly classes?: unknown;
  readonly code?: unknown;
  readonly range?: unknown;
  readonly truncationPsi?: unknown;
}

export const defaultFrames = { strip: 9, animation: 24 } as const;
export const defaultRows = 5;
/** The codes of InfoGAN are drawn from it. */
const defaultRange: readonly [number, number] = [-1, 1];
const fileTypes = [".png", ...animated];

/** What was written. */
export interface Interpolated extends GeneratorOrigin {
  /** Absolute path of the file. */
  readonly path: string;
  readonly frames: number;
  readonly rows: number;
  /** Seed of the first row's first sample. */
  readonly from: number;
  /** Seed of its last; null where a code changes and the noise stays. */
  readonly to: number | null;
  readonly method: Method | null;
  /** The class of each row; null where there are none. */
  readonly classes: readonly number[] | null;
  /** The code that changes; null where the noise does. */
  readonly code: { readonly index: number; readonly range: readonly [number, number] } | null;
  /** How far styles are from their mean; null where as far as in training. */
  readonly truncationPsi: number | null;
}

/** The request, checked as far as it can be without the generator. */
interface Plan {
  readonly out: string;
  readonly moves: boolean;
  readonly frames: number;
  /** Undefined for as many as there are classes. */
  readonly rows: number | undefined;
  readonly from: number;
  readonly to: number | undefined;
  readonly method: Method;
  readonly code: number | undefined;
  readonly range: readonly [number, number];
  readonly truncationPsi: number | undefined;
}

/**
 * Writes the samples on the way between two latents. Row r leads from the sample of seed
 * `from + r` to that of seed `to + r`; with `classes` all rows lead from `from` to `to`, each in
 * its class. With `code` the noise of the first stays and a code changes, the others being 0.
 * Throws TypeError and RangeError for what makes no sense, what loadGenerator() throws, and
 * ERR_OUTPUT.
 */
export async function interpolateRun(
  request: InterpolateRequest,
  naming: Naming<InterpolateRequest>,
  onNote: (sentence: string) => void,
): Promise<Interpolated> {
  const plan = planInterpolation(request, naming);
  await checkOut(plan.out, naming("out"));
  const found = await loadGenerator(request, naming, onNote);
  using generator = found.generator;
  const ways = findWays(plan, found, request.class, naming);
  const images = await drawFrames(generator, ways);
  const { rows, to, labels } = ways;
  await forFile(naming("out"), () =>
    plan.moves
      ? saveAnimation(images, rows, plan.out)
      : images.save(plan.out, { columns: plan.frames }),
  );
  const { preset, averaged, step } = found;
  const { frames, from, method, code, range } = plan;
  return {
    path: resolve(plan.out),
    preset,
    averaged,
    step,
    frames,
    rows,
    from,
    to: code === undefined ? to : null,
    method: code === undefined ? method : null,
    classes: generator.latent.classes === 0 ? null : labels,
    code: code === undefined ? null : { index: code, range },
    truncationPsi: plan.truncationPsi ?? null,
  };
}

function planInterpolation(request: InterpolateRequest, naming: Naming<InterpolateRequest>): Plan {
  const out = check.path(request.out, naming("out"));
  const type = extname(out).toLowerCase();
  if (!fileTypes.includes(type))
    throw wrongType(`a path that ends in ${fileTypes.join(", ")}`, naming("out"), out);
  refuseBoth(request, ["class", "classes"], "the classes", naming);
  refuseBoth(request, ["rows", "classes"], "the rows", naming);
  refuseBoth(request, ["to", "code"], "what changes", naming);
  refuseBoth(request, ["method", "code"], "what changes", naming);
  if (request.range !== undefined && request.code === undefined)
    throw wrongType(`${naming("code")} beside it`, naming("range"), request.range);
  const moves = animated.includes(type);
  const frames = request.frames ?? defaultFrames[moves ? "animation" : "strip"];
  const { to, code, classes, range } = request;
  const asked = check.boolean(classes ?? false, naming("classes"));
  const rows = asked
    ? undefined
    : check.integer(request.rows ?? defaultRows, naming("rows"), 1, 100);
  // The last row's seeds are seeds, too.
  const largest = Number.MAX_SAFE_INTEGER - ((rows ?? 1) - 1);
  const isLast = to !== undefined || code !== undefined;
  const largestFrom = isLast ? largest : largest - (rows ?? 1);
  return {
    out,
    moves,
    frames: check.integer(frames, naming("frames"), 2, 1000),
    rows,
    from: checkSeed(request.from ?? 0, naming("from"), largestFrom),
    to: to === undefined ? undefined : checkSeed(to, naming("to"), largest),
    method: check.oneOf(request.method ?? "spherical", naming("method"), methods),
    code: code === undefined ? undefined : check.integer(code, naming("code"), 0),
    range: range === undefined ? defaultRange : parseRange(range, naming("range")),
    truncationPsi: planTruncationPsi(request.truncationPsi, naming("truncationPsi")),
  };
}

function checkSeed(value: unknown, name: string, largest: number): number {
  return check.integer(check.seed(value, name), name, 0, largest);
}

/** Two options of which each makes the other pointless. */
function refuseBoth(
  request: InterpolateRequest,
  pair: readonly [keyof InterpolateRequest, keyof InterpolateRequest],
  what: string,
  naming: Naming<InterpolateRequest>,
): void {
  if (pair.some((option) => request[option] === undefined)) return;
  const written = pair.map((option) =>
    request[option] === true ? naming(option) : `${naming(option)} ${show(request[option])}`,
  );
  throw wrongType(pair.map(naming).join(" or "), what, written.join(" "));
}

/** `-2,2` */
function parseRange(text: unknown, name: string): readonly [number, number] {
  const parts = typeof text === "string" ? text.split(",") : [];
  const numbers = parts.map((part) => toNumber(part.trim()));
  const [a, b] = numbers;
  if (numbers.length !== 2 || typeof a !== "number" || typeof b !== "number")
    throw wrongType("two numbers, a,b,", name, text);
  if (![a, b].every(check.isFinite32)) throw wrongType("two finite float32, a,b,", name, text);
  return [a, b];
}

function checkCode(code: number | undefined, codes: number, name: string): void {
  if (code === undefined) return;
  if (codes === 0) throw wrongType("nothing (the generator has no codes)", name, code);
  check.integer(code, name, 0, codes - 1);
}

/** What there is to draw, once the generator is known. */
interface Ways extends Plan {
  readonly rows: number;
  readonly to: number;
  /** How far the seeds of a row are from those of the row before. */
  readonly apart: number;
  /** Class of each row, where there are classes. */
  readonly labels: readonly number[];
}

/** Checks what was planned against the generator, and finds the ways. */
function findWays(
  plan: Plan,
  { generator, classNames }: RunGenerator,
  asked: unknown,
  naming: Naming<InterpolateRequest>,
): Ways {
  checkTruncationPsi(plan.truncationPsi, isStyled(generator.resolved), naming("truncationPsi"));
  const { classes, codes } = generator.latent;
  const only = checkClass(asked, { classes, classNames }, naming("class"));
  if (plan.rows === undefined && classes === 0)
    throw wrongType("nothing (the generator has no classes)", naming("classes"), true);
  checkCode(plan.code, codes, naming("code"));
  const rows = plan.rows ?? classes;
  const ofRows = naming(plan.rows === undefined ? "classes" : "rows");
  checkSize({ ...plan, rows }, generator.image, { rows: ofRows, frames: naming("frames") });
  // The classes are shown on the same way; other rows have one of their own.
  const apart = plan.rows === undefined ? 0 : 1;
  const to = plan.to ?? plan.from + Math.max(1, apart * rows);
  const labels = Array.from({ length: rows }, (_, row) => only ?? row % classes);
  return { ...plan, rows, to, apart, labels };
}

/** Checks that what is to be drawn will not be too large for its file. */
function checkSize(
  { out, moves, rows, frames }: Pick<Ways, "out" | "moves" | "rows" | "frames">,
  image: readonly number[],
  names: { readonly rows: string; readonly frames: string },
): void {
  const most = moves ? mostAcross(out, image[2] as number) : rows;
  if (rows > most) {
    const what = `at most ${most} rows of this width, which a ${extname(out)} has side by side,`;
    throw outOfRange(what, names.rows, rows);
  }
  const grid = moves ? { columns: rows, padding: 0 } : { columns: frames };
  const count = rows * (moves ? thereAndBack(frames) : frames);
  checkGrid({ count, image }, grid, { name: names.frames, value: frames });
}

/** All samples: for a strip row by row, for an animation frame by frame. */
function drawFrames(generator: Generator, ways: Ways): Promise<Images> {
  const { rows, frames, moves, method, truncationPsi } = ways;
  const points = Array.from({ length: rows * frames }, (_, i) =>
    moves
      ? pointOf(generator, ways, i % rows, Math.floor(i / rows))
      : pointOf(generator, ways, Math.floor(i / frames), i % frames),
  );
  return drawPoints(generator, { points, method, truncationPsi });
}

function pointOf(generator: Generator, ways: Ways, row: number, frame: number): LatentPoint {
  const { classes, codes: width } = generator.latent;
  const { from, to, apart, frames, labels, code, range } = ways;
  const t = frame / (frames - 1);
  const value = range[0] * (1 - t) + range[1] * t;
  const ends = { from: from + row * apart, to: to + row * apart, t };
  return {
    // Where a code changes the noise stays.
    ...(code === undefined ? ends : { from: ends.from }),
    label: classes === 0 ? undefined : labels[row],
    codes:
      width === 0
        ? undefined
        : Array.from({ length: width }, (_, index) => (index === code ? value : 0)),
  };
}
