// Folders of images, made on the spot.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** A flat PNG of one grey level. */
export function flatPng(level: number, width = 8, height = width): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  return sharp(Buffer.alloc(width * height * 3, level), { raw })
    .png()
    .toBuffer();
}

/** Writes files below a folder, with the folders that they are in: a number is a flat PNG of that level. */
export async function writeTree(
  root: string,
  files: Readonly<Record<string, Uint8Array | number>>,
): Promise<string> {
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === "number" ? await flatPng(content) : content);
  }
  return root;
}
