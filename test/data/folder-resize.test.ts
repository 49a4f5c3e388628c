// Folders of images whose pictures have to be resized: what torchvision makes of them.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../helpers/folder.js";
import { differences, type Judged } from "../helpers/judged.js";
import { referee } from "../helpers/referee.js";

let temporary: { readonly path: string; remove(): Promise<void> };
let root: string;
beforeEach(async () => {
  temporary = await makeFolder();
});
afterEach(() => temporary.remove());

describe("resizing", () => {
  it("is near torchvision's CenterCrop and Resize, with antialiasing", async () => {
    const { value } = await referee<Judged[]>("resized", "datasets.py", ["resized"]);
    expect(value).toHaveLength(10);
    for (const judged of value) {
      // Enlarged images lie half a pixel beside torchvision's, and this scene is steep. By 4 and 8 libvips takes means of
      // whole blocks first.
      const [most, mostOnAverage] = judged.name.startsWith("enlarged")
        ? [50, 13]
        : judged.name.includes("rough")
          ? [10, 2]
          : [3, 1];
      const crop = judged.name.endsWith("squeezed") ? "none" : "center";
      root = join(temporary.path, judged.name);
      const renamed = { ...judged, name: `${judged.name}.png` };
      const { worst, mean } = await differences(root, renamed, { size: 16, crop });
      expect([judged.name, worst <= most || worst]).toEqual([judged.name, true]);
      expect([judged.name, mean < mostOnAverage || mean]).toEqual([judged.name, true]);
    }
  });

  it("is near them for oblong images, height first, also where EXIF turns them", async () => {
    const { value } = await referee<Judged[]>("oblong", "datasets.py", ["oblong"]);
    expect(value).toHaveLength(28);
    for (const judged of value) {
      const [width, height] = judged.size;
      // Nothing is resized where they fit.
      const fits = [`${width}x${height}`, `${height}x${width} turned JPEG`, "small jpeg"];
      const most = fits.some((name) => judged.name.startsWith(`${name} to`)) ? 0 : 4;
      const crop = judged.name.includes("squeezed") ? "none" : "center";
      root = join(temporary.path, judged.name);
      const renamed = { ...judged, name: "a.png" };
      const { worst, mean } = await differences(root, renamed, { size: [height, width], crop });
      expect([judged.name, worst <= most || worst]).toEqual([judged.name, true]);
      expect([judged.name, mean < 1 || mean]).toEqual([judged.name, true]);
    }
  });
});
