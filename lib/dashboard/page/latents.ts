// Asks the server's generators for samples, and cuts the answer into pictures.
import type { ExploreRequest } from "./protocol.js";

const token = document.querySelector<HTMLMetaElement>('meta[name="token"]')?.content ?? "";

export interface Explored {
  /** All samples side by side; there only while they are shown. */
  readonly picture: ImageBitmap;
  readonly count: number;
  /** Steps that the generator was trained; undefined where nothing tells. */
  readonly step: number | undefined;
  readonly averaged: boolean;
  /** The time that the generator took for it. */
  readonly milliseconds: number;
}

/** Asks for samples and shows them. Rejects with a sentence. */
export async function explore(
  request: ExploreRequest,
  show: (found: Explored) => void,
): Promise<void> {
  const answer = await fetch("/api/explore", {
    method: "POST",
    headers: { "content-type": "application/json", "x-sparring-token": token },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new Error("The dashboard does not answer.");
  });
  if (!answer.ok) throw new Error((await answer.json()).error);
  const step = answer.headers.get("x-step");
  const picture = await createImageBitmap(await answer.blob());
  show({
    picture,
    count: request.points.length,
    step: step === "null" || step === null ? undefined : Number(step),
    averaged: answer.headers.get("x-averaged") === "true",
    milliseconds: Number(answer.headers.get("x-milliseconds")),
  });
  // Its pixels lie where no garbage collector sees them.
  picture.close();
}

/** Draws sample `index` on a canvas, pixel for pixel. */
export function drawSample(
  canvas: HTMLCanvasElement,
  { picture, count }: Explored,
  index: number,
): void {
  const [width, { height }] = [picture.width / count, picture];
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, index * width, 0, width, height, 0, 0, width, height);
}

/** One piece of work at a time; of those that come meanwhile, only the last is done. */
export class Latest<T> {
  readonly #work: (value: T) => Promise<void>;
  #busy = false;
  #next: { readonly value: T } | undefined;

  constructor(work: (value: T) => Promise<void>) {
    this.#work = work;
  }

  do(value: T): void {
    this.#next = { value };
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#next !== undefined) {
      const { value } = this.#next;
      this.#next = undefined;
      await this.#work(value);
    }
    this.#busy = false;
  }
}
