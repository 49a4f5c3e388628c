// Writes the cases as data for a machine without Node:
//   node bench/gpu/export.mjs > bench/gpu/cases.json
import { Discriminator, Generator, Trainer } from "sparring";
import { addon } from "../../dist/addon.js";
import { cases, imageOf } from "../cases.mjs";

/** What the addon is given for a trainer, and nothing is trained. */
function nativeOptions(options) {
  const native = addon();
  const { Trainer: original } = native;
  let seen;
  native.Trainer = function Seen(_players, given) {
    seen = given;
    return { stop() {}, dispose() {} };
  };
  try {
    new Trainer(options).dispose();
  } finally {
    native.Trainer = original;
  }
  return seen;
}

/** Only what native code reads. */
function plain({ type, name, options, layers }) {
  return { type, name, options, layers: layers.map(plain) };
}

export function exportCases() {
  return cases.map((one) => {
    const generator = new Generator(one.pair.generator, { seed: 0 });
    const discriminator = new Discriminator(one.pair.discriminator);
    const { objective, optimizer, order = "generatorFirst" } = one.training;
    const { discriminatorSteps = 1, generatorSteps = 1 } = one.training;
    return {
      name: one.name,
      title: one.title,
      batch: one.batch,
      image: imageOf(one),
      objective,
      optimizer,
      order,
      discriminatorSteps,
      generatorSteps,
      noise: generator.latent.noise,
      generator: generator.toPyTorch(),
      discriminator: discriminator.toPyTorch(),
      generatorLayers: generator.resolved.layers.map(plain),
      discriminatorLayers: discriminator.resolved.layers.map(plain),
      options: nativeOptions({ ...one.training, generator, discriminator }),
    };
  });
}

if (import.meta.filename === process.argv[1]) console.log(JSON.stringify(exportCases(), null, 1));
