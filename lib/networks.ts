// The two players.
export type {
  Codes,
  Executed,
  Labels,
  SampleOptions,
  Truncated,
} from "./networks/conditions.js";
export { Discriminator } from "./networks/discriminator.js";
export { Generator, type GeneratorLoadOptions } from "./networks/generator.js";
export type { NetworkOptions } from "./networks/network.js";
