// Figures as a reader likes them.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A number with all its digits. */
export const plain = (value: number) => minus(String(value));

/** With the sign that is as wide as a plus, and that is read out: a hyphen is passed over. */
const minus = (text: string) => text.replaceAll("-", "−");

const whole = (value: number) => minus(grouped.format(value));

/** `60,000`; a dash for what is not known. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : whole(value);
}

/** Numbers from here on, and those nearer to zero than the other, are written as powers of ten. */
const [beyond, within] = [1e9, 1e-3];

/** Without what binary fractions add: 0.1 + 0.2 is 0.3. */
const exact = (value: number) => Number(value.toPrecision(10));

/** `1.2e−7` of what toExponential() writes. */
const power = (text: string) => minus(text.replace("+", "").replace(".0e", "e"));

/**
 * `0.25`, `1,200`, `15k`, `3M`, `1e12`: for axes, whose numbers are round. All digits are there, as
 * two that stand side by side may differ in the last.
 */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= beyond || (size !== 0 && size < within)) return power(exact(value).toExponential());
  if (size >= 1e6) return `${plain(exact(value / 1e6))}M`;
  if (size >= 1e4) return `${plain(exact(value / 1e3))}k`;
  return Number.isInteger(value) ? whole(value) : plain(exact(value));
}

/** Three or four digits, without zeros that say nothing. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= beyond || (size !== 0 && size < within)) return power(value.toExponential(1));
  if (size >= 1000) return whole(value);
  return plain(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

/** `0:42`, `1:02:03` */
export function clock(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  const rest = String(all % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
