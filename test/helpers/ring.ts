// Eight Gaussians on a circle of radius 2: the points that a GAN is first tried on.
import { type Dataset, datasets, layers as l } from "../../lib/index.js";

export const radius = 2;
export const deviation = 0.02;

/** Points of the ring, x and y in turn, always the same: normal numbers of a linear congruence by Box and Muller. */
export function ringOfGaussians(count: number): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  const points = Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / 8;
    const away = deviation * Math.sqrt(-2 * Math.log(uniform()));
    const turn = 2 * Math.PI * uniform();
    return [
      radius * Math.cos(angle) + away * Math.cos(turn),
      radius * Math.sin(angle) + away * Math.sin(turn),
    ];
  });
  return Float32Array.from(points.flat());
}

export function ringData(count: number): Promise<Dataset> {
  return datasets.fromValues(ringOfGaussians(count), { shape: [count, 2] });
}

/** Hidden layers of MLPs on vectors. @param norm BatchNorm1d before each ReLU */
export function hiddenLayers({ norm = false, width = 128 } = {}) {
  const one = () => [l.linear(width), ...(norm ? [l.batchNorm1d()] : []), l.relu()];
  return [...one(), ...one()];
}
