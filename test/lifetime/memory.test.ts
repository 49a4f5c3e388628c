// Nothing grows: not over repeated work, not where nobody disposes, not over long runs.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { memoryStats } from "../../lib/index.js";
import { fingerprintOf, smallImages, smallTrainer, trainFor } from "../helpers/presets.js";

const script = fileURLToPath(new URL("growth.mjs", import.meta.url));

async function growth(what: string): Promise<Record<string, number>> {
  const flags = ["--expose-gc", script, what];
  const { stdout } = await promisify(execFile)(process.execPath, flags, {
    env: { ...process.env, OMP_WAIT_POLICY: "passive" },
  });
  return JSON.parse(stdout);
}

describe("memoryStats()", () => {
  it.each(["mlp", "article", "wgan-gp", "sngan-hinge"] as const)(
    "counts as much after making, training, saving and disposing %s as before",
    async (name) => {
      const once = async () => {
        const trainer = smallTrainer(name, "fused");
        const data = await smallImages(name);
        await trainFor(trainer, data, 3);
        await fingerprintOf(trainer);
        trainer.dispose();
        trainer.generator.dispose();
        trainer.discriminator.dispose();
        data.dispose();
        // Behind what dispose() has posted, and all there by now.
        const other = smallTrainer("mlp", "eager");
        await other.plan(8);
        // Node frees what a snapshot lent to JavaScript at the end of a turn of the event loop, which
        // may be the turn that brings the plan.
        await turn();
        const { tensors, bytes } = memoryStats();
        for (const one of [other, other.generator, other.discriminator]) one.dispose();
        return { tensors, bytes };
      };
      // The first fills tables of libraries.
      await once();
      const before = await once();
      for (let i = 0; i < 4; i++) {
        const { tensors, bytes } = await once();
        expect(tensors).toBe(before.tensors);
        // malloc may give a small block a few bytes more than it was asked for.
        expect(Math.abs(bytes - before.bytes)).toBeLessThan(4096);
      }
    },
  );

  it("counts the bytes and tensors of networks while they live", async () => {
    const before = memoryStats();
    const trainer = smallTrainer("mlp", "fused");
    await trainer.generator.ready();
    const after = memoryStats();
    const weights = 4 * (trainer.generator.parameterCount + trainer.discriminator.parameterCount);
    expect(after.bytes - before.bytes).toBeGreaterThan(weights);
    expect(after.tensors).toBeGreaterThan(before.tensors);
  });
});

describe("long runs", () => {
  it("20,000 steps of the toy: the process grows by less than 2 % after its first 2,000", async () => {
    const { before, after } = (await growth("toy")) as { before: number; after: number };
    expect(after / before).toBeLessThan(1.02);
  });

  it("2,000 steps of the MLP: the process grows by less than 2 % after its first 200", async () => {
    const { before, after } = (await growth("mlp")) as { before: number; after: number };
    expect(after / before).toBeLessThan(1.02);
  });
});

describe("trainers that nobody disposes", () => {
  it("are freed by the garbage collector alone", async () => {
    const { before, after } = (await growth("dropped")) as { before: number; after: number };
    expect(after).toBe(before);
  });
});

describe("a worker that ends", () => {
  it("leaves no spare memory to a process whose own engine never works", async () => {
    const { before, during, after } = await growth("spare");
    expect(during).toBeGreaterThan(before as number);
    expect(after).toBe(before);
  });
});

describe("two trainers", () => {
  it("in two workers at once end with the bytes that each has alone", async () => {
    const { alone, together } = (await growth("workers")) as never;
    expect(together).toEqual(alone);
  });

  it("of which one is disposed while it runs: it says so, the other goes on", async () => {
    const [one, other] = [smallTrainer("mlp", "fused"), smallTrainer("mlp", "fused")];
    const data = await smallImages("mlp");
    const running = trainFor(one, data, 100_000).catch((error) => error);
    const fine = trainFor(other, data, 20);
    setTimeout(() => one.dispose(), 30);
    expect(await running).toMatchObject({ code: "ERR_DISPOSED" });
    expect(await fine).toHaveLength(40);
    const undisturbed = smallTrainer("mlp", "fused");
    await trainFor(undisturbed, data, 20);
    expect(await fingerprintOf(other)).toBe(await fingerprintOf(undisturbed));
  });
});
