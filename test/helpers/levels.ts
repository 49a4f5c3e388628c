import type { Dataset } from "../../lib/index.js";

/** The bytes that a dataset holds. */
export async function levelsOf(dataset: Dataset): Promise<Buffer> {
  const { data } = await dataset.read(0, dataset.size);
  return Buffer.from(Uint8Array.from(data, (value) => Math.round(value * 255)));
}

export const fromHex = (hex: string): Buffer => Buffer.from(hex, "hex");
