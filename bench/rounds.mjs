// --rounds, for all questions.

/**
 * How many turns each contestant has.
 *
 * @param {{ rounds?: number, quick: boolean }} options as the command line has them
 * @param {number} [usual] where it does not say, and nobody is in a hurry
 */
export const roundsOf = ({ rounds, quick }, usual = 9) =>
  rounds ?? (quick ? Math.min(usual, 3) : usual);
