// Figures as files: a picture, twice, and the numbers.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as check from "../check.js";
import { toAnimation, toPng, toSvg } from "../charts.js";
import { refused, showPath, traced, wrongType } from "../errors.js";
import { makeFolders, writeWhole } from "../files.js";
import { reason } from "../reason.js";
import { type AnyFigures, experimentNames, experimentOf } from "./table.js";

/** Absolute paths of what was written. */
export interface Saved {
  /** The figures. */
  readonly json: string;
  /** Their picture. */
  readonly svg: string;
  /** The picture in pixels. */
  readonly png: string;
  /** A WebP that moves, where the experiment has one. */
  readonly animation: string | null;
}

/**
 * Writes figures into a folder, under the experiment's name: `theorem1.json`, `theorem1.svg`,
 * `theorem1.png`, and of Figure 1 `figure1.webp`, which moves. Each file is there whole or not at
 * all. What an earlier run of the same experiment wrote is replaced; everything else in the folder
 * stays.
 *
 * @param figures what an experiment returned, also after JSON.parse
 * @param folder made if it is not there
 * @throws ERR_OUTPUT
 */
export async function save(figures: AnyFigures, folder: check.Path): Promise<Saved> {
  if (!check.isObject(figures)) throw wrongType("what an experiment returned", "figures", figures);
  check.oneOf(figures.experiment, "figures.experiment", experimentNames);
  const place = check.path(folder, "folder");
  return traced(async () => {
    await makeFolder(place, "folder");
    const { draw, frames } = experimentOf(figures);
    const saved = placesOf(figures, place);
    const { json, svg, png, animation } = saved;
    const picture = await toSvg(draw(figures));
    await writeWhole(json, [`${JSON.stringify(figures)}\n`]);
    await writeWhole(svg, [picture]);
    await writeWhole(png, [await toPng(picture)]);
    if (animation !== null && frames !== undefined)
      await writeWhole(animation, [await toAnimation(frames(figures))]);
    return saved;
  });
}

/** @internal Where the figures of an experiment are written to. */
export function placesOf(figures: Pick<AnyFigures, "experiment">, folder: string): Saved {
  const path = (extension: string) => join(resolve(folder), `${figures.experiment}.${extension}`);
  const moves = experimentOf(figures).frames !== undefined;
  const animation = moves ? path("webp") : null;
  return { json: path("json"), svg: path("svg"), png: path("png"), animation };
}

/** @internal Throws ERR_OUTPUT. */
export async function makeFolder(path: string, name: string): Promise<void> {
  try {
    await makeFolders(path);
    await access(path, constants.W_OK);
  } catch (cause) {
    throw refused(
      "ERR_OUTPUT",
      "a folder that can be written",
      name,
      `${showPath(path)} (${reason(cause)})`,
      { cause },
    );
  }
}
