import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { dependencyProblem, insideNpmInstall } from "../../scripts/setup/dependencies.mjs";
import { temporaryFolder, writeFiles } from "./helpers.js";

const lock = {
  "": { version: "0.1.0" },
  "node_modules/sharp": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/sharp-windows": { version: "1.0.0", integrity: "sha512-b", optional: true },
};

/** A checkout whose node_modules npm has filled. */
function checkout(installed: object = { "node_modules/sharp": lock["node_modules/sharp"] }) {
  const root = temporaryFolder();
  writeFiles(root, {
    "package-lock.json": JSON.stringify({ packages: lock }),
    "node_modules/.package-lock.json": JSON.stringify({ packages: installed }),
    "node_modules/sharp/package.json": "{}",
  });
  return root;
}

it("the set-up notices packages that are missing, outdated, replaced or deleted", () => {
  const fresh = checkout();
  rmSync(join(fresh, "node_modules"), { recursive: true });
  expect(dependencyProblem(fresh)).toBe("not installed");
  expect(dependencyProblem(checkout({}))).toBe("not those of package-lock.json");
  const old = { "node_modules/sharp": { version: "0.9.0", integrity: "sha512-a" } };
  expect(dependencyProblem(checkout(old))).toBe("not those of package-lock.json");
  const other = { "node_modules/sharp": { version: "1.0.0", integrity: "sha512-z" } };
  expect(dependencyProblem(checkout(other))).toBe("not those of package-lock.json");
  const emptied = checkout();
  rmSync(join(emptied, "node_modules/sharp"), { recursive: true });
  expect(dependencyProblem(emptied)).toBe("incomplete");
});

it("the set-up is content with packages for this system, and in a package without a lock file", () => {
  expect(dependencyProblem(checkout())).toBeNull();
  expect(dependencyProblem(temporaryFolder())).toBeNull();
});

it.each([
  [{ npm_command: "ci", npm_lifecycle_event: "install" }, true],
  [{ npm_command: "install", npm_lifecycle_event: "install" }, true],
  [{ npm_lifecycle_event: "install" }, true],
  [{ npm_command: "run-script", npm_lifecycle_event: "install" }, false],
  [{ npm_command: "test", npm_lifecycle_event: "pretest" }, false],
  [{}, false],
])("knows from %j whether npm is installing", (environment, inside) => {
  expect(insideNpmInstall(environment)).toBe(inside);
});
