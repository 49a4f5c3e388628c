#!/usr/bin/env node
// `npm run docs:guides`: follows the guides in an empty project, and puts into them what the
// commands printed and drew.
//   npm run docs:guides -- first-run health     only these
//   npm run docs:guides -- walkthrough          from a clone of what is committed, packed and installed
// test/guides.test.ts does the same with a fiftieth of the steps, and compares.
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { takePhotos } from "./guides/camera.mjs";
import { follow, listGuides, makeProject } from "./guides/follow.mjs";

/** A picture of a page is the file of that name that following it left in the project. */
async function takePictures(path, text, folder) {
  for (const [, picture] of text.matchAll(/"([^"]*images\/(?:guides|walkthrough)\/[^"]+)"/g)) {
    const made = join(folder, basename(picture));
    if (!existsSync(made)) continue;
    const to = join(dirname(path), picture);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(made, to);
    console.log(`# ${basename(picture)}`);
  }
}

const named = process.argv.slice(2);
for (const path of await listGuides()) {
  const name = basename(path, ".md");
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`# ${name}`);
  const text = await readFile(path, "utf8");
  const project = await makeProject({ packed: name === "walkthrough" });
  const look = (between, address) => takePhotos(between, address, project.folder);
  try {
    const followed = await follow(text, project.folder, { say: console.log, look });
    await takePictures(path, text, project.folder);
    await writeFile(path, followed.text);
    for (const { command, code, fails } of followed.ran) {
      if ((code !== 0) === fails) continue;
      const expected = fails ? "another code than 0" : 0;
      console.error(`Expected ${expected} of ${command} but received ${code}`);
      process.exitCode = 1;
    }
  } finally {
    await project.remove();
  }
}
