// How a CUDA build is set up on a machine that nobody has seen: where CUDA's headers are looked for,
// and what scripts/gpu-check.sh does in which order. No GPU, and no compiler runs.
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "./helpers/cli.js";
import { makeFolder } from "./helpers/folder.js";

const repository = fileURLToPath(new URL("..", import.meta.url));

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

async function put(file: string, text = "") {
  const path = join(folder.path, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function putProgram(file: string, text: string) {
  await chmod(await put(file, `#!/usr/bin/env bash\n${text}`), 0o755);
}

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const { child, ended } = start(program, args, folder.path, env);
  child.stdin.end();
  return await ended;
}

/** A folder that looks like a libtorch of this kind. */
async function putLibtorch(name: string, libraries: readonly string[]) {
  for (const one of libraries) await put(`${name}/lib/lib${one}.so`);
  const numbers = ["MAJOR 2", "MINOR 11", "PATCH 0"].map((one) => `#define TORCH_VERSION_${one}\n`);
  await put(`${name}/include/torch/csrc/api/include/torch/version.h`, numbers.join(""));
  await put(`${name}/include/ATen/cuda/CUDAContextLight.h`);
}

function configure(libtorch: string, env: NodeJS.ProcessEnv = {}, folderName = libtorch) {
  const options = {
    LIBTORCH: join(folder.path, libtorch),
    ...{ ADDON: "OFF", TESTS: "ON", BENCH: "ON", CUDA: "REQUIRED" },
  };
  const given = Object.entries(options).map(([name, value]) => `-DSPARRING_${name}=${value}`);
  const build = join(folder.path, `build-${folderName}`);
  return run("cmake", ["-S", repository, "-B", build, ...given], { CUDA_HOME: "", ...env });
}

describe("a CUDA build that is asked for", () => {
  it("takes CUDA's headers from where nvcc says they are, which need not be beside it", async () => {
    await putLibtorch("gpu", ["torch_cpu", "c10", "torch_cuda", "c10_cuda"]);
    const headers = ["cuda_runtime_api.h", "crt/host_defines.h", "cccl/nv/target", "nvrtc.h"];
    for (const one of headers) await put(`toolkit/include/${one}`);
    await put("toolkit/lib64/libcudart.so");
    const root = join(folder.path, "toolkit");
    await putProgram("bin/nvcc", `printf '#$ _HERE_=x\\n#$ TOP=${root}/bin/..\\n' >&2; exit 1\n`);
    const path = `${join(folder.path, "bin")}:${process.env.PATH}`;
    const { code, stdout, stderr } = await configure("gpu", { PATH: path });
    expect(stderr).toBe("");
    expect(stdout).toContain(`native/cuda with CUDA's headers in ${root}/include`);
    expect(code).toBe(0);
  });

  // Another toolkit, as clusters have it in CUDA_HOME and images in /usr/local/cuda.
  const libraries = ["torch_cpu", "c10", "torch_cuda", "c10_cuda"];
  const headers = ["cuda_runtime_api.h", "crt/host_defines.h", "nv/target"];
  async function putOlder() {
    for (const one of headers) await put(`older/include/${one}`);
    for (const one of ["libcudart.so", "libcudart.so.12"]) await put(`older/lib64/${one}`);
    return { CUDA_HOME: join(folder.path, "older") };
  }

  async function putSite() {
    await putLibtorch("site/torch", libraries);
    await put("site/torch/lib/libc10_cuda.so", "\0ELF\0libcudart.so.13\0cudaFree\0");
    for (const one of headers) await put(`site/nvidia/cu13/include/${one}`);
    await put("site/nvidia/cu13/lib/libcudart.so.13");
  }

  it("takes headers and runtime of the CUDA that libtorch is linked to, whatever else is there", async () => {
    const env = await putOlder();
    await putSite();
    const { code, stdout } = await configure("site/torch", env);
    const wheel = join(folder.path, "site/nvidia/cu13");
    expect(stdout).toContain(`native/cuda with CUDA's headers in ${wheel}/include`);
    const cache = await readFile(join(folder.path, "build-site/torch/CMakeCache.txt"), "utf8");
    expect(cache).toContain(`CUDA_RUNTIME:FILEPATH=${wheel}/lib/libcudart.so.13`);
    expect(code).toBe(0);
  });

  it("keeps nothing of another libtorch and its CUDA in a build folder that is there already", async () => {
    const env = await putOlder();
    await putLibtorch("before", libraries);
    await put("before/lib/libc10_cuda.so", "\0ELF\0libcudart.so.12\0cudaFree\0");
    await putSite();
    const before = await configure("before", env, "again");
    expect(before.stdout).toContain(`CUDA's headers in ${folder.path}/older/include`);
    expect((await configure("site/torch", env, "again")).code).toBe(0);
    const cache = await readFile(join(folder.path, "build-again/CMakeCache.txt"), "utf8");
    expect(cache.split("\n").filter((line) => /\/(older|before)\//.test(line))).toEqual([]);
  });

  it("ends where only another CUDA is there than libtorch's, and says which it wants", async () => {
    const env = await putOlder();
    await putLibtorch("newer", libraries);
    await put("newer/lib/libc10_cuda.so", "\0ELF\0libcudart.so.97\0cudaFree\0");
    const { code, stderr } = await configure("newer", env);
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(
      "native/cuda is left out: CUDA_INCLUDE of the CUDA of libcudart.so.97 was not found",
    );
    expect(code).toBe(1);
  });

  it("ends at once where libtorch is a CPU build", async () => {
    await putLibtorch("cpu", ["torch_cpu", "c10"]);
    const { code, stderr } = await configure("cpu");
    expect(stderr.replaceAll(/\s+/g, " ")).toMatch(/native\/cuda is left out: .* is a CPU build/);
    expect(code).toBe(1);
  });
});

describe("scripts/gpu-check.sh", () => {
  // Each program notes that it ran; the tests of CUDA, of which there are two, fail.
  beforeAll(async () => {
    const note = (text: string) => `echo "${text}" >> ../log\n`;
    const tests = "[[ $1 != --count ]] || { echo there are: 2; exit; }";
    const made = { sparring_cuda_tests: 3, sparring_core_bench: 0, sparring_core_tests: 0 };
    const lines = Object.entries(made).map(
      ([name, code]) =>
        `printf '#!/usr/bin/env bash\\n${tests}\\necho ${name} $* >> ../log\\nexit ${code}\\n' > $out/${name}\n`,
    );
    const build = `out=build/gpu/Release; mkdir -p $out\n${lines.join("")}chmod +x $out/*\n`;
    await putProgram("path/cmake", `${note("cmake $*")}[[ $* != *"$BROKEN" ]] || exit 2\n${build}`);
    await putProgram("path/python", `[[ $1 == -c ]] && echo /torch || ${note("python $1 $4 $5")}`);
    await mkdir(join(folder.path, "clone/scripts"), { recursive: true });
    await copyFile(
      join(repository, "scripts/gpu-check.sh"),
      join(folder.path, "clone/scripts/gpu-check.sh"),
    );
  });

  async function check(broken: string, parts = "tests bench rest") {
    const log = await put("log");
    const script = join(folder.path, "clone/scripts/gpu-check.sh");
    const path = `${join(folder.path, "path")}:${process.env.PATH}`;
    const env = { PATH: path, PYTHON: "python", BROKEN: broken, PARTS: parts };
    const { code } = await run("bash", [script, "all.json"], env);
    return { code, lines: (await readFile(log, "utf8")).trim().split(/ *\n/) };
  }
  const builds = (target: string) =>
    expect.stringMatching(new RegExp(`^cmake --build .* --target ${target}$`));
  const configures = expect.stringMatching(/^cmake -S .*SPARRING_CUDA=REQUIRED .*SPARRING_OUTPUT/);
  const measures = (file: string) => `python bench/gpu/run.py --json ${file}`;
  const benchmark = [
    ...[builds("sparring_cuda"), builds("sparring_core_bench")],
    ...[measures("all-first.json"), measures("all.json")],
  ];
  const rest = [builds("sparring_core_tests"), "sparring_core_tests"];

  it("does first what only a GPU can tell, and all of it where a part fails", async () => {
    const { code, lines } = await check("nothing");
    const tests = "sparring_cuda_tests --duration=true";
    const each = [1, 2].map((i) => `${tests} --first=${i} --last=${i}`);
    const first = [configures, builds("sparring_cuda_tests"), tests];
    expect(lines).toEqual([...first, ...each, ...benchmark, ...rest]);
    expect(code).toBe(3);
  });

  it("does all the rest where a part does not compile", async () => {
    const { code, lines } = await check("sparring_cuda_tests");
    expect(lines).toEqual([configures, builds("sparring_cuda_tests"), ...benchmark, ...rest]);
    expect(code).toBe(2);
  });

  it("measures what can be measured where native/cuda does not compile", async () => {
    const { code, lines } = await check("--target sparring_cuda", "bench");
    expect(lines).toEqual([configures, ...benchmark]);
    expect(code).toBe(2);
  });

  it("does the parts that are asked for, where a command may take some minutes only", async () => {
    const { code, lines } = await check("nothing", "bench");
    expect(lines).toEqual([configures, ...benchmark]);
    expect(code).toBe(0);
  });

  it("takes its tests along where it is ended: the next call is to have the GPU for itself", async () => {
    const hung = `#!/usr/bin/env bash\\necho it hangs\\nsleep 20\\necho it went on\\n`;
    const program = "build/gpu/Release/sparring_cuda_tests";
    const build = `mkdir -p $(dirname ${program}); printf '${hung}' > ${program}; chmod +x ${program}\n`;
    await putProgram("hanging/cmake", build);
    const path = [join(folder.path, "hanging"), join(folder.path, "path"), process.env.PATH];
    const script = join(folder.path, "clone/scripts/gpu-check.sh");
    const env = { PATH: path.join(":"), PYTHON: "python", PARTS: "tests" };
    // A group of its own, as `timeout` and a shell with a terminal would make it.
    const { child, ended, says } = start("setsid", ["bash", script], folder.path, env);
    child.stdin.end();
    await says(/it hangs/);
    process.kill(-Number(child.pid), "SIGTERM");
    // Once nobody holds its output any more.
    expect((await ended).stdout).not.toContain("it went on");
  });

  it("ends before it builds where PyTorch sees no GPU, but does what any machine can", async () => {
    const knows = "[[ $2 == *get_device_name* ]] || { echo /torch; exit; }";
    await putProgram("blind/python", `${knows}\necho Found no NVIDIA driver >&2; exit 1\n`);
    const log = await put("log");
    const path = `${join(folder.path, "blind")}:${join(folder.path, "path")}:${process.env.PATH}`;
    const script = join(folder.path, "clone/scripts/gpu-check.sh");
    const { code, stderr } = await run("bash", [script], { PATH: path, PYTHON: "python" });
    expect([code, stderr]).toEqual([1, "Found no NVIDIA driver\n"]);
    expect(await readFile(log, "utf8")).toBe("");
    const env = { PATH: path, PYTHON: "python", BROKEN: "nothing", PARTS: "rest" };
    expect((await run("bash", [script], env)).code).toBe(0);
    const lines = (await readFile(log, "utf8")).trim().split(/ *\n/);
    expect(lines).toEqual([expect.stringMatching(/^cmake -S .*SPARRING_CUDA=ON/), ...rest]);
  });
});
