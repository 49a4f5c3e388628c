// The files of the page, by the only names that they can be asked for.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** The modules of the page, each a file of its own. */
export const modules = [
  "main",
  "dom",
  "format",
  "protocol",
  "store",
  "theme",
  "run-list",
  "palette",
  "axis",
  "chart",
  "curves",
  "samples",
  "timeline",
  "explorer",
  "explorer-form",
  "explorer-place",
  "latents",
  "controls",
  "plan",
  "steps",
  "tables",
];

/** From packages, as they ship them. */
const shipped: Readonly<Record<string, string>> = {
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
  "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
};

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

export interface Asset {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const own = new Set(["style.css", "icon.svg", ...modules.map((name) => `${name}.js`)]);
const { resolve } = createRequire(import.meta.url);

/** Undefined for every name that the page does not use. */
export async function readAsset(name: string): Promise<Asset | undefined> {
  const path = own.has(name)
    ? pathOf(name)
    : Object.hasOwn(shipped, name)
      ? resolve(shipped[name] as string)
      : undefined;
  if (path === undefined) return undefined;
  return { content: new Uint8Array(await readFile(path)), type: types[extname(name)] as string };
}

/** The page itself, with the token that its requests bring. */
export async function readPage(token: string): Promise<string> {
  return (await readFile(pathOf("index.html"), "utf8")).replace("{{token}}", token);
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`page/${name}`, import.meta.url));
}
