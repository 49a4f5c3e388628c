import { setupCommand } from "./name.mjs";
import { cudaFlavour, pinned, range } from "./versions.mjs";

/**
 * What is printed where no libtorch could be had: each way, why it failed, and the command that
 * makes it work.
 * @param {{ way: string, problem: string }[]} attempts
 * @param {{ cuda: boolean }} options
 */
export function failureScreen(attempts, { cuda }) {
  const flavour = cuda ? cudaFlavour : "cpu";
  const page = "https://pytorch.org/get-started/locally";
  const install = `python3 -m pip install torch==${pinned} --index-url https://download.pytorch.org/whl/${flavour}`;
  const tried = attempts.map(({ way, problem }) => `  - ${way}: ${problem}`);
  return [
    `Expected libtorch ${range} for the native addon but received none of these:`,
    ...tried,
    "",
    `Any one of these ways is enough; run \`${setupCommand}\` afterwards:`,
    "  1. Name a libtorch that is already here (a folder with include/ and lib/, or a site-packages folder):",
    `       LIBTORCH=/path/to/libtorch ${setupCommand}`,
    "  2. Install PyTorch for python3, whose torch package is a libtorch:",
    `       ${install}`,
    `  3. Unzip LibTorch (Linux, C++, ${cuda ? "CUDA" : "CPU"}) from ${page} and name it as in 1.`,
    "  4. Let the set-up download it: it needs the network, python3 and pip:",
    "       sudo apt install python3-pip     (Fedora: sudo dnf install python3-pip)",
    ...(cuda ? ["  5. Do without CUDA:", `       ${setupCommand}     (without --cuda)`] : []),
  ].join("\n");
}
