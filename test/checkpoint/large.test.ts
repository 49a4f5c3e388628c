// Tensors of megabytes, which cross to and from native code without a copy; a file of gigabytes.
import { createHash } from "node:crypto";
import { appendFile, rm, truncate, writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addon } from "../../lib/addon.js";
import { inParts, joinBytes } from "../../lib/bytes.js";
import { sha256 } from "../../lib/checkpoint/format.js";
import { readWhole } from "../../lib/files.js";
import { Generator, layers as l, Trainer } from "../../lib/index.js";
import type { TensorData } from "../../lib/native.js";
import { formatHeader, formatSafetensors, parseSafetensors } from "../../lib/safetensors.js";
import { makeFolder } from "../helpers/folder.js";
import { fingerprintOf } from "../helpers/presets.js";
import { labelledImages, losses, tinyDiscriminator, tinyTrainer } from "../helpers/training.js";

const width = 600;
const wide = (seed = 0) =>
  new Generator(
    {
      latent: { noise: 5 },
      layers: [l.linear(width), l.linear(width), l.linear(64), l.tanh(), l.unflatten([1, 8, 8])],
    },
    { seed },
  );
const wideTrainer = () =>
  tinyTrainer({
    generator: wide(),
    discriminator: tinyDiscriminator([l.linear(width), l.linear(width), l.linear(1)]),
    ema: { decay: 0.9 },
  });

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Objects that fill what was freed, so that whoever still reads there gets others' bytes. */
function churn(): void {
  collectGarbage();
  for (let i = 0; i < 32; ++i) new Uint8Array(width * width * 4).fill(0xff);
}

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const isLarge = ({ data }: TensorData) => data.byteLength > 1024 ** 2;

describe("a network of large tensors", () => {
  it("hands out its weights as native memory, which no later step changes", async () => {
    const trainer = wideTrainer();
    const { tensors } = await trainer.snapshot();
    const large = tensors.filter(isLarge);
    expect(large.length).toBeGreaterThan(3);
    const digests = () => large.map(({ data }) => createHash("sha256").update(data).digest("hex"));
    const before = digests();
    await losses(trainer, await labelledImages(32));
    trainer.dispose();
    churn();
    expect(digests()).toEqual(before);
    // Node moves its own memory to the clone; that of others it copies.
    for (const { data } of large) structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
    expect(large.map(({ data }) => data.byteLength > 0)).toEqual(large.map(() => true));
  });

  it("reads weights that nobody in JavaScript holds any more", async () => {
    const bytes = await wide().toSafetensors();
    const other = wide(1);
    await other.native.ready();
    const lend = () =>
      parseSafetensors(bytes, "wide").map(({ name, shape, data }): TensorData => {
        return { name, shape, dtype: "float32", data: Uint8Array.from(data) };
      });
    // The engine is at work: what is lent has to wait.
    const busy = addon().ceiling("cpu", "float32");
    const loading = other.native.load(lend());
    for (let i = 0; i < 5; ++i) {
      churn();
      await setImmediate();
    }
    await Promise.all([busy, loading]);
    expect(await sha256(await other.toSafetensors())).toBe(await sha256(bytes));
  });

  it("leaves the bytes that it was given to their owner", async () => {
    const bytes = await wide().toSafetensors();
    const other = wide(1);
    const loading = other.loadWeights(bytes);
    const given = await sha256(bytes);
    await loading;
    bytes.fill(0xff);
    expect(await sha256(await other.toSafetensors())).toBe(given);
  });

  it("reads a file whose tensors begin at an odd byte", async () => {
    const tensors = parseSafetensors(await wide().toSafetensors(), "wide");
    const [header, ...data] = formatSafetensors(tensors);
    const described = tensors.map(({ data, ...rest }) => ({ ...rest, bytes: data.byteLength }));
    const size = (header as Uint8Array).byteLength + 3;
    const odd = await joinBytes([formatHeader(described, {}, size), ...data]);
    const other = wide(1);
    await other.loadWeights(odd);
    expect(await sha256(await other.toSafetensors())).toBe(
      await sha256(header as Uint8Array, ...data),
    );
  });

  it("goes on from its checkpoint, bit for bit", async () => {
    const data = await labelledImages(32);
    const [whole, cut] = [wideTrainer(), wideTrainer()];
    for (const trainer of [whole, cut]) await losses(trainer, data, 2);
    const path = `${folder.path}/wide`;
    await cut.save(path);
    const loading = Trainer.load(path);
    const churning = setInterval(churn, 1);
    const loaded = await loading;
    clearInterval(churning);
    expect(await losses(loaded, data, 2)).toEqual(await losses(whole, data, 2));
    expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(whole));
  });
});

describe("bytes in parts", () => {
  const mega = 1024 ** 2;
  const pieces = [9 * mega, 1, 0, 3 * mega, mega + 5].map((length, i) =>
    new Uint8Array(length).fill(i + 1),
  );

  it("are all of them in their order, at most 4 MiB at a time", async () => {
    const parts: Uint8Array[] = [];
    await inParts(pieces, (part) => parts.push(part));
    expect(Math.max(...parts.map(({ byteLength }) => byteLength))).toBe(4 * mega);
    const whole = Buffer.concat(pieces);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    expect(Buffer.from(await joinBytes(pieces)).equals(whole)).toBe(true);
  });

  it("let others run after every 4 MiB", async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      immediate = globalThis.setImmediate(turn);
    };
    let immediate = globalThis.setImmediate(turn);
    await sha256(new Uint8Array(40 * mega));
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(9);
  });
});

describe("a file of more than 2 GiB", () => {
  const size = 2 ** 31 + 5;
  it("has its checksum in parts, and is read whole", async () => {
    const path = `${folder.path}/vast`;
    await writeFile(path, "begin");
    await truncate(path, size - 3);
    await appendFile(path, "end");
    const bytes = await readWhole(path);
    await rm(path);
    expect([bytes.byteLength, bytes.toString("latin1", size - 3)]).toEqual([size, "end"]);
    const whole = createHash("sha256");
    for (let at = 0; at < size; at += 2 ** 30) whole.update(bytes.subarray(at, at + 2 ** 30));
    expect(await sha256(bytes)).toBe(whole.digest("hex"));
  });
});
