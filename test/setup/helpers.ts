import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sparring-setup-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Files that look like a libtorch to the set-up: it reads headers and looks for libraries, it loads nothing. */
export function fakeLibtorch(
  folder: string,
  version = "2.13.0",
  cuda: string | null = null,
): string {
  const [major, minor, patch] = version.split(".");
  writeFiles(folder, {
    "include/ATen/ATen.h": "",
    "include/torch/headeronly/version.h": `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
    "lib/libtorch_cpu.so": "",
    "lib/libc10.so": "_ZNSt7__cxx1112basic_string",
    "version.py": `__version__ = '${version}'\ncuda: Optional[str] = ${cuda ? `'${cuda}'` : "None"}\n`,
    ...(cuda && { "lib/libtorch_cuda.so": "" }),
  });
  return folder;
}

/** A program on a PATH of its own. */
export function fakeProgram(folder: string, name: string, script: string): void {
  writeFiles(folder, { [name]: `#!/bin/sh\n${script}\n` });
  chmodSync(join(folder, name), 0o755);
}

/** A report that keeps its lines instead of printing them. */
export function silentReport() {
  const lines: string[] = [];
  return {
    lines,
    async step(title: string, action: (detail: (text: string) => void) => Promise<unknown>) {
      const finished = await action(() => {});
      lines.push(typeof finished === "string" ? finished : title);
      return finished;
    },
    note: (text: string) => void lines.push(text),
    write: (text: string) => lines.push(text) > 0,
  };
}
