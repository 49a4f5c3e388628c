// The examples that serve a generator, as a reader would start them.
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  Discriminator,
  Generator,
  type GeneratorArchitecture,
  layers as l,
  objectives,
  optimizers,
  architectures as ready,
  Trainer,
} from "../lib/index.js";
import { ModelProtoSchema } from "../lib/onnx/schema/onnx_pb.js";
import { presetNames, presets } from "../lib/presets.js";
import { openBrowser } from "./helpers/browser.js";
import { type Started, start } from "./helpers/cli.js";
import { examples, inviteExamples, parametersOf, statusOf } from "./helpers/examples.js";
import { makeFolder } from "./helpers/folder.js";

/** What the examples draw with: colours, greys, the latent and range of 2014, and values beyond the range. */
const architectures: Record<string, GeneratorArchitecture> = {
  "colour.onnx": {
    latent: { noise: 4, classes: 3, codes: 2, labels: "embedded" },
    layers: [l.embedding(24), l.linear(24), l.tanh(), l.unflatten([3, 2, 4])],
  },
  "grey.onnx": {
    latent: { noise: 3 },
    layers: [l.linear(25), l.tanh(), l.unflatten([1, 5, 5])],
  },
  "original.onnx": ready.goodfellow2014({
    latent: { noise: 100, distribution: "uniform" },
    image: [1, 28, 28],
    original: true,
  }),
  "beyond.onnx": {
    latent: { noise: 3 },
    layers: [l.linear(48), l.unflatten([3, 4, 4])],
    range: [-0.1, 0.1],
  },
};

/** What Math.random() answers wherever it is to be known what is drawn, and what comes of it. */
const chance = 0.9;
const drawn = {
  normal: Math.sqrt(-2 * Math.log(1 - chance)) * Math.cos(2 * Math.PI * chance),
  uniform: Math.sqrt(3) * (2 * chance - 1),
  codes: 2 * chance - 1,
};

let folder: { readonly path: string; remove(): Promise<void> };
const started: Started[] = [];
/** Red, green and blue of each label's picture. */
const expected = new Map<string, number[][]>();

/** What a generator makes of what is drawn: red, green and blue of each pixel. */
async function picture(generator: Generator, label: number): Promise<number[]> {
  const { noise, distribution = "normal", classes = 0, codes = 0 } = generator.architecture.latent;
  const { data, shape } = await generator.sample(1, {
    noise: new Float32Array(noise).fill(drawn[distribution]),
    ...(classes > 0 && { labels: [label] }),
    ...(codes > 0 && { codes: Array(codes).fill(drawn.codes) }),
  } as never);
  const [black, white] = generator.range;
  const [, channels, height, width] = shape as [number, number, number, number];
  return Array.from({ length: 3 * height * width }, (_, i) => {
    const channel = channels === 3 ? i % 3 : 0;
    const value = data[channel * height * width + Math.floor(i / 3)] as number;
    const level = (255 * (value - black)) / (white - black);
    return Math.max(0, Math.min(255, Math.round(level)));
  });
}

/** How far apart the levels of two pictures are at most: onnxruntime rounds otherwise. */
function apart(a: readonly number[], b: readonly number[] = []): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((level, i) => Math.abs(level - (b[i] as number))));
}

beforeAll(async () => {
  folder = await makeFolder();
  await inviteExamples(folder.path);
  for (const [name, architecture] of Object.entries(architectures)) {
    const generator = new Generator(architecture, { seed: 1 });
    await generator.saveOnnx(join(folder.path, name));
    const labels = Array.from({ length: architecture.latent.classes || 1 }, (_, label) => label);
    expected.set(name, await Promise.all(labels.map((label) => picture(generator, label))));
  }
});

afterAll(async () => {
  for (const { child } of started) child.kill();
  await Promise.all(started.map(({ ended }) => ended));
  await folder.remove();
});

/** Starts an example by the command in its header, on a free port; answers with its address. */
async function serve(name: string, model: string): Promise<string> {
  const server = start(process.execPath, await parametersOf(name, model, "0"), folder.path, {
    NODE_OPTIONS: `--import=data:text/javascript,Math.random=()=>${chance}`,
  });
  started.push(server);
  let said = "";
  server.child.stdout.on("data", (text) => {
    said += text;
  });
  await server.says(/draws with/);
  return (/http:\/\/127\.0\.0\.1:\d+/.exec(said) as RegExpExecArray)[0];
}

const withoutAlpha = (pixels: readonly number[]) => pixels.filter((_, i) => i % 4 !== 3);

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
    const pictures = expected.get("colour.onnx") as number[][];
    for (const [i, answer] of answers.entries())
      expect(apart(await colours(answer), pictures[i % 3])).toBeLessThanOrEqual(1);
    expect(apart(await colours(await fetch(address)), pictures[0])).toBeLessThanOrEqual(1);
    expect(apart(pictures[0] as number[], pictures[1])).toBeGreaterThan(10);
  });

  it.each(["grey.onnx", "original.onnx", "beyond.onnx"])(
    "draws as Sparring does: %s",
    async (name) => {
      const address = await serve("serve-onnx.mjs", name);
      const [picture] = expected.get(name) as [number[]];
      expect(apart(await colours(await fetch(address)), picture)).toBeLessThanOrEqual(1);
      expect(Math.max(...picture) - Math.min(...picture)).toBeGreaterThan(20);
    },
  );

  it("answers to labels that are none with a sentence, and goes on", async () => {
    const address = await serve("serve-onnx.mjs", "colour.onnx");
    for (const label of ["seven", "3", "-1", "1.5", ""]) {
      const wrong = await fetch(`${address}/?label=${label}`);
      expect([wrong.status, await wrong.text()]).toEqual([
        400,
        `Expected a whole number from 0 to 2 for label but received ${label || "nothing"}\n`,
      ]);
    }
    expect((await fetch(`${address}/?label=2`)).status).toBe(200);
  });

  it("answers to a path that is no URL", async () => {
    const address = await serve("serve-onnx.mjs", "colour.onnx");
    for (const path of ["//", "//:x?label=2"]) expect(await statusOf(address, path)).toBe(200);
  });

  it("refuses a model that does not say what it draws from", async () => {
    const model = fromBinary(ModelProtoSchema, await readFile(join(folder.path, "grey.onnx")));
    await writeFile(
      join(folder.path, "silent.onnx"),
      toBinary(ModelProtoSchema, { ...model, metadataProps: [] }),
    );
    await expect(serve("serve-onnx.mjs", "silent.onnx")).rejects.toThrow(
      "Expected sparring.latent and sparring.range for the model's metadata but received none (export it again)",
    );
  });

  it("refuses a generator of what is no image", async () => {
    const generator = new Generator({ latent: { noise: 3 }, layers: [l.linear(8)] });
    await generator.saveOnnx(join(folder.path, "numbers.onnx"));
    await expect(serve("serve-onnx.mjs", "numbers.onnx")).rejects.toThrow(
      "Expected [N, 1 or 3, height, width] for the model's images but received [N, 8]",
    );
  });
});

describe("examples/serve.mjs", () => {
  let address: string;

  beforeAll(async () => {
    const image = [1, 4, 4];
    // Ten thousand samples of it take seconds.
    const slow = [l.linear(2048), l.linear(2048)];
    const layers = [...slow, l.linear(16), l.tanh(), l.unflatten(image)];
    const optimizer = { generator: optimizers.sgd(), discriminator: optimizers.sgd() };
    const trainer = new Trainer({
      generator: new Generator({ latent: { noise: 4 }, layers }, { seed: 1 }),
      discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
      objective: objectives.nonSaturating(),
      optimizer,
    });
    await trainer.save(join(folder.path, "checkpoint"));
    address = await serve("serve.mjs", "checkpoint");
  });

  it("answers with a grid of as many samples as were asked for", async () => {
    for (const [query, side] of [
      ["", 8],
      ["?count=4", 2],
    ] as const) {
      const answer = await fetch(`${address}/${query}`);
      const { width, height } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
      expect([answer.status, width, height]).toEqual([200, side * 6 + 2, side * 6 + 2]);
    }
  });

  it("draws white where the generator does, not at the largest value of an answer", async () => {
    const answer = await fetch(`${address}/?count=1`);
    const { channels } = await sharp(Buffer.from(await answer.arrayBuffer())).stats();
    // Nothing is learnt yet: all pixels are about mid-grey, within a frame of 0.
    const brightest = channels.map(({ max }) => max);
    expect(Math.min(...brightest)).toBeGreaterThan(127);
    expect(Math.max(...brightest)).toBeLessThan(192);
  });

  it("answers to counts that are none with a sentence", async () => {
    for (const count of ["0", "2.5", "ten", "10001", ""]) {
      const wrong = await fetch(`${address}/?count=${count}`);
      const sentence = `Expected a whole number from 1 to 10000 for count but received ${count || "nothing"}\n`;
      expect([wrong.status, await wrong.text()]).toEqual([400, sentence]);
    }
  });

  it("answers to a path that is no URL", async () => {
    for (const path of ["//", "//:x?count=1"]) expect(await statusOf(address, path)).toBe(200);
  });

  it("draws no more for a client that went away, and goes on", async () => {
    const asked = request(`${address}/?count=10000`).on("error", () => {});
    await new Promise<void>((resolve) => asked.end(resolve));
    await sleep(50);
    asked.destroy();
    await started.at(-1)?.says(/^a client went away$/m);
    expect((await fetch(`${address}/?count=1`)).status).toBe(200);
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
      ["/metadata.js", "text/javascript"],
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
    for (const path of [
      ...others,
      "/..%2f..%2fpackage.json",
      "/ort/",
      "/no.js",
      "//etc/passwd",
      "//",
    ])
      expect([path, await statusOf(address, path)]).toEqual([path, 404]);
  });

  it("draws in a browser, and says what it was given", async () => {
    const address = await serve("browser/server.mjs", "colour.onnx");
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({
        viewport: { width: 390, height: 844 },
        isMobile: true,
        colorScheme: "dark",
      });
      const problems: string[] = [];
      page.on("console", (message) => problems.push(message.text()));
      await page.addInitScript(`Math.random = () => ${chance}`);
      await page.goto(address);
      await page.getByText(/^drawn in \d+ ms$/).waitFor();
      const shown = await page.evaluate(`
        const canvas = document.getElementById("canvas");
        [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
      `);
      const [first] = expected.get("colour.onnx") as [number[]];
      expect(apart(withoutAlpha(shown as number[]), first)).toBeLessThanOrEqual(1);
      await page.getByLabel("label").fill("3");
      await page.getByRole("button", { name: "Draw" }).click();
      await page
        .getByText("Expected a whole number from 0 to 2 for label but received 3")
        .waitFor();
      // A phone shows the page at its own width, and dark where it is; nothing was missing.
      const seen = "[innerWidth, getComputedStyle(document.body).color]";
      expect(await page.evaluate(seen)).toEqual([390, "rgb(255, 255, 255)"]);
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it.each(presetNames)("draws what the generator of the preset %s does", async (name) => {
    const { pair, size } = presets[name];
    const generator = new Generator(pair({ image: [1, size.default, size.default] }).generator, {
      seed: 2,
    });
    const { load, sample } = await import(join(examples, "browser", "sample.js"));
    const exported = await load(await generator.toOnnx());
    const random = vi.spyOn(Math, "random").mockReturnValue(chance);
    const label = Math.max(0, exported.latent.classes - 1);
    const { pixels, width, height } = await sample(exported, String(label));
    random.mockRestore();
    expect([1, height, width]).toEqual(generator.image);
    const ours = await picture(generator, label);
    expect(apart(withoutAlpha([...pixels]), ours)).toBeLessThanOrEqual(1);
  });

  it.each(["normal", "uniform"] as const)("draws %s noise of variance 1", async (distribution) => {
    const { load, sample } = await import(join(examples, "browser", "sample.js"));
    const shown = new Generator({
      latent: { noise: 4096, distribution },
      layers: [l.unflatten([1, 64, 64])],
      range: [-5, 5],
    });
    const exported = await load(await shown.toOnnx());
    const { pixels } = await sample(exported, "0");
    const values = withoutAlpha([...pixels]).map((level) => level / 25.5 - 5);
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 0);
    expect(variance).toBeGreaterThan(0.9);
    expect(variance).toBeLessThan(1.1);
    const largest = Math.max(...values.map(Math.abs));
    if (distribution === "uniform") expect(largest).toBeLessThan(Math.sqrt(3) + 0.03);
    else expect(largest).toBeGreaterThan(2);
  });
});
