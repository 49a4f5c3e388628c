// What becomes of output that nobody reads, or that there is no room for. Imported for that alone,
// and by the programs that child.ts starts, which know nothing of it.
import { expected } from "../errors.js";
import { reason } from "../reason.js";

// The reader of a pipe may leave early (`sparring --help | head -1`): that is its right, not an
// error. While a run goes on, stop.ts listens too.
process.stderr.on("error", () => {});
// On a full disk it loses what was asked for: that is known when all of it has been tried.
let failure: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") failure ??= error;
});
process.once("beforeExit", () => {
  if (failure === undefined || (process.exitCode ?? 0) !== 0) return;
  process.stderr.write(`${expected("a writable stream", "stdout", reason(failure))}\n`);
  process.exitCode = 1;
});
