// The layers inside a layer: branches, heads, and how deep they go.
import { describe, expect, it } from "vitest";
import { type Layer, layers as l } from "../../lib/index.js";
import { judge, make, refusal } from "../helpers/layers.js";

const flat = l.flatten();

describe("layers inside a layer", () => {
  const none = "a non-empty array of layers";
  const branches = (names: string, first: string) =>
    `sequentials named ${names}, of which only ${first} must be there,`;
  const main = l.sequential("main", [l.relu()]);
  const skip = l.sequential("skip", [l.relu()]);
  const autoencoder = l.sequential("autoencoder", [l.relu()]);
  const raw = (type: string, layers?: unknown) => ({ type, layers }) as Layer;

  it.each<[string, () => unknown, string]>([
    [
      "no sequence",
      make(l.sequential("a", "relu" as never)),
      `${none} for layers of a but received "relu"`,
    ],
    ["an empty sequence", make(l.sequential("a", [])), `${none} for layers of a but received []`],
    [
      "no main branch",
      make(l.residual(undefined as never)),
      `${none} for layers of 0.main but received undefined`,
    ],
    [
      "a skip that is none",
      make(l.residual([l.relu()], null as never)),
      `${none} for layers of 0.skip but received null`,
    ],
    [
      "no branches",
      make(raw("residual")),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received undefined`,
    ],
    [
      "a skip alone",
      make(raw("residual", [skip])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "skip", layers: [...] }]`,
    ],
    [
      "branches the other way round",
      make(raw("residual", [skip, main])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "skip", layers: [...] }, { type: "sequential", name: "main", layers: [...] }]`,
    ],
    [
      "a branch that is no sequential",
      make(raw("residual", [main, l.relu()])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "main", layers: [...] }, { type: "relu" }]`,
    ],
    [
      "no heads",
      () => l.heads(undefined as never),
      "an object { score, classes, codes } for heads but received undefined",
    ],
    [
      "a head of another name",
      () => l.heads({ score: [], labels: [] } as never),
      'only the options score, classes, codes for heads but received "labels"',
    ],
    [
      "heads without a score",
      judge(flat, l.heads({} as never)),
      `${none} for layers of 1.score but received undefined`,
    ],
    [
      "heads without layers",
      judge(flat, raw("heads", [])),
      `${branches("score, classes, codes", "score")} for layers of 1 (heads) but received []`,
    ],
    [
      "a reconstruction error of nothing",
      make(l.reconstructionError(undefined as never)),
      `${none} for layers of 0.autoencoder but received undefined`,
    ],
    [
      "a reconstruction error without layers",
      make(raw("reconstructionError")),
      "one sequential named autoencoder for layers of 0 (reconstructionError) but received undefined",
    ],
    [
      "a reconstruction error of two autoencoders",
      make(raw("reconstructionError", [autoencoder, autoencoder])),
      'one sequential named autoencoder for layers of 0 (reconstructionError) but received [{ type: "sequential", name: "autoencoder", layers: [...] }, { type: "sequential", name: "autoencoder", layers: [...] }]',
    ],
    [
      "a reconstruction error in another unit",
      make(l.reconstructionError([l.relu()], { loss: "l2" as never })),
      'one of mse, l1 for loss of 0 (reconstructionError) but received "l2"',
    ],
    [
      "a loss that is no option",
      () => l.reconstructionError([l.relu()], "l1" as never),
      'an object of options for the last argument of reconstructionError() but received "l1"; what comes in is left out, and options have names',
    ],
    [
      "spectral normalisation of nothing",
      make(l.spectralNorm(undefined as never)),
      "one linear, conv2d, convTranspose2d, embedding or projection for layers of 0 (spectralNorm) but received [undefined]",
    ],
    [
      "spectral normalisation of no weight",
      make(l.spectralNorm(l.relu())),
      'one linear, conv2d, convTranspose2d, embedding or projection for layers of 0 (spectralNorm) but received "relu"',
    ],
    [
      "spectral normalisation of two layers",
      make(raw("spectralNorm", [l.linear(1), l.linear(1)])),
      'one linear, conv2d, convTranspose2d, embedding or projection for layers of 0 (spectralNorm) but received [{ type: "linear", outFeatures: 1 }, { type: "linear", outFeatures: 1 }]',
    ],
    [
      "a layer of no type",
      make(l.residual([{ kind: "relu" } as never])),
      'a layer { type, ... } for layer 0.main.0 but received { kind: "relu" }',
    ],
  ])("are refused: %s", (_, call, sentence) => {
    const error = refusal(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.message).toBe(`Expected ${sentence}`);
  });

  it("are at most 100 levels deep, so that neither a long file nor a circle ends the stack", () => {
    const nested = (depth: number): Layer =>
      depth === 1 ? l.relu() : l.sequential("a", [nested(depth - 1)]);
    expect(make(nested(101))().output).toEqual([32]);
    const circle = { ...l.sequential("a", []), layers: [] as Layer[] };
    circle.layers.push(circle);
    for (const layer of [nested(102), nested(5_000), circle])
      expect(refusal(make(layer))).toMatchObject({
        code: "ERR_ARCHITECTURE",
        message: "Expected at most 100 levels of layers for architecture.layers but received more",
      });
  });
});
