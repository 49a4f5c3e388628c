// The examples that serve an exported generator, as a reader would start them.
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-web";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator, type GeneratorArchitecture, layers as l } from "../lib/index.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../lib/safetensors.js";
import { type Started, start } from "./helpers/cli.js";
import { examples, inviteExamples, parametersOf } from "./helpers/examples.js";
import { makeFolder } from "./helpers/folder.js";
import { bytesOf, valuesOf } from "./helpers/inputs.js";

/** What the examples draw with: a coloured and a grey one. */
const architectures: Record<string, GeneratorArchitecture> = {
  "colour.onnx": {
    latent: { noise: 4, classes: 3, codes: 2, labels: "embedded" },
    layers: [l.embedding(24), l.linear(24), l.tanh(), l.unflatten([3, 2, 4])],
  },
  "grey.onnx": {
    latent: { noise: 3 },
    layers: [l.linear(25), l.tanh(), l.unflatten([1, 5, 5])],
  },
};

let folder: { readonly path: string; remove(): Promise<void> };
const started: Started[] = [];
/** Pixels of each label, as bytes of [height, width, channels]. */
const expected = new Map<string, number[][]>();

/** Noise and codes do not count, so that what is drawn is known. */
function withoutChance(tensor: StoredTensor): StoredTensor {
  if (!/^[01]\.weight$/.test(tensor.name) || tensor.shape[0] === 3) return tensor;
  const values = valuesOf(tensor);
  const [, width = 1] = tensor.shape;
  values.forEach((value, i) => {
    values[i] = i % width < 6 ? 0 : value;
  });
  return { ...tensor, data: bytesOf(values) };
}

/** The bytes of an image of [channels, height, width] with values of -1 to 1. */
function pixelsOf(values: Float32Array, channels: number): number[] {
  const plane = values.length / channels;
  return Array.from(values, (_, i) => {
    const value = values[(i % channels) * plane + Math.floor(i / channels)] as number;
    return Math.round(127.5 * (value + 1));
  });
}

beforeAll(async () => {
  folder = await makeFolder();
  await inviteExamples(folder.path);
  for (const [name, architecture] of Object.entries(architectures)) {
    const generator = new Generator(architecture, { seed: 1 });
    const weights = join(folder.path, `${name}.safetensors`);
    await generator.saveWeights(weights);
    await writeSafetensors(weights, (await readSafetensors(weights)).map(withoutChance));
    await generator.loadWeights(weights);
    await generator.saveOnnx(join(folder.path, name));
    const { noise, classes = 0, codes = 0 } = architecture.latent;
    const pictures: number[][] = [];
    for (let label = 0; label < Math.max(1, classes); ++label) {
      const { data } = await generator.generate(
        new Float32Array(noise + codes),
        classes > 0 ? { labels: label } : {},
      );
      pictures.push(pixelsOf(data, generator.image[0] as number));
    }
    expected.set(name, pictures);
  }
});

afterAll(async () => {
  for (const { child } of started) child.kill();
  await Promise.all(started.map(({ ended }) => ended));
  await folder.remove();
});

/** Starts an example by the command in its header, on a free port; answers with its address. */
async function serve(name: string, model: string): Promise<string> {
  const server = start(process.execPath, await parametersOf(name, model, "0"), folder.path);
  started.push(server);
  let said = "";
  server.child.stdout.on("data", (text) => {
    said += text;
  });
  await server.says(/draws with/);
  return (/http:\/\/127\.0\.0\.1:\d+/.exec(said) as RegExpExecArray)[0];
}

/** A path as it stands: fetch() would take the dots out of it. */
function statusOf(address: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describe("examples/serve-onnx.mjs", () => {
  /** Red, green and blue of a PNG's pixels. */
  async function colours(answer: Response): Promise<number[]> {
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
    const png = sharp(Buffer.from(await answer.arrayBuffer()));
    return [...(await png.toColourspace("srgb").raw().toBuffer())];
  }

  it("answers with the label's picture as PNG, to many at once", async () => {
    const address = await serve("serve-onnx.mjs", "colour.onnx");
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, i) => fetch(`${address}/?label=${i % 3}`)),
    );
    for (const [i, answer] of answers.entries())
      expect(await colours(answer)).toEqual(expected.get("colour.onnx")?.[i % 3]);
    expect(await colours(await fetch(address))).toEqual(expected.get("colour.onnx")?.[0]);
  });

  it("answers to labels that are none with a sentence, and goes on", async () => {
    const address = await serve("serve-onnx.mjs", "colour.onnx");
    const wrong = await fetch(`${address}/?label=seven`);
    expect([wrong.status, await wrong.text()]).toEqual([
      400,
      "Expected a whole number for label but received seven\n",
    ]);
    expect((await fetch(`${address}/?label=3`)).status).toBe(500);
    expect((await fetch(`${address}/?label=2`)).status).toBe(200);
  });

  it("draws grey images without labels", async () => {
    const address = await serve("serve-onnx.mjs", "grey.onnx");
    const [grey] = expected.get("grey.onnx") as [number[]];
    expect(await colours(await fetch(address))).toEqual(grey.flatMap((one) => [one, one, one]));
  });
});

describe("examples/browser", () => {
  it("serves everything that the page needs, and nothing else", async () => {
    const address = await serve("browser/server.mjs", "colour.onnx");
    const page = await (await fetch(address)).text();
    const [, runtime] = /"onnxruntime-web": "(.*?)"/.exec(page) as RegExpExecArray;
    const needed = [
      ["/", "text/html"],
      ["/page.js", "text/javascript"],
      ["/sample.js", "text/javascript"],
      [runtime as string, "text/javascript"],
      ["/ort/ort-wasm-simd-threaded.mjs", "text/javascript"],
      ["/ort/ort-wasm-simd-threaded.wasm", "application/wasm"],
    ] as const;
    for (const [path, type] of needed) {
      const answer = await fetch(`${address}${path}`);
      await answer.arrayBuffer();
      expect([path, answer.status, answer.headers.get("content-type")]).toEqual([path, 200, type]);
    }
    const model = Buffer.from(await (await fetch(`${address}/g.onnx`)).arrayBuffer());
    expect(model.equals(await readFile(join(folder.path, "colour.onnx")))).toBe(true);
    expect(page).not.toMatch(/https?:/);
    const others = ["/../../package.json", "/ort/../package.json", "/ort/%2e%2e/package.json"];
    for (const path of [...others, "/..%2f..%2fpackage.json", "/ort/", "/no.js", "//etc/passwd"])
      expect([path, await statusOf(address, path)]).toEqual([path, 404]);
  });

  it.each(Object.keys(architectures))("draws the pixels of %s", async (name) => {
    const { sample } = await import(join(examples, "browser", "sample.js"));
    const session = await InferenceSession.create(join(folder.path, name));
    for (const [label, picture] of (expected.get(name) as number[][]).entries()) {
      const { pixels, width, height } = await sample(session, label);
      const [channels, ...sides] = name === "grey.onnx" ? [1, 5, 5] : [3, 2, 4];
      expect([height, width]).toEqual(sides);
      const rgba = Array.from({ length: width * height }, (_, i) => {
        const one = picture.slice(i * (channels as number), (i + 1) * (channels as number));
        return channels === 1 ? [one[0], one[0], one[0], 255] : [...one, 255];
      });
      expect([...pixels]).toEqual(rgba.flat());
    }
  });
});
