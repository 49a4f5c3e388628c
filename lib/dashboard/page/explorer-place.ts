// Where the explorer stands in the latent space, and the ways that lead away from there.
import { plain } from "./format.js";
import type { ExploreRequest, LatentPoint, RunCard, RunPlanView } from "./protocol.js";

/** Where the explorer stands. */
export interface ExplorerPlace {
  run: RunCard;
  plan: RunPlanView;
  step: number | null;
  raw: boolean;
  method: "spherical" | "linear";
  from: number;
  to: number;
  t: number;
  label: number;
  codes: number[];
  /** How far styles are from their mean, where there are styles. */
  psi: number;
}

/** A row of samples that lead somewhere: each is a point, and what choosing it changes. */
export interface Way {
  readonly title: string;
  readonly stops: readonly {
    readonly name: string;
    /** What stands below its picture. */
    readonly caption?: string | undefined;
    readonly point: LatentPoint;
    readonly go: Partial<ExplorerPlace>;
  }[];
}

const framesOfWay = 9;
const seedsShown = 12;
const classesShown = 24;
const codeStops = [-2, -1, -0.5, 0, 0.5, 1, 2];

/** Where the explorer begins in a run. */
export function startOf(run: RunCard, plan: RunPlanView): ExplorerPlace {
  return {
    run,
    plan,
    step: null,
    raw: false,
    method: "spherical",
    from: 0,
    to: 1,
    t: 0,
    label: 0,
    codes: new Array<number>(plan.latent.codes).fill(0),
    psi: 1,
  };
}

export function pointOf({ plan, from, to, t, label, codes }: ExplorerPlace): LatentPoint {
  return {
    from,
    to,
    t,
    ...(plan.latent.classes > 0 ? { label } : {}),
    ...(plan.latent.codes > 0 ? { codes } : {}),
  };
}

export function requestOf(
  { run, plan, step, raw, method, psi }: ExplorerPlace,
  points: readonly LatentPoint[],
): ExploreRequest {
  const styles = plan.styled ? { truncationPsi: psi } : {};
  return { run: run.id, step, raw, method, points, ...styles };
}

export function waysOf(at: ExplorerPlace): Way[] {
  const here = pointOf(at);
  const { classes, codes } = at.plan.latent;
  const stops = (changes: readonly (readonly [name: string, go: Partial<ExplorerPlace>])[]) =>
    changes.map(([name, go]) => ({ name, go, point: pointOf({ ...at, ...go }) }));
  const times = Array.from({ length: framesOfWay }, (_, i) => i / (framesOfWay - 1));
  const seeds = Array.from({ length: seedsShown }, (_, i) => at.from + i);
  const labels = Array.from({ length: Math.min(classes, classesShown) }, (_, i) => i);
  const named = stops(labels.map((label) => [className(at.plan, label), { label }])).map(
    (stop, label) => ({ ...stop, caption: at.plan.classNames?.[label] }),
  );
  return [
    {
      title: `From seed ${at.from} to seed ${at.to}`,
      stops: stops(times.map((t) => [`${Math.round(100 * t)} % of the way`, { t }])),
    },
    ...(classes > 0 ? [{ title: "Classes", stops: named }] : []),
    ...(here.codes ?? []).slice(0, codes).map((_, k) => ({
      title: `Code ${k + 1}, from −2 to 2`,
      stops: stops(
        codeStops.map((value) => [
          `code ${k + 1} at ${plain(value)}`,
          { codes: at.codes.with(k, value) },
        ]),
      ),
    })),
    { title: "Other seeds", stops: stops(seeds.map((from) => [`seed ${from}`, { from, t: 0 }])) },
  ];
}

/** A class as a reader knows it: by its name where the data gave it one. */
function className({ classNames }: RunPlanView, label: number): string {
  return classNames?.[label] ?? `class ${label}`;
}

/** The sample in words. */
export function describePlace({ plan, from, to, t, label, psi }: ExplorerPlace): string {
  const way = t > 0 ? `, ${Math.round(100 * t)} % on the way to seed ${to}` : "";
  const kind = plan.latent.classes > 0 ? `, ${className(plan, label)}` : "";
  const near = psi < 1 ? `, truncation psi ${psi}` : "";
  return `Sample of seed ${from}${way}${kind}${near}`;
}
