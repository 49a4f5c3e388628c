// Losses as text that nobody wrote.
import { type Objective, objectives } from "../../lib/index.js";
import type { Draw } from "./draw.js";

type Names = readonly string[];

const number = (draw: Draw) => draw.of("0.5", "2", "1", "0.3", "1e-2");

/** A term of those scores that is no sum, and whose numbers end for scores of any size. */
function term(draw: Draw, names: Names, depth: number): string {
  const inner = () => value(draw, names, depth - 1);
  return draw.of(
    () => `tanh(${inner()})`,
    () => `sigmoid(${inner()})`,
    () => `softplus(${inner()})`,
    () => `relu(${inner()})`,
    () => `abs(${inner()})`,
    () => `square(${inner()})`,
    () => `exp(-abs(${inner()}))`,
    () => `log(softplus(${inner()}) + ${number(draw)})`,
    () => `sqrt(abs(${inner()}) + ${number(draw)})`,
    () => `pow(sigmoid(${inner()}) + 0.1, ${draw.of("2", "0.5", "3")})`,
    () => `max(${inner()}, ${number(draw)})`,
    () => `min(${inner()}, ${inner()})`,
    () => `${number(draw)} * softplus(${inner()})`,
    () => `tanh(${inner()}) / ${number(draw)}`,
    () => `sigmoid(${inner()}) * abs(${inner()})`,
    () => `abs(${inner()}) / (1 + square(${inner()}))`,
  )();
}

/** What a function is of: a score, or more of them. */
function value(draw: Draw, names: Names, depth: number): string {
  const one = () => draw.of(...names);
  if (depth <= 0) return draw.chance(0.15) ? `mean(${one()})` : one();
  return draw.of(
    () => term(draw, names, depth),
    () => `${term(draw, names, depth)} + ${number(draw)}`,
    () => `${number(draw)} - ${one()}`,
    () => `${one()} - (${term(draw, names, depth)})`,
    () => `-${one()}`,
  )();
}

/** Both of them: a formula that is not a sum of one of reals and one of fakes. */
function ofPairs(draw: Draw): string {
  const [left, right] = draw.of(["real", "fake"], ["fake", "real"]) as [string, string];
  const depth = draw.integer(0, 1);
  const whole = `${value(draw, [left], depth)} - (${value(draw, [right], depth)})`;
  return draw.of(
    () => `softplus(${whole})`,
    () => `square(${whole} - ${number(draw)})`,
    () => `relu(1 + ${whole})`,
  )();
}

function ofEach(draw: Draw): string {
  return `${term(draw, ["real"], draw.integer(1, 2))} + ${term(draw, ["fake"], draw.integer(1, 2))}`;
}

/** A formula in place of that objective, with its penalties and auxiliaries. */
export function drawFormula(draw: Draw, { penalties, auxiliaries }: Objective): Objective {
  return objectives.formula({
    generator: draw.chance(0.3) ? ofPairs(draw) : term(draw, ["fake"], draw.integer(1, 2)),
    discriminator: draw.chance(0.4) ? ofPairs(draw) : ofEach(draw),
    ...{ penalties, auxiliaries },
  });
}
