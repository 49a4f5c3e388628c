// Lists of layers, as a stranger writes them; every option is in test/layers/options.test.ts.
import { bad, bare, holed, refuses } from "../helpers/misuse.js";
import { Discriminator, Generator, type Layer, layers as l } from "../../lib/index.js";

const latent = { noise: 4 };
const build = (...layers: unknown[]) => new Generator(bad({ latent, layers }));
const judge = (...layers: unknown[]) => new Discriminator(bad({ image: [8, 4, 4], layers }));

/** Layers in layers in layers. */
function nested(depth: number, copies: number): Layer[] {
  let layers: Layer[] = [l.relu()];
  for (let level = 0; level < depth; ++level)
    layers = Array.from({ length: copies }, (_, i) => l.sequential(`s${i}`, layers));
  return layers;
}

/** A layer that is inside itself. */
function endless(): Layer {
  const layers: Layer[] = [];
  const layer = l.sequential("again", layers);
  layers.push(layer);
  return layer;
}

refuses("layers", [
  [
    "a layer that is not called",
    () => build(l.relu),
    "TypeError",
    "Expected a layer { type, ... } for layer 0 but received function relu",
  ],
  [
    "a layer by its name",
    () => build("relu"),
    "TypeError",
    'Expected a layer { type, ... } for layer 0 but received "relu"',
  ],
  [
    "a layer in an array",
    () => build([l.relu()]),
    "TypeError",
    'Expected a layer { type, ... } for layer 0 but received [{ type: "relu" }]',
  ],
  [
    "a layer of null",
    () => build(null),
    "TypeError",
    "Expected a layer { type, ... } for layer 0 but received null",
  ],
  [
    "a hole",
    () => new Generator({ latent, layers: holed([0, l.relu()], 0) }),
    "TypeError",
    "Expected a layer { type, ... } for layer 0 but received undefined",
  ],
  [
    "layers without end",
    () => new Generator({ latent, layers: bad(new Array(2 ** 32 - 1)) }),
    "TypeError",
    "Expected a layer { type, ... } for layer 0 but received undefined",
  ],
  [
    "layers in a Set",
    () => new Generator({ latent, layers: bad(new Set([l.relu()])) }),
    "TypeError",
    "Expected a non-empty array of layers for architecture.layers but received an instance of Set",
  ],
  [
    "a type of PyTorch",
    () => build({ type: "ReLU" }),
    "TypeError",
    'Expected relu for type of layer 0 but received "ReLU"',
  ],
  [
    "a type of the prototype",
    () => build({ type: "constructor" }),
    "TypeError",
    'Expected one of adaptiveAvgPool2d, avgPool2d, batchNorm1d, batchNorm2d, blur, conditionalBatchNorm2d, constant, conv2d, convTranspose2d, dropout, dropout2d, elu, embedding, equalized, flatten, gaussianNoise, gelu, globalSumPool2d, groupNorm, heads, instanceNorm2d, layerNorm, leakyRelu, linear, maxPool2d, maxout, minibatchDiscrimination, minibatchStdDev, mish, modulatedConv2d, noiseInjection, pixelNorm, pixelShuffle, pixelUnshuffle, prelu, projection, reconstructionError, reflectionPad2d, relu, replicationPad2d, residual, selfAttention2d, selu, sequential, sigmoid, silu, softplus, spectralNorm, styled, tanh, unflatten, upsample, zeroPad2d for type of layer 0 but received "constructor"',
  ],
  [
    "a type that is a class",
    () => build({ type: Array }),
    "TypeError",
    "Expected a layer { type, ... } for layer 0 but received { type: function Array }",
  ],
  [
    "PyTorch's name of an option",
    () => build({ ...l.linear(4), out_features: 4 }),
    "TypeError",
    'Expected the option outFeatures for 0 (linear) but received "out_features"',
  ],
  [
    "a strange option without a prototype",
    () => build(bare({ type: "relu", inplace: true })),
    "TypeError",
    'Expected only the options type, name for 0 (relu) but received "inplace"',
  ],
  [
    "null, which is not always the default in PyTorch",
    () => build(l.linear(4), l.batchNorm1d({ momentum: bad(null) })),
    "TypeError",
    "Expected a value for momentum of 1 (batchNorm1d) but received null",
  ],
  [
    "a width as text",
    () => build(l.linear(bad("64"))),
    "TypeError",
    'Expected a whole number of at least 1 for outFeatures of 0 (linear) but received "64"',
  ],
  [
    "a width as a BigInt",
    () => build(l.linear(bad(64n))),
    "TypeError",
    "Expected a whole number of at least 1 for outFeatures of 0 (linear) but received 64n",
  ],
  [
    "a width that is not exact",
    () => build(l.linear(2 ** 53)),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for outFeatures of 0 (linear) but received 9007199254740992",
  ],
  [
    "options that are a string",
    () => build(l.linear(4, bad("bias"))),
    "TypeError",
    'Expected an object of options for the last argument of linear() but received "bias"; what comes in is left out, and options have names',
  ],
  [
    "a name that is a number",
    () => build(l.linear(4, { name: bad(1) })),
    "TypeError",
    "Expected letters, digits and underscores for name of layer 0 but received 1",
  ],
  [
    "a name that is empty",
    () => build(l.linear(4, { name: "" })),
    "TypeError",
    'Expected letters, digits and underscores for name of layer 0 but received ""',
  ],
  [
    "a name that no text can be made of",
    () => build(l.linear(4, { name: bad([Object.create(null)]) })),
    "TypeError",
    "Expected letters, digits and underscores for name of layer 0 but received [{  }]",
  ],
  [
    "a name of nn.Module",
    () => build(l.linear(4, { name: "forward" })),
    "TypeError",
    'Expected a name that torch.nn.Module leaves free for name of layer 0 but received "forward"',
  ],
  [
    "a name with two underscores around",
    () => build(l.linear(4, { name: "__proto__" })),
    "TypeError",
    'Expected a name that torch.nn.Module leaves free for name of layer 0 but received "__proto__"',
  ],
  [
    "a path as a name",
    () => build(l.linear(4, { name: "../up" })),
    "TypeError",
    'Expected letters, digits and underscores for name of layer 0 but received "../up"',
  ],
  [
    "a sequential without layers",
    () => build(l.sequential("main", bad(undefined))),
    "TypeError",
    "Expected a non-empty array of layers for layers of main but received undefined",
  ],
  [
    "an empty sequential",
    () => build(l.sequential("main", [])),
    "TypeError",
    "Expected a non-empty array of layers for layers of main but received []",
  ],
  [
    "layers inside themselves",
    () => build(endless()),
    "ERR_ARCHITECTURE",
    "Expected at most 100 levels of layers for architecture.layers but received more",
  ],
  [
    "layers deeper than any network",
    () => build(...nested(101, 1)),
    "ERR_ARCHITECTURE",
    "Expected at most 100 levels of layers for architecture.layers but received more",
  ],
  [
    "a billion layers from thirty lists",
    () => build(...nested(30, 2)),
    "ERR_ARCHITECTURE",
    "Expected at most 10000 layers for architecture.layers but received more",
  ],
  [
    "a residual without its branch",
    () => build(l.residual(bad(undefined))),
    "TypeError",
    "Expected a non-empty array of layers for layers of 0.main but received undefined",
  ],
  [
    "a branch whose name no text can be made of",
    () =>
      build({
        type: "residual",
        layers: [{ type: "sequential", name: Object.create(null), layers: [l.relu()] }],
      }),
    "TypeError",
    'Expected sequentials named main, skip, of which only main must be there, for layers of 0 (residual) but received [{ type: "sequential", name: {  }, layers: [...] }]',
  ],
  [
    "branches of two shapes",
    () => build(l.residual([l.linear(8)])),
    "ERR_ARCHITECTURE",
    "Expected two branches that end in one shape for 0 (residual) but received main [8] and its input [4]; give it a skip that ends in [8]",
  ],
  [
    "an autoencoder of another shape",
    () => build(l.reconstructionError([l.linear(8)])),
    "ERR_ARCHITECTURE",
    "Expected layers that end in the shape of their input for 0 (reconstructionError) but received [8] of [4]",
  ],
  [
    "a reconstruction error by PyTorch's name",
    () => build(l.reconstructionError([l.linear(4)], { loss: bad("MSELoss") })),
    "TypeError",
    'Expected one of mse, l1 for loss of 0 (reconstructionError) but received "MSELoss"',
  ],
  [
    "heads that are null",
    () => judge(l.heads(bad(null))),
    "TypeError",
    "Expected an object { score, classes, codes } for heads but received null",
  ],
  [
    "a head nobody knows",
    () => judge(l.heads(bad({ score: [l.linear(1)], style: [l.linear(1)] }))),
    "TypeError",
    'Expected only the options score, classes, codes for heads but received "style"',
  ],
  [
    "heads without a score",
    () => judge(l.flatten(), l.heads(bad({ classes: [l.linear(3)] }))),
    "TypeError",
    "Expected a non-empty array of layers for layers of 1.score but received undefined",
  ],
  [
    "spectral normalisation of nothing",
    () => judge(l.flatten(), l.spectralNorm(bad(undefined))),
    "TypeError",
    "Expected one linear, conv2d, convTranspose2d, embedding or projection for layers of 1 (spectralNorm) but received [undefined]",
  ],
  [
    "spectral normalisation of an activation",
    () => judge(l.flatten(), l.spectralNorm(l.relu())),
    "TypeError",
    'Expected one linear, conv2d, convTranspose2d, embedding or projection for layers of 1 (spectralNorm) but received "relu"',
  ],
  [
    "an equalized learning rate of nothing",
    () => build(l.equalized(bad(undefined))),
    "TypeError",
    "Expected one linear, conv2d or convTranspose2d for layers of 0 (equalized) but received [undefined]",
  ],
  [
    "an equalized learning rate of what has none",
    () => build(l.equalized(l.spectralNorm(l.linear(4)))),
    "TypeError",
    'Expected one linear, conv2d or convTranspose2d for layers of 0 (equalized) but received "spectralNorm"',
  ],
  [
    "styles of nothing",
    () => build(l.styled(bad(null))),
    "TypeError",
    "Expected an object { mapping, synthesis } for styled but received null",
  ],
  [
    "styles of more",
    () => build(l.styled(bad({ mapping: [l.relu()], synthesis: [l.relu()], noise: [l.relu()] }))),
    "TypeError",
    'Expected only the options mapping, synthesis for styled but received "noise"',
  ],
  [
    "styles for nobody",
    () => build(l.styled(bad({ mapping: [l.linear(4)] }))),
    "TypeError",
    "Expected a non-empty array of layers for layers of 0.synthesis but received undefined",
  ],
  [
    "styles the wrong way round",
    () =>
      build({
        type: "styled",
        layers: [l.sequential("synthesis", [l.relu()]), l.sequential("mapping", [l.relu()])],
      }),
    "TypeError",
    'Expected sequentials named mapping and synthesis for layers of 0 (styled) but received [{ type: "sequential", name: "synthesis", layers: [...] }, { type: "sequential", name: "mapping", layers: [...] }]',
  ],
  [
    "a kernel larger than the image",
    () => judge(l.conv2d(8, 5)),
    "ERR_ARCHITECTURE",
    "Expected height and width of at least 5 x 5 after padding 0 x 0 for 0 (conv2d) but received an input of [8, 4, 4]",
  ],
  [
    "a kernel of three sides",
    () => judge(l.conv2d(8, bad([3, 3, 3]))),
    "TypeError",
    "Expected an array of 2 whole numbers for kernelSize of 0 (conv2d) but received [3, 3, 3]",
  ],
  [
    "a padding by name",
    () => judge(l.conv2d(8, 3, { padding: bad("same") })),
    "TypeError",
    'Expected a whole number of at least 0 for padding of 0 (conv2d) but received "same"',
  ],
  [
    "a padding that no memory holds",
    () => judge(l.conv2d(8, 3, { padding: 2 ** 40 })),
    "ERR_ARCHITECTURE",
    "Expected tensors of at most 1099511627776 numbers for 0 (conv2d) but received [8, 2199023255554, 2199023255554]",
  ],
  [
    "a scale that no memory holds",
    () => judge(l.upsample(2 ** 30)),
    "ERR_ARCHITECTURE",
    "Expected tensors of at most 1099511627776 numbers for 0 (upsample) but received [8, 4294967296, 4294967296]",
  ],
  [
    "an embedding without classes",
    () => judge(l.embedding(4), l.flatten(), l.linear(1)),
    "ERR_ARCHITECTURE",
    "Expected a discriminator with classes for 0 (embedding) but received one without",
  ],
  [
    "a linear layer on an image",
    () => judge(l.linear(1)),
    "ERR_ARCHITECTURE",
    "Expected an input of [features] for 0 (linear) but received an input of [8, 4, 4]; put flatten() before it",
  ],
  [
    "a batch normalisation of the other rank",
    () => judge(l.batchNorm1d()),
    "ERR_ARCHITECTURE",
    "Expected an input of [features] for 0 (batchNorm1d) but received an input of [8, 4, 4]",
  ],
]);
