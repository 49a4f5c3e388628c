// What the page writes on its canvases, which are pictures: the numbers at the axes of its charts.
import type { Page } from "playwright-core";

/** A text on a canvas, in the canvas's own pixels. */
export interface Written {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Where it begins and ends across. */
  readonly from: number;
  readonly to: number;
  /** Whether it stands beside an axis that goes up; below one that goes across otherwise. */
  readonly beside: boolean;
  /** Which canvas it is on, and how wide that is. */
  readonly canvas: number;
  readonly width: number;
}

/** What the page knows of a canvas; these tests are compiled without a DOM. */
interface Context {
  readonly canvas: { readonly width: number };
  readonly textAlign: string;
  measureText(text: string): { readonly width: number };
  fillText(text: string, x: number, y: number): void;
}

/** Notes from now on what is written on canvases. Before the page is opened. */
export async function noteWritten(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { CanvasRenderingContext2D: canvas } = globalThis as unknown as {
      CanvasRenderingContext2D: { prototype: Context };
    };
    const { fillText } = canvas.prototype;
    const written: Written[] = [];
    const canvases: object[] = [];
    Object.assign(globalThis, { written });
    canvas.prototype.fillText = function (this: Context, text, x, y) {
      const length = this.measureText(text).width;
      const beside = this.textAlign === "right";
      const from = beside ? x - length : x - length / 2;
      if (!canvases.includes(this.canvas)) canvases.push(this.canvas);
      const place = { canvas: canvases.indexOf(this.canvas), width: this.canvas.width };
      written.push({ text, x, y, from, to: from + length, beside, ...place });
      fillText.call(this, text, x, y);
    };
  });
}

/** What was written since the page was opened, or since `forgetWritten()`. */
export const written = async (page: Page): Promise<Written[]> =>
  (await page.evaluate("written")) as Written[];

export async function forgetWritten(page: Page): Promise<void> {
  await page.evaluate("written.length = 0");
}

/** The numbers below curves, from left to right. */
export async function numbersBelow(page: Page): Promise<string[]> {
  const below = (await written(page)).filter(({ beside }) => !beside);
  return [...new Set(below.toSorted((a, b) => a.x - b.x).map(({ text }) => text))];
}
