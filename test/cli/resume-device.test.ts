// A run that goes on on another device than it began on.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { checksumOf } from "../../lib/checkpoint/format.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { runCliRanks } from "../helpers/ranks.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, contents, copy } = useRuns();
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 4 --checkpoint-every 4";

async function edit(path: string, change: (json: Record<string, unknown>) => object) {
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, "utf8")))));
}

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  expect(await run(`${small} --steps 24 --out whole`)).toMatchObject({ code: 0 });
  expect(await run(`${small} --steps 12 --out half`)).toMatchObject({ code: 0 });
});

describe("a run whose device is not here", () => {
  const away = async (name: string) => {
    await copy("half", name);
    await edit(at(name, "config.json"), (config) => ({ ...config, device: "cuda:99" }));
  };

  /** As if it had trained in TF32 there, which rounds float32 as no CPU does. */
  const inTf32 = async (name: string) => {
    await away(name);
    await edit(at(name, "config.json"), (config) => ({ ...config, precision: "tf32" }));
    for (const step of await readdir(at(name, "checkpoints")))
      await edit(at(name, "checkpoints", step, "checkpoint.json"), ({ checksum, ...manifest }) => {
        const trainer = { ...(manifest.trainer as object), precision: "tf32" };
        const forged = { ...manifest, trainer };
        return { ...forged, checksum: checksumOf(forged) };
      });
  };

  it("says which it was, and that it may have another, before anything changes", async () => {
    await away("away");
    const before = await contents("away");
    const { code, stderr } = await run("train --resume --out away --steps 24");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Expected .* for the run \(--device names another\) but received "cuda:99"/,
    );
    expect(await contents("away")).toEqual(before);
  });

  it.each(["train --resume", `${small} --restartable`])(
    "goes on where it is told to: %s",
    async (words) => {
      const name = words.includes("resume") ? "moved" : "restarted";
      await away(name);
      const moved = await run(`${words} --device cpu --out ${name} --steps 24`);
      expect(moved).toMatchObject({ code: 0 });
      expect(moved.stderr).toContain("fused, on cpu");
      const { "stats.jsonl": _, ...files } = await contents(name);
      const { "stats.jsonl": __, ...wanted } = await contents("whole");
      expect(files).toEqual(wanted);
      const { device } = JSON.parse(await readFile(at(name, "config.json"), "utf8"));
      expect(device).toBe("cpu");
      expect(await run(`train --resume --out ${name} --steps 25`)).toMatchObject({ code: 0 });
    },
  );

  it.each(["--precision tf32", "--precision float32"])(
    "goes on in float32 where a command line comes again with a CPU and %s, each time",
    async (precision) => {
      const name = precision.replace("--precision ", "again-");
      await inTf32(name);
      const words = `${small} --restartable --device cpu --out ${name} ${precision}`;
      for (const steps of [18, 24])
        expect(await run(`${words} --steps ${steps}`)).toMatchObject({ code: 0 });
      const weights = "weights/generator.safetensors";
      expect(await readFile(at(name, weights))).toEqual(await readFile(at("whole", weights)));
      const config = JSON.parse(await readFile(at(name, "config.json"), "utf8"));
      expect(config).toMatchObject({
        precision: "float32",
        changes: [{ step: 12, before: { precision: "tf32" }, after: { precision: "float32" } }],
      });
    },
  );

  it("stays in TF32 for a command line that moves it nowhere, and asks for float32", async () => {
    await inTf32("kept");
    const { code, stderr } = await run(`${small} --restartable --out kept --steps 24`);
    expect([code, stderr]).toEqual([
      2,
      'Expected "tf32", as the run in "kept" has it, for --precision but received "float32"\n',
    ]);
  });

  it("goes on in float32 where it trained in TF32, and keeps to that", async () => {
    await inTf32("rounded");
    const moved = await run("train --resume --device cpu --out rounded --steps 24");
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.stderr).toContain(
      "float32 in place of the run's tf32, which cpu has not: the last digits may differ",
    );
    const weights = "weights/generator.safetensors";
    expect(await readFile(at("rounded", weights))).toEqual(await readFile(at("whole", weights)));
    const { precision } = JSON.parse(await readFile(at("rounded", "config.json"), "utf8"));
    expect(precision).toBe("float32");
    const again = await run("train --resume --out rounded --steps 25");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("tf32");
  });

  it("goes on in float32 on all ranks where the first has no TF32", async () => {
    await inTf32("shared");
    await edit(at("shared", "config.json"), (config) => ({ ...config, device: "cpu" }));
    const words = "train --resume --out shared --steps 24";
    const [first, second] = await runCliRanks(2, words, at());
    expect(first).toMatchObject({ code: 0 });
    expect(first?.stderr).toContain("float32 in place of the run's tf32, which cpu has not");
    expect(second).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
