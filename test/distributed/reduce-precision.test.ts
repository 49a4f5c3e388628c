// Gradients that ranks send each other as bfloat16.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../helpers/folder.js";
import { runAlone, runRanks } from "../helpers/ranks.js";
import { distance, savedWeights } from "../helpers/saved.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => join(folder.path, name);
const weights = (name: string) => savedWeights(at(name));
const fine = { code: 0, stderr: "" };

interface Given {
  readonly to: string;
  readonly steps: number;
  readonly game?: string;
  readonly from?: string;
  readonly rules?: { readonly reducePrecision: "float32" | "bfloat16" };
}

async function trainTwo(given: Given): Promise<void> {
  // That both have the same weights, save() asks itself.
  for (const rank of await runRanks(2, "resume", given)) expect(rank).toMatchObject(fine);
}

const rules = { reducePrecision: "bfloat16" } as const;

beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe.each(["convolutional", "wganGp"])("%s, summed in bfloat16", (game) => {
  const name = (what: string) => `${game}-${what}`;
  beforeAll(async () => {
    await trainTwo({ game, steps: 20, to: at(name("exact")) });
    await trainTwo({ game, steps: 20, to: at(name("rounded")), rules });
    await trainTwo({ game, steps: 10, to: at(name("half")), rules });
  });

  it("learns nearly what it does in float32", async () => {
    const apart = distance(await weights(name("rounded")), await weights(name("exact")));
    expect(apart).toBeGreaterThan(1e-5);
    expect(apart).toBeLessThan(0.05);
  });

  it("goes on from a checkpoint bit for bit", async () => {
    await trainTwo({ from: at(name("half")), steps: 10, to: at(name("on")) });
    expect(await weights(name("on"))).toEqual(await weights(name("rounded")));
  });

  it("goes on in float32, if that is asked for", async () => {
    const exact = { reducePrecision: "float32" } as const;
    await trainTwo({ from: at(name("half")), steps: 10, to: at(name("exactly")), rules: exact });
    const ours = await weights(name("exactly"));
    expect(ours).not.toEqual(await weights(name("rounded")));
    expect(distance(ours, await weights(name("exact")))).toBeLessThan(0.05);
  });
});

it("one rank rounds nothing", async () => {
  for (const [name, options] of [
    ["alone", {}],
    ["alone-rounded", { rules }],
  ] as const) {
    const given = { game: "wganGp", steps: 5, to: at(name), ...options };
    expect(await runAlone("resume", given)).toMatchObject(fine);
    expect((await runRanks(1, "resume", { ...given, to: at(`${name}-1`) }))[0]).toMatchObject(fine);
  }
  const exact = await weights("alone");
  for (const name of ["alone-rounded", "alone-1", "alone-rounded-1"])
    expect(await weights(name), name).toEqual(exact);
});
