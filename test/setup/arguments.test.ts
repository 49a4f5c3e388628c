import { expect, it } from "vitest";
import { parseArguments } from "../../scripts/setup/arguments.mjs";
import { commandsOf } from "../../scripts/setup/name.mjs";
import { main } from "../../scripts/setup/main.mjs";
import { silentReport, temporaryFolder } from "./helpers.js";

it("the set-up refuses an unknown flag with a sentence and exit code 2", async () => {
  const report = silentReport();
  const root = temporaryFolder();
  expect(await main(["--test"], { root, report })).toBe(2);
  expect(report.lines).toEqual([
    'Expected one of --tests, --cuda, --force, --verbose, --help for a setup flag but received "--test"\n',
  ]);
});

it.each(["toString", "--", "tests", "", "two\nlines"])("the set-up refuses %j", (argument) => {
  expect(() => parseArguments([argument])).toThrow(`but received ${JSON.stringify(argument)}`);
});

it("the set-up reads flags in any order", () => {
  const options = { tests: true, cuda: true, force: true, verbose: false, help: false };
  expect(parseArguments(["--cuda", "--force", "--tests"])).toEqual(options);
});

it("the set-up is run by the script of a clone, and by what finds an installed package", () => {
  expect(commandsOf(true, { pnp: "3" })).toEqual(["npm run setup", "npm run setup --"]);
  expect(commandsOf(false, {})).toEqual(["npx sparring setup", "npx sparring setup"]);
  // Where Plug'n'Play is, npx finds no package.
  expect(commandsOf(false, { pnp: "3" })).toEqual(["yarn sparring setup", "yarn sparring setup"]);
});
