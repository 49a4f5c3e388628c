// The guides, followed in an empty project with a fiftieth of their steps: every file compiles (docs.test.ts) and runs,
// every command ends as it does on the page, and prints the lines of the page but for the numbers in them.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { follow, listGuides, makeProject } from "../scripts/guides/follow.mjs";
import { commandsOf, consoleOf, shortened, withoutNumbers } from "../scripts/guides/page.mjs";

const guides = (await listGuides()).map((path) => [basename(path, ".md"), path] as const);

/** How many lines of losses Sparring printed, and whether they are PyTorch's, to the last digit. */
function bothOf(ran: { command: string; output: string }[]): [number, boolean] {
  const [theirs, ours] = ["python article.py", "node article.mjs"].map(
    (program) => ran.find(({ command }) => command.startsWith(program))?.output,
  );
  return [ours?.split("\n").length ?? 0, ours === theirs];
}

describe("the guides", () => {
  it.each(guides)("%s can be followed", async (name, path) => {
    const text = await readFile(path, "utf8");
    const project = await makeProject();
    try {
      const { ran } = await follow(text, project.folder, { short: true });
      for (const one of ran) {
        const { command, code, fails, expected, output } = one;
        expect(code !== 0, `${command}: ${output}`).toBe(fails);
        expect(withoutNumbers(output), command).toBe(withoutNumbers(expected));
      }
      if (name === "porting-from-pytorch") expect(bothOf(ran)).toEqual([10, true]);
    } finally {
      await project.remove();
    }
  });
});

describe("the follower", () => {
  it("takes commands and outputs apart, and puts them together", () => {
    const code = "$ ls -l \\\n  a\n1 a\n2 b\n$ true\n";
    expect(commandsOf(code)).toEqual([
      { command: "ls -l \\\n  a", output: "1 a\n2 b" },
      { command: "true", output: "" },
    ]);
    expect(consoleOf(commandsOf(code))).toBe(code);
  });

  it("counts steps by fifties, and compares without numbers", () => {
    const code =
      '{ steps: 1_800, untilStep: 200, tickEvery: 100, batchSize: 64, "steps": 30 } --log-every 200';
    expect(shortened(code)).toBe(
      '{ steps: 36, untilStep: 4, tickEvery: 2, batchSize: 64, "steps": 1 } --log-every 4',
    );
    expect(withoutNumbers("1,800:   D 0.5, G 1e-5 \n")).toBe(withoutNumbers("2: D 9, G -3.25"));
    expect(withoutNumbers("D 0.5")).not.toBe(withoutNumbers("G 0.5"));
  });

  it("keeps what serves until the page ends, and no longer", async () => {
    const project = await makeProject();
    try {
      const server =
        'import { createServer } from "node:http";\ncreateServer((_, r) => r.end("here")).listen(0, "127.0.0.1", function () {\n  console.log("at http://127.0.0.1:" + this.address().port + "/");\n});\n';
      const text = `\`\`\`js s.mjs\n${server}\`\`\`\n\n\`\`\`console serves\n$ node s.mjs\n\`\`\`\n`;
      const addresses: string[] = [];
      await follow(text, project.folder, {
        async look(_between, address) {
          addresses.push(address);
          expect(await (await fetch(address)).text()).toBe("here");
        },
      });
      expect(addresses).toHaveLength(1);
      await expect(fetch(addresses[0] as string)).rejects.toThrow("fetch failed");
    } finally {
      await project.remove();
    }
  });

  it("puts what is printed now into the page, and tells of a command that failed", async () => {
    const project = await makeProject();
    try {
      const text =
        "```js a.mjs\nconsole.log(1);\n```\n\n```js a.mjs\nconsole.log(2);\n```\n\n```console fails\n$ node a.mjs\nold\n$ exit 3\n```\n";
      const { text: now, ran } = await follow(text, project.folder);
      expect(now).toBe(text.replace("old", "1\n2"));
      expect(ran.map(({ code, fails }) => [code, fails])).toEqual([
        [0, false],
        [3, true],
      ]);
    } finally {
      await project.remove();
    }
  });
});
