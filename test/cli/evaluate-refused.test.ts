// What `sparring evaluate` and `--checkpoint best` say where images, or the record of the best, are not what they need.
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { writeIdxFolder, writeIdxTestFiles } from "../helpers/idx.js";
import { useRuns } from "../helpers/runs.js";

const means = fileURLToPath(new URL("../reference/torch-script/means.pt", import.meta.url));
const { at, run, copy } = useRuns();

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  const words =
    "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --steps 6 --checkpoint-every 3 --evaluate-every 3 --evaluate-samples 80 --no-tensorboard --out judged";
  expect(await run(words)).toMatchObject({ code: 0 });
});

const refusal = (sentence: string) => ({ code: 2, stdout: "", stderr: `${sentence}\n` });

it.each([
  [54, 40],
  [55, 1],
])("parzen asks for more images than %i to train on and %i to test on", async (images, tests) => {
  const name = `few-${images}`;
  await writeIdxFolder(at(name), images);
  await writeIdxTestFiles(at(name), tests);
  expect(await run(`evaluate judged --metrics parzen,fid --data ${name}`)).toEqual(
    refusal(
      `Expected at least 55 images to train on, and 2 to test on, which parzen needs, for --data but received ${images} and ${tests}`,
    ),
  );
});

describe("too few samples for one of the metrics", () => {
  it.each([
    ["precision-recall", 4],
    ["density-coverage", 6],
    ["inception-score", 10],
  ])("are told by the option that says how many: %s", async (metric, least) => {
    expect(await run(`evaluate judged --metrics ${metric} --samples ${least - 1}`)).toEqual(
      refusal(
        `Expected at least ${least}, which ${metric} takes, for --samples but received ${least - 1}`,
      ),
    );
    const { code } = await run(`evaluate judged --metrics ${metric} --samples ${least}`);
    expect(code).toBe(0);
  });

  it("are told before a training begins, and so are too few real images", async () => {
    const features = `--evaluate-every 2 --evaluate-features ${means}`;
    const line = `train --preset mlp --data data --size 8 --batch 8 --threads 1 --steps 4 ${features}`;
    expect(await run(`${line} --evaluate-samples 5 --out never`)).toMatchObject(
      refusal(
        "Expected at least 6, which density-coverage takes, for --evaluate-samples but received 5",
      ),
    );
    expect(await run(`${line} --evaluate-samples 20 --hold-out 0.04 --out never`)).toMatchObject(
      refusal(
        "Expected at least 6, which density-coverage takes, for the real images but received 5",
      ),
    );
    expect(existsSync(at("never"))).toBe(false);
  });
});

it.each([
  ['{ "step": 6, "met', "it is damaged"],
  ["", "it is damaged"],
  [
    '{ "step": 1, "metric": "fid", "value": 3 }',
    "the checkpoint that it names, of step 1, is gone",
  ],
])("the record of the best checkpoint is told to be wrong: %s", async (text, why) => {
  await copy("judged", "torn");
  await writeFile(at("torn/checkpoints/best.json"), text);
  for (const command of ["evaluate torn", "export torn --out g.onnx"])
    expect(await run(`${command} --checkpoint best`)).toEqual(
      refusal(
        `Expected the record of a best checkpoint for --checkpoint but received "torn/checkpoints/best.json" (${why})`,
      ),
    );
});
