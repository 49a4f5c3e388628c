// Everything that needs python3: where its torch lies, and downloads by pip.
import { run } from "./command.mjs";

// Finding the package does not import it: importing torch takes seconds.
const findTorch = `
import importlib.util
spec = importlib.util.find_spec("torch")
print(list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else "")
`;

/**
 * The folder of the torch package that python3 would import.
 * @returns {Promise<{ folder: string, problem?: undefined } | { folder?: undefined, problem: string
 *   }>}
 */
export async function importableTorch() {
  // From the root folder, because python -c looks into the current one first.
  const { code, output, stdout } = await run("python3", ["-c", findTorch], { cwd: "/" });
  if (code === null) return { problem: "no python3 on the PATH" };
  if (code !== 0) return { problem: `python3 failed: ${lastLine(output)}` };
  const folder = stdout.trim();
  return folder ? { folder } : { problem: "python3 has no torch" };
}

/** Why pip cannot be used, or null where it can. */
export async function pipProblem() {
  const { code } = await run("python3", ["-m", "pip", "--version"], { cwd: "/" });
  if (code === null) return "no python3 on the PATH";
  return code === 0 ? null : "python3 has no pip";
}

// A wheel is a zip: which Python it is meant for does not matter, so one that always exists is
// asked for.
const minors = Array.from({ length: 24 }, (_, index) => 28 - index);
const target = [
  "--only-binary=:all:",
  ...["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"],
  // pip takes each tag at its word: it does not know that a system for the newest one runs the
  // older ones too.
  ...[
    ...minors.map((minor) => `manylinux_2_${minor}`),
    "manylinux2014",
    "manylinux2010",
    "manylinux1",
  ].flatMap((tag) => ["--platform", `${tag}_x86_64`]),
];
// An index that does not answer is given up soon; pip's default waits for minutes.
const patience = ["--retries", "1", "--timeout", "30", "--disable-pip-version-check", "--no-input"];

/**
 * Downloads wheels for Linux on x86-64.
 * @param {string[]} requirements
 * @param {{ folder: string, index?: string, dependencies?: boolean, verbose?: boolean }} options
 *   `index` is asked in addition to the user's own ones
 * @returns {Promise<string | null>} why it failed, null where it did not
 */
export async function downloadWheels(
  requirements,
  { folder, index, dependencies = false, verbose },
) {
  const options = [...target, ...patience, "--progress-bar", "off", "--dest", folder];
  if (index) options.push("--extra-index-url", index);
  if (!dependencies) options.push("--no-deps");
  // pip writes to its temporary folder first: /tmp is often too small for a CUDA build.
  const env = { ...process.env, TMPDIR: folder };
  const { code, output } = await run(
    "python3",
    ["-m", "pip", "download", ...options, ...requirements],
    { cwd: "/", env, verbose },
  );
  return code === 0 ? null : lastError(output);
}

/**
 * pip's last ERROR line says the reason, unless that one only points to a page; lines before it say
 * what it tried.
 */
function lastError(output) {
  const errors = output
    .split("\n")
    .filter((line) => line.startsWith("ERROR:") && !line.includes("ResolutionImpossible"));
  return (errors.at(-1) ?? lastLine(output)).replace(/^ERROR: /, "").replace(/\.$/, "");
}

function lastLine(output) {
  return output.trim().split("\n").at(-1);
}
