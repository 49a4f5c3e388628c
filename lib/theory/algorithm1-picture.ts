// Four panels: the value by k, how far p_g is from p_data, D trained too far, and what it is worth.
import { type Chart, colours } from "../charts.js";
import type { Algorithm1, Game } from "./algorithm1.js";
import { dashed, dotted, type Panel, panel, pointsOf, row } from "./panel.js";

const gameColours = [colours.orange, colours.sky, colours.blue];
const size = { width: 225, height: 210 };

export function draw(figures: Algorithm1): Chart {
  const { data, generator, overtrained } = figures;
  return row(
    {
      text: "Algorithm 1: k steps of D for each of G, and a D that is trained too far",
      // As long as the panels at most: on one line the picture would be wider than they are.
      subtitle: [
        `p_data = N(${data.mean}, ${data.deviation}²), p_g = N(${String(generator.mean).replace("-", "−")}, ${generator.deviation}²) at the start.`,
        `In the two panels on the right G waits, and D sees the same ${overtrained.samples.length} samples again and again.`,
      ],
    },
    [value(figures), distance(figures), tooFar(figures), worth(figures)],
  );
}

const nameOf = (game: Game) => `k = ${game.discriminatorSteps}`;

function value({ games, step, minusLog4 }: Algorithm1): Chart {
  const ends = [0, step.at(-1) as number];
  return panel({
    ...size,
    title: "the value of the game",
    x: { title: "steps of G" },
    y: { title: "V(D, G)" },
    curves: [
      {
        name: "−log 4",
        colour: colours.grey,
        dash: dotted,
        points: pointsOf(ends, [minusLog4, minusLog4]),
      },
      ...games.map((game, i) => ({
        name: nameOf(game),
        colour: gameColours[i] as string,
        width: 1.5,
        points: pointsOf(step, game.value),
      })),
    ],
    legendColumns: 2,
  });
}

function distance({ games, step, minusLog4 }: Algorithm1): Chart {
  const least = 1e-6;
  return panel({
    ...size,
    title: "how far p_g is from p_data",
    x: { title: "steps of G" },
    y: { title: "JSD(p_data ‖ p_g)", log: true, domain: [least, 0.7], powers: true },
    curves: games.map((game, i) => ({
      name: nameOf(game),
      colour: gameColours[i] as string,
      width: 1.5,
      points: pointsOf(
        step,
        game.criterion.map((one) => Math.max(least, (one - minusLog4) / 2)),
      ),
    })),
    legendColumns: 3,
  });
}

function tooFar({ overtrained }: Algorithm1): Chart {
  const { x, early, late, best, samples } = overtrained;
  const curve = (name: string, colour: string, ys: readonly number[], look: object) => ({
    name,
    colour,
    points: pointsOf(x, ys),
    ...look,
  });
  return panel({
    ...size,
    title: `D, learning from ${samples.length} samples`,
    x: { title: "x" },
    y: { title: "D(x)", domain: [-0.06, 1.06] },
    curves: [
      curve("D*", colours.amber, best, { width: 4 }),
      curve("D early", colours.blue, early, { dash: dashed, width: 1.5 }),
      curve("D in the end", colours.purple, late, { width: 1.5 }),
    ],
    marks: [
      {
        name: "the samples",
        colour: colours.black,
        points: samples.map((at) => ({ x: at, y: -0.03 })),
      },
    ],
    legendColumns: 2,
  } satisfies Panel);
}

function worth({ overtrained }: Algorithm1): Chart {
  const { step, valueOnSamples, value, criterion } = overtrained;
  const ends = [1, step.at(-1) as number];
  return panel({
    ...size,
    title: "the value of that D",
    x: { title: "steps of D", log: true },
    y: { title: "V(D, G)" },
    curves: [
      {
        name: "C(G)",
        colour: colours.grey,
        dash: dotted,
        points: pointsOf(ends, [criterion, criterion]),
      },
      { name: "V on the samples", colour: colours.purple, points: pointsOf(step, valueOnSamples) },
      { name: "V on all data", colour: colours.green, points: pointsOf(step, value) },
    ],
    legendColumns: 1,
  });
}
