// examples/worker: a server whose samples a thread of its own draws, as a reader would start it.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  Trainer,
} from "../lib/index.js";
import { type Started, start } from "./helpers/cli.js";
import { inviteExamples, parametersOf, statusOf } from "./helpers/examples.js";
import { makeFolder } from "./helpers/folder.js";
import { labelledImages } from "./helpers/training.js";

let folder: { readonly path: string; remove(): Promise<void> };
const started: Started[] = [];

/** A pair whose thousand samples take long enough to do something meanwhile. */
function makeTrainer(): Trainer {
  const image = [1, 8, 8];
  const slow = [256, 256, 256, 256, 256].map((channels) => l.conv2d(channels, 3, { padding: 1 }));
  const generator = new Generator(
    {
      latent: { noise: 4, classes: 3 },
      layers: [
        ...[l.linear(64), l.unflatten([1, 8, 8]), ...slow],
        ...[l.conv2d(1, 3, { padding: 1 }), l.tanh()],
      ],
    },
    { seed: 1 },
  );
  const adam = optimizers.adam({ lr: 0.01 });
  return new Trainer({
    generator,
    discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    ema: { decay: 0.5, rampUp: 0 },
  });
}

let trainer: Trainer;
beforeAll(async () => {
  folder = await makeFolder();
  await inviteExamples(folder.path);
  trainer = makeTrainer();
  await trainer.save(join(folder.path, "first"));
});
afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});
afterAll(() => folder.remove());

/** Starts the server on a run with one checkpoint. */
async function serve(run: string): Promise<{ server: Started; address: string }> {
  await mkdir(join(folder.path, run, "checkpoints"), { recursive: true });
  await cp(join(folder.path, "first"), join(folder.path, run, "checkpoints/000000"), {
    recursive: true,
  });
  const server = await begin(run);
  let said = "";
  server.child.stdout.on("data", (text) => {
    said += text;
  });
  await server.says(/draws with/);
  return { server, address: (/http:\/\/127\.0\.0\.1:\d+/.exec(said) as RegExpExecArray)[0] };
}

async function begin(run: string): Promise<Started> {
  const parameters = await parametersOf("worker/server.mjs", run, "0");
  const server = start(process.execPath, parameters, folder.path);
  started.push(server);
  return server;
}

/** Asks for a path; once the server has heard it, the answer is still to come. */
async function ask(address: string) {
  const asked = request(address, { headers: { expect: "100-continue" } });
  const answer = new Promise<{ statusCode: number | undefined; bytes: number }>(
    (resolve, reject) => {
      asked.on("error", reject).on("response", async (response) => {
        let bytes = 0;
        for await (const part of response) bytes += part.length;
        resolve({ statusCode: response.statusCode, bytes });
      });
    },
  );
  answer.catch(() => {}); // of whoever goes away
  asked.end();
  await once(asked, "continue");
  return { asked, answer };
}

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

it("answers with what the average of the newest checkpoint draws, and tells which it was", async () => {
  const { address } = await serve("drawn");
  const answer = await fetch(`${address}/?label=2&seed=7&count=4`);
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("x-step")]).toEqual(
    [200, "image/png", "0"],
  );
  const ema = trainer.ema as Generator;
  const samples = await ema.sample(4, { labels: 2, seed: 7, execution: "fused" });
  expect(await bytesOf(answer)).toEqual(await samples.toPng({ columns: 2, range: [-1, 1] }));
  const many = await Promise.all([0, 1, 2].map((label) => fetch(`${address}/?label=${label}`)));
  expect(many.map(({ status }) => status)).toEqual([200, 200, 200]);
});

it("tells a client its mistake, and goes on", async () => {
  const { address } = await serve("wrong");
  for (const [query, sentence] of [
    ["count=0", "Expected a whole number of at least 1 for count but received 0"],
    ["count=1025", "Expected at most 1024 for count but received 1025"],
    ["label=3", "Expected a whole number from 0 to 2 for labels but received 3"],
    ["label=-1", "Expected a whole number from 0 to 2 for labels but received -1"],
    ["seed=-1", "Expected a whole number of at least 0 for seed but received -1"],
    ["count=abc", "Expected a whole number for count but received abc"],
    ["count=2.5", "Expected a whole number for count but received 2.5"],
    ["count=", "Expected a whole number for count but received nothing"],
    ["label=", "Expected a whole number for label but received nothing"],
    ["label=two", "Expected a whole number for label but received two"],
    ["seed=", "Expected a whole number for seed but received nothing"],
    ["seed=x", "Expected a whole number for seed but received x"],
    ["lable=1", "Expected count, label or seed for a parameter but received lable"],
  ]) {
    const wrong = await fetch(`${address}/?${query}`);
    expect([wrong.status, await wrong.text()]).toEqual([400, `${sentence}\n`]);
  }
  for (const path of ["//", "//:x?label=1"]) expect(await statusOf(address, path)).toBe(200);
  expect((await fetch(address)).status).toBe(200);
});

it("goes over to a newer checkpoint once it is there, and passes over a damaged one", async () => {
  const { server, address } = await serve("newer");
  const query = `${address}/?label=1&seed=3`;
  const before = await bytesOf(await fetch(query));
  const checkpoints = join(folder.path, "newer/checkpoints");
  await mkdir(join(checkpoints, "000001"));
  await writeFile(join(checkpoints, "000001/checkpoint.json"), "{");
  await server.says(/^stays at step 0: SparringError: Expected .*000001/m);
  expect(await bytesOf(await fetch(query))).toEqual(before);
  const data = await labelledImages(16);
  for await (const { step } of trainer.run(data, { steps: 2, batchSize: 8, tickEvery: 2 }))
    await trainer.save(join(checkpoints, `00000${step}`));
  await server.says(/^draws with step 2$/m);
  const after = await fetch(query);
  expect(after.headers.get("x-step")).toBe("2");
  expect(await bytesOf(after)).not.toEqual(before);
});

it("draws no more for a client that went away", async () => {
  const { server, address } = await serve("gone");
  const { asked } = await ask(`${address}/?count=1024`);
  asked.destroy();
  await server.says(/^a client went away$/m);
  expect((await fetch(address)).status).toBe(200);
});

it.each(["SIGTERM", "SIGINT"] as const)(
  "finishes its answers at a %s, and ends",
  async (signal) => {
    const { server, address } = await serve(signal);
    // It never asks, and would keep a server open for a minute.
    const silent = connect(Number(new URL(address).port), "127.0.0.1");
    await once(silent, "connect");
    const { answer } = await ask(`${address}/?count=1024`);
    server.child.kill(signal);
    const { statusCode, bytes } = await answer;
    expect([statusCode, bytes > 1000]).toEqual([200, true]);
    expect(await server.ended).toMatchObject({ code: 0, stderr: "" });
    await expect(fetch(address)).rejects.toThrow();
  },
);

it("does not begin without a checkpoint, and says so", async () => {
  const { code, stderr } = await (await begin("nothing")).ended;
  expect([code, stderr]).toEqual([
    1,
    "Error: Expected a run with checkpoints but received nothing\n",
  ]);
});
