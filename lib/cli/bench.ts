// `sparring bench`: the benchmark against PyTorch, which is a program of its own in bench/.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";

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
  // A terminal sends Ctrl+C to both, and the benchmark clears up behind itself; others send to this process alone.
  const forward = { SIGINT: () => {}, SIGTERM: () => child.kill("SIGTERM") };
  for (const [signal, handler] of Object.entries(forward)) process.on(signal, handler);
  try {
    const [code] = await once(child, "close");
    return code ?? 1;
  } finally {
    for (const [signal, handler] of Object.entries(forward)) process.off(signal, handler);
  }
}
