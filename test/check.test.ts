// What only a program with two copies of Sparring meets: an object of the right name that is none of ours.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { made } from "../lib/check.js";
import { architectures, Discriminator } from "../lib/index.js";

const refusal = (value: unknown) => {
  try {
    made(value, "discriminator", Discriminator, "a Discriminator");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("Expected a refusal");
};
const ours = "Expected a Discriminator for discriminator but received an instance of Discriminator";
const architecture = architectures.mlp({ image: [1, 4, 4] });

describe("a network of another copy of sparring", () => {
  it("is told from ours, which it is named like", async () => {
    // The compiled package beside the sources: as two folders of node_modules that hold it.
    const path = fileURLToPath(new URL("../dist/index.js", import.meta.url));
    const other: typeof import("../lib/index.js") = await import(path);
    using network = new other.Discriminator(architecture);
    expect(refusal(network)).toBe(`${ours} of another copy of sparring`);
  });

  it("is none where all it has is the methods: a user's wrapper has them, too", async () => {
    const methods = Object.getOwnPropertyNames(Discriminator.prototype);
    class Wrapper {}
    for (const method of methods)
      if (method !== "constructor") Object.defineProperty(Wrapper.prototype, method, { value: 1 });
    expect(refusal(new Wrapper())).toBe(ours.replace(/Discriminator$/, "Wrapper"));
  });

  it("is none of ours, nor what a user named so", () => {
    using network = new Discriminator(architecture);
    expect(made(network, "discriminator", Discriminator, "a Discriminator")).toBe(network);
    expect(refusal(Object.create(Discriminator.prototype))).toBe(ours);
    expect(refusal(new { Discriminator: class Discriminator {} }.Discriminator())).toBe(ours);
    expect(refusal(Object.create(null))).toBe(
      "Expected a Discriminator for discriminator but received {  }",
    );
  });
});
