// A checkpoint that is good, and places for others.
import { afterAll } from "vitest";
import { makeFolder } from "./folder.js";
import { labelledImages, losses, tinyTrainer } from "./training.js";

/** A path where nothing is yet, in a folder that is removed after the tests of a file. */
export async function freshPaths() {
  const folder = await makeFolder();
  afterAll(() => folder.remove());
  let count = 0;
  return () => `${folder.path}/${++count}`;
}

/** The checkpoint, at that path, of a trainer with an average after three steps. */
export async function saveGood(path: string): Promise<string> {
  const trainer = tinyTrainer({ ema: { decay: 0.9 } });
  await losses(trainer, await labelledImages(32));
  await trainer.save(path);
  return path;
}
