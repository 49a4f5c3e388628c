// The explorer's own process: it draws, and neither the server nor a training waits for it.
import { constants, setPriority } from "node:os";
import { setThreads } from "../../device.js";
import { isMisuse } from "../../errors.js";
import { drawPoints } from "../../run/latent-points.js";
import { Generators } from "./generators.js";
import type { Answer, Question } from "./messages.js";

// A training on the same machine goes first.
setPriority(constants.priority.PRIORITY_LOW);
await setThreads(1);
const generators = new Generators();
let before: Promise<void> = Promise.resolve();

process.on("disconnect", () => process.exit());
process.on("message", (question: Question) => {
  // One after the other: the generators that are loaded stay few.
  before = before.then(() => answer(question));
});

async function answer(question: Question): Promise<void> {
  const began = performance.now();
  try {
    const { generator, step, averaged } = await generators.get(question);
    const images = await drawPoints(generator, question);
    const png = await images.toPng({ columns: question.points.length, padding: 0 });
    const milliseconds = performance.now() - began;
    tell({ id: question.id, png, step, averaged, milliseconds });
  } catch (error) {
    const { message } = error as Error;
    tell({ id: question.id, error: message, isMisuse: isMisuse(error) });
  }
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
