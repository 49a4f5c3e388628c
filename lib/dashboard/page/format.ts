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

/** `1.2k`, `15k`, `3M`: for axes. */
export function short(value: number): string {
  if (Math.abs(value) >= 1e6) return `${trim(value / 1e6)}M`;
  if (Math.abs(value) >= 1e4) return `${trim(value / 1e3)}k`;
  return whole(value);
}

const trim = (value: number) => plain(Number(value.toPrecision(3)));

/** Three or four digits, without zeros that say nothing. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return whole(value);
  if (size !== 0 && size < 0.001) return minus(value.toExponential(1));
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
