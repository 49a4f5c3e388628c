// Numbers that nobody chose, the same ones for a seed everywhere.

/** A generator of random numbers (Mulberry32), and what can be made of them. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) + 12345) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  of<T>(...items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** One for both axes, or one for each. */
  pair(from: number, to: number): number | [number, number] {
    const one = () => this.integer(from, to);
    return this.chance(0.6) ? one() : [one(), one()];
  }

  /** What one of the makers makes, chosen by their weights. */
  weighed<T>(makers: readonly (readonly [weight: number, make: () => T])[]): T {
    let place = this.next() * makers.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of makers) {
      place -= weight;
      if (place < 0) return make();
    }
    return (makers[0] as (typeof makers)[number])[1]();
  }
}
