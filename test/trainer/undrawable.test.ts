import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Dataset,
  datasets,
  Discriminator,
  Generator,
  type Layer,
  layers as l,
} from "../../lib/index.js";
import { collect, tinyTrainer } from "../helpers/training.js";

const image = [1, 4, 4];
const bytes = () => datasets.fromBytes(new Uint8Array(64), { shape: [4, ...image] });
const values = () => datasets.fromValues(new Float32Array(64), { shape: [4, ...image] });

/** What a generator that ends so is warned of in two runs. */
async function warningsOf(
  ending: Layer[],
  range: readonly [number, number] | undefined,
  data: Promise<Dataset>,
): Promise<unknown[][]> {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  using generator = new Generator({
    latent: { noise: 2 },
    layers: [l.linear(16), ...ending],
    range,
  });
  using discriminator = new Discriminator({ image, layers: [l.flatten(), l.linear(1)], range });
  using trainer = tinyTrainer({ generator, discriminator });
  using dataset = await data;
  for (let run = 0; run < 2; run++) {
    expect(await collect(trainer.run(dataset, { steps: 1, batchSize: 2 }))).toHaveLength(1);
  }
  return warn.mock.calls;
}

const square = l.unflatten(image);

describe("a generator that ends in a sigmoid", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["at its end", [l.sigmoid(), square]],
    ["in a sequential", [l.sequential("last", [l.sigmoid()]), square]],
    ["before pooling", [l.unflatten([1, 4, 4]), l.sigmoid(), l.upsample(2), l.avgPool2d(2)]],
  ])("is warned of, once, where black is below 0: %s", async (_, ending) => {
    expect(await warningsOf(ending, undefined, bytes())).toEqual([
      [
        "The generator ends in a sigmoid, 0 to 1, and has the range [-1, 1]: it can draw nothing darker than 0; give both networks range: [0, 1], or end it in tanh",
        { type: "SparringWarning", code: "SPARRING_UNDRAWABLE" },
      ],
    ]);
  });

  it("is fine where black is 0, and so are tanh, and values that are no pixels", async () => {
    expect(await warningsOf([l.sigmoid(), square], [0, 1], bytes())).toEqual([]);
    expect(await warningsOf([l.tanh(), square], undefined, bytes())).toEqual([]);
    expect(await warningsOf([l.sigmoid(), square], undefined, values())).toEqual([]);
  });
});
