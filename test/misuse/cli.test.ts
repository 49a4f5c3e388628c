// Bad command lines of every command but train, which has test/misuse/cli-train.test.ts.
import { describe, it } from "vitest";
import { badLines, onePreset, port } from "../helpers/bad-lines.js";

const { expectRefused } = await badLines();

const aCommand =
  "one of train, sample, interpolate, evaluate, export, dashboard, bench, theory, doctor, setup, help";
const anExperiment = "one of figure1, proposition1, theorem1, algorithm1, saturation, modes";
const runs = (path: string, why: string) =>
  `Expected a run or a folder of runs for the folder but received "${path}" (${why})`;

const commandLines: [string, string | RegExp][] = [
  ["trian", 'Expected train for the command but received "trian"'],
  ["learn", `Expected ${aCommand} for the command but received "learn"`],
  ["TRAIN", 'Expected train for the command but received "TRAIN"'],
  ["help trian", 'Expected train for the command but received "trian"'],
  ["help learn", `Expected ${aCommand} for the command but received "learn"`],
  ["help help", `Expected ${aCommand} for the command but received "help"`],
  ["--quick", 'Expected one of --version, --help for an option of sparring but received "--quick"'],
  ["dashboard --port http", port("--port", '"http"')],
  ["dashboard --port 1.5", port("--port", "1.5")],
  ["dashboard --port", "Expected a value for --port but received nothing"],
  [
    "dashboard --host 0.0.0.0",
    'Expected one of --port, --json, --help for an option of sparring dashboard but received "--host"',
  ],
  ["dashboard a b", 'Expected one folder and options only for sparring dashboard but received "b"'],
  ["dashboard", runs("runs", "no such file or folder")],
  ["dashboard nowhere", runs("nowhere", "no such file or folder")],
  ["dashboard file", runs("file", "it is a file")],
  ["dashboard file/run", runs("file/run", "a part of the path is not a folder")],
  [
    "doctor --fix",
    'Expected one of --json, --help for an option of sparring doctor but received "--fix"',
  ],
  ["dashboard --json=true", 'Expected no value for --json but received "true"'],
  ["--version=1", 'Expected no value for --version but received "1"'],
  [
    "setup --fix",
    'Expected one of --tests, --cuda, --force, --verbose, --help for a setup flag but received "--fix"',
  ],
  ["doctor me", 'Expected options only for sparring doctor but received "me"'],
  ["evaluate", "Expected a value for <run> of sparring evaluate but received nothing"],
  [
    "evaluate run --samples 1",
    "Expected a whole number from 2 to 1000000 for --samples but received 1",
  ],
  [
    "evaluate run --metrics fid,is",
    'Expected some of fid, kid, precision-recall, density-coverage, inception-score, class-balance, mode-coverage, parzen for --metrics but received "is"',
  ],
  [
    "evaluate run --features inception.pt",
    'Expected classifier or a TorchScript file for --features but received "inception.pt" (no such file or folder)',
  ],
  [
    "evaluate run --features file/inception.pt",
    'Expected classifier or a TorchScript file for --features but received "file/inception.pt" (a part of the path is not a folder)',
  ],
  [
    "evaluate run --data circle",
    'Expected mnist, stacked-mnist, a folder or a file for --data but received "circle" (its links go round in a circle)',
  ],
  [
    "evaluate run --checkpoint worst",
    'Expected best, newest or a step for --checkpoint but received "worst"',
  ],
  [
    "evaluate run --checkpoint best --step 3",
    'Expected --step or --checkpoint for the checkpoint but received "both"',
  ],
  [
    "evaluate run --truncation 0",
    "Expected a finite number above 0 for --truncation but received 0",
  ],
  [
    "evaluate run --truncation some",
    'Expected a finite number above 0 for --truncation but received "some"',
  ],
  [
    "evaluate run --truncation-psi some",
    'Expected a finite number for --truncation-psi but received "some"',
  ],
  [
    "interpolate run --truncation-psi some --out g.png",
    'Expected a finite number for --truncation-psi but received "some"',
  ],
  [
    "sample run --truncation-psi some --out g.png",
    'Expected a finite number for --truncation-psi but received "some"',
  ],
  ["evaluate run --seed -1", "Expected a whole number of at least 0 for --seed but received -1"],
  [
    "evaluate run --data nowhere",
    'Expected mnist, stacked-mnist, a folder or a file for --data but received "nowhere" (no such file or folder)',
  ],
  ["sample run", "Expected a value for --out but received nothing"],
  ["sample run --ot g.png", 'Expected --out for an option of sparring sample but received "--ot"'],
  [
    "sample run --output=g.png",
    'Expected --out for an option of sparring sample but received "--output"',
  ],
  ["sample --ot g.png", 'Expected --out for an option of sparring sample but received "--ot"'],
  [
    "sample run --no-json",
    'Expected --json for an option of sparring sample but received "--no-json"',
  ],
  ["sample run -- --ot g.png", "Expected a value for --out but received nothing"],
  ["sample run --out --json", "Expected a value for --out but received nothing"],
  ["export run --out --raw", "Expected a value for --out but received nothing"],
  ["theory theorem1 --seed 3 --out --json", "Expected a value for --out but received nothing"],
  ["theory theorem1 --out -h", "Expected a value for --out but received nothing"],
  ["sample run --count --out g.png", "Expected a value for --count but received nothing"],
  ["sample run --out --count=3.png", "Expected a value for --out but received nothing"],
  ["theory theorem1 --out --sed 3", "Expected a value for --out but received nothing"],
  ["theory --out -- theorem1", "Expected a value for --out but received nothing"],
  ["sample run --out a.png --out b.png", "Expected one --out for sparring sample but received 2"],
  [
    "sample run --count 3 --out=a.png --count=3",
    "Expected one --count for sparring sample but received 2",
  ],
  [
    "interpolate run --range -2,2 --range -1,1 --range 0,1 --out g.png",
    "Expected one --range for sparring interpolate but received 3",
  ],
  [
    "evaluate run --metrics fid --metrics kid",
    "Expected one --metrics for sparring evaluate but received 2",
  ],
  [
    "export run --raw --step 4 --out g.py --step 8",
    "Expected one --step for sparring export but received 2",
  ],
  [
    "theory theorem1 --seed 3 --out a --seed 4",
    "Expected one --seed for sparring theory but received 2",
  ],
  ["dashboard --port 0 --port 0", "Expected one --port for sparring dashboard but received 2"],
  // A flag that says the same twice, and what follows --, which is no option.
  ["sample run --json --json -- --json", "Expected a value for --out but received nothing"],
  ["sample run --out=--json", 'Expected a path that ends in .png for --out but received "--json"'],
  ["sample run --count 3", "Expected a value for --out but received nothing"],
  ["sample --out g.png", "Expected a value for <run> of sparring sample but received nothing"],
  [
    "sample run run --out g.png",
    'Expected one run and options only for sparring sample but received "run"',
  ],
  ["sample run --out g.jpg", 'Expected a path that ends in .png for --out but received "g.jpg"'],
  [
    "sample run --out file/g.png",
    'Expected a writable file for --out but received "file/g.png" (a part of the path is not a folder)',
  ],
  [
    "sample run --out g.png/",
    'Expected a writable file for --out but received "g.png/" (it ends as the path of a folder does)',
  ],
  [
    "export run --out new/",
    'Expected a writable file for --out but received "new/" (it ends as the path of a folder does)',
  ],
  [
    `sample run --out ${"a".repeat(300)}.png`,
    `Expected a writable file for --out but received "${"a".repeat(300)}.png" (its name is too long)`,
  ],
  ["sample run --out=", 'Expected a non-empty string for --out but received ""'],
  [
    "sample run --out g.png --count 0",
    "Expected a whole number from 1 to 100000 for --count but received 0",
  ],
  [
    "sample run --out g.png --count many",
    'Expected a whole number from 1 to 100000 for --count but received "many"',
  ],
  [
    "sample run --out g.png --columns 10001",
    "Expected a whole number from 1 to 10000 for --columns but received 10001",
  ],
  [
    "sample run --out g.png --seed -1",
    "Expected a whole number of at least 0 for --seed but received -1",
  ],
  [
    "sample run --out g.png --step newest",
    'Expected a whole number of at least 0 for --step but received "newest"',
  ],
  [
    "sample run --out g.png",
    `Expected the folder of a run for the run but received "run" (its config.json: ${onePreset.replace(/^/, "Expected ")} for preset but received undefined)`,
  ],
  [
    "interpolate run --uot g.png",
    'Expected --out for an option of sparring interpolate but received "--uot"',
  ],
  [
    "export run --Out g.onnx",
    'Expected --out for an option of sparring export but received "--Out"',
  ],
  [
    "theory theorem1 -out new",
    'Expected --out for an option of sparring theory but received "-out"',
  ],
  ["interpolate run", "Expected a value for --out but received nothing"],
  [
    "interpolate run --out g.mp4",
    'Expected a path that ends in .png, .webp, .gif for --out but received "g.mp4"',
  ],
  [
    "interpolate run --out g.png --frames 1",
    "Expected a whole number from 2 to 1000 for --frames but received 1",
  ],
  [
    "interpolate run --out g.png --rows 101",
    "Expected a whole number from 1 to 100 for --rows but received 101",
  ],
  [
    "interpolate run --out g.png --from 0.5",
    "Expected a whole number of at least 0 for --from but received 0.5",
  ],
  [
    "interpolate run --out g.png --to last",
    'Expected a whole number of at least 0 for --to but received "last"',
  ],
  [
    "interpolate run --out g.png --method slerp",
    'Expected one of spherical, linear for --method but received "slerp"',
  ],
  [
    "interpolate run --out g.png --class 1 --classes",
    'Expected --class or --classes for the classes but received "--class 1 --classes"',
  ],
  [
    "interpolate run --out g.png --rows 3 --classes",
    'Expected --rows or --classes for the rows but received "--rows 3 --classes"',
  ],
  [
    "interpolate run --out g.png --to 3 --code 0",
    'Expected --to or --code for what changes but received "--to 3 --code 0"',
  ],
  [
    "interpolate run --out g.png --method linear --code 0",
    'Expected --method or --code for what changes but received "--method \\"linear\\" --code 0"',
  ],
  [
    "interpolate run --out g.png --range 0,1",
    'Expected --code beside it for --range but received "0,1"',
  ],
  [
    "interpolate run --out g.png --code 0 --range 1",
    'Expected two numbers, a,b, for --range but received "1"',
  ],
  [
    "interpolate run --out g.png --code 0 --range 0x10,20",
    'Expected two numbers, a,b, for --range but received "0x10,20"',
  ],
  [
    "interpolate run --out g.png --code 0 --range ,2",
    'Expected two numbers, a,b, for --range but received ",2"',
  ],
  [
    "interpolate run --out g.png --code first",
    'Expected a whole number of at least 0 for --code but received "first"',
  ],
  ["theory --out new", "Expected a value for <experiment> of sparring theory but received nothing"],
  ["theory theorem1", "Expected a value for --out but received nothing"],
  [
    "theory theorem2 --out new",
    `Expected ${anExperiment} for the experiment but received "theorem2"`,
  ],
  [
    "theory toString --out new",
    `Expected ${anExperiment} for the experiment but received "toString"`,
  ],
  [
    "theory theorem1 proposition1 --out new",
    'Expected one experiment and options only for sparring theory but received "proposition1"',
  ],
  [
    "theory theorem1 --out file",
    'Expected a folder that can be written for --out but received "file" (it exists already)',
  ],
  [
    "theory theorem1 --out file/new",
    'Expected a folder that can be written for --out but received "file/new" (a part of the path is not a folder)',
  ],
  [
    "theory figure1 --out taken",
    /^Expected a writable file for --out but received ".*\/taken\/figure1\.webp" \(it is a folder\)\n$/,
  ],
  ["theory theorem1 --out=", 'Expected a non-empty string for --out but received ""'],
  [
    "theory theorem1 --out new --seed -1",
    "Expected a whole number of at least 0 for --seed but received -1",
  ],
  [
    "theory theorem1 --out new --seed one",
    'Expected a whole number of at least 0 for --seed but received "one"',
  ],
  [
    "theory theorem1 --out new --steps 9",
    "Expected a whole number of at least 10 for --steps but received 9",
  ],
];

describe("bad command lines", () => {
  it.each(commandLines)("%s", (line, sentence) => expectRefused(line.split(" "), sentence));
});
