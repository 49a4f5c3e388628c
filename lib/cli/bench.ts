// `sparring bench`: the benchmark against PyTorch, which is a program of its own in bench/.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { signals, toExitCode } from "./stop.js";

const program = fileURLToPath(new URL("../../bench/main.mjs", import.meta.url));

export function benchCommand(onExit: (code: number) => void): Command {
  // It reads its own command line, --help included.
  return new Command("bench")
    .description("Measure Sparring against PyTorch, in turn, on this machine.")
    .usage("[options]")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .addHelpText("after", "\n`sparring bench --help` shows what it can be asked.")
    .action(async (_options: unknown, { args }: Command) => onExit(await bench(args)));
}

async function bench(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, SPARRING_BENCH: "sparring bench" },
    stdio: "inherit",
  });
  // A terminal sends Ctrl+C to both, `kill` sends it to this process alone. The benchmark clears up behind itself, and a second
  // SIGINT would end it in the middle of that: what is sent on is a signal that it still listens to then.
  let came: NodeJS.Signals | undefined;
  const forward = (signal: NodeJS.Signals) => {
    came ??= signal;
    child.kill("SIGTERM");
  };
  for (const signal of signals) process.on(signal, forward);
  try {
    const [code] = await once(child, "close");
    return came === undefined ? (code ?? 1) : toExitCode(came);
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
