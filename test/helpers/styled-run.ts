// A run whose generator has styles, trained in a moment.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { architectures, objectives, optimizers } from "../../lib/index.js";
import { runCli } from "./cli.js";

const image = [1, 8, 8];
const adam = optimizers.adam({ lr: 2e-3, betas: [0, 0.99] });

export const styledArchitecture = architectures.stylegan2({
  latent: { noise: 6 },
  image,
  channels: 4,
});

/** Trains it on the images of `data` in a folder, where its config is left, too. */
export async function trainStyled(folder: string, out: string): Promise<void> {
  const config = {
    generator: styledArchitecture,
    discriminator: architectures.stylegan2({ image, channels: 4 }),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    ...{ data: "data", batch: 10, threads: 1, steps: 4, seed: 3 },
  };
  await writeFile(join(folder, "own.json"), JSON.stringify(config));
  const words = ["train", "own.json", "--out", out];
  expect(await runCli(words, folder)).toMatchObject({ code: 0 });
}
