// What the page knows, and who wants to hear of it.
import {
  type CurveNews,
  type CurveRow,
  mostFollowed,
  type Raised,
  type RunCard,
} from "./protocol.js";

/** A run's curve so far. */
export interface CurveView {
  readonly rows: CurveRow[];
  readonly ticks: number;
  readonly perRow: number;
  readonly warnings: readonly Raised[];
  readonly problems: readonly string[];
}

type Topic = "runs" | "shown" | "curves" | "link";
/** `gone`: the server does not answer. */
export type Link = "connecting" | "live" | "gone";

const listeners: { topic: Topic; call: () => void }[] = [];
const curves = new Map<string, CurveView>();
let runs: readonly RunCard[] = [];
let shown: readonly string[] = idsOf(location.search);
let link: Link = "connecting";
let news: EventSource | undefined;

export const allRuns = (): readonly RunCard[] => runs;
export const shownIds = (): readonly string[] => shown;
export const curveOf = (id: string): CurveView | undefined => curves.get(id);
export const linkState = (): Link => link;

/** The runs, of those shown, whose curves are followed. */
export const followedIds = (): readonly string[] => shown.slice(0, mostFollowed);

/** The runs that are shown and there, in the order of their choice. */
export function shownRuns(): RunCard[] {
  return shown.flatMap((id) => runs.find((run) => run.id === id) ?? []);
}

/** Calls back now and whenever one of these changes. */
export function on(topics: readonly Topic[], call: () => void): void {
  for (const topic of topics) listeners.push({ topic, call });
  call();
}

/** Chooses which runs are shown; the address keeps it. */
export function show(ids: readonly string[]): void {
  shown = ids;
  const query = new URLSearchParams(ids.map((id) => ["run", id]));
  history.replaceState(
    null,
    "",
    `${location.pathname}${query.size > 0 ? `?${query}` : ""}${location.hash}`,
  );
  connect();
  tell("shown");
}

/**
 * Follows the server, as long as somebody may look: a browser has six connections to a server for
 * all its pages, and pages that are hidden would keep them. Called again whenever other runs are
 * shown, or the page is shown or hidden.
 */
export function connect(): void {
  news?.close();
  if (document.hidden) return;
  // A new stream has told nothing yet: it begins with all rows of each curve.
  const query = new URLSearchParams(followedIds().map((id) => ["run", id]));
  news = new EventSource(`/api/live?${query}`);
  news.addEventListener("open", () => setLink("live"));
  news.addEventListener("error", () => setLink("gone"));
  news.addEventListener("runs", ({ data }) => takeRuns(JSON.parse(data).runs));
  news.addEventListener("ticks", ({ data }) => takeTicks(JSON.parse(data)));
}

function takeRuns(list: readonly RunCard[]): void {
  runs = list;
  setLink("live");
  tell("runs");
  // A stranger sees the newest run, not an empty page.
  if (shown.length === 0 && list[0] !== undefined) show([list[0].id]);
}

function takeTicks({ run, from, rows, ...rest }: CurveNews): void {
  const before = curves.get(run)?.rows ?? [];
  curves.set(run, { ...rest, rows: [...before.slice(0, from), ...rows] });
  tell("curves");
}

function setLink(state: Link): void {
  if (link === state) return;
  link = state;
  tell("link");
}

function tell(topic: Topic): void {
  for (const one of listeners) if (one.topic === topic) one.call();
}

function idsOf(query: string): string[] {
  return [...new Set(new URLSearchParams(query).getAll("run"))];
}
