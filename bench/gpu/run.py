"""The benchmark on a GPU: our contestant without Node, PyTorch eager and PyTorch's best mode, in turn.

    python bench/gpu/run.py --contestant build/gpu/Release/sparring_core_bench --json gpu.json

The images are noise: nobody looks at the samples, and the arithmetic is the same.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import torch

FOLDER = pathlib.Path(__file__).parent
PEER = FOLDER.parent / "peers" / "pytorch.py"
COUNT = 16_384


class Contestant:
    """A child process that trains when it is told to."""

    def __init__(self, name, command, first=None):
        self.name = name
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self.ask(first) if first is not None else self.answer()

    def ask(self, message):
        self.child.stdin.write(message + "\n")
        self.child.stdin.flush()
        return self.answer()

    def answer(self):
        while line := self.child.stdout.readline():
            answer = json.loads(line)
            if "progress" not in answer:
                return answer
            print(f"  {self.name}: {answer['progress']}", file=sys.stderr)
        raise RuntimeError(f"{self.name} ended with {self.child.wait()}")

    def close(self):
        self.child.stdin.close()
        self.child.wait()


class Ours(Contestant):
    def __init__(self, program, case, folder):
        file = folder / f"{case['name']}-{case['precision']}.pt"
        torch.save(case, file)
        super().__init__("sparring", [program, str(file)])

    def train(self, steps):
        return self.ask(str(steps))


class Theirs(Contestant):
    def __init__(self, case, mode):
        message = json.dumps({**case, "mode": mode})
        super().__init__(f"PyTorch {mode}", [sys.executable, str(PEER)], message)

    def train(self, steps):
        return self.ask(json.dumps({"steps": steps}))


def play(contestants, rounds, seconds):
    """Seconds a step of each round, in turn."""
    results = []
    for one in contestants:
        one.train(20)  # warm-up, and for ours the recording
        pace = one.train(20)["seconds"] / 20
        results.append({"one": one, "steps": max(1, round(seconds / pace)), "times": []})
    for _ in range(rounds):
        for result in results:
            result["last"] = result["one"].train(result["steps"])
            result["times"].append(result["last"]["seconds"] / result["steps"])
    return results


def run_case(case, program, folder, rounds, seconds):
    print(f"{case['name']}, {case['precision']}", file=sys.stderr)
    contestants = [Ours(program, case, folder), Theirs(case, "eager"), Theirs(case, "best")]
    try:
        ours, eager, best = play(contestants, rounds, seconds)
    finally:
        for one in contestants:
            one.close()
    ratio = lambda other: statistics.median(b / a for a, b in zip(ours["times"], other["times"]))
    return {
        "name": case["name"],
        "precision": case["precision"],
        "kind": ours["last"]["kind"],
        "ratioEager": ratio(eager),
        "ratioCompile": ratio(best),
        "bestMode": contestants[2].facts.get("mode"),
        "modes": contestants[2].facts.get("modes"),
        "milliseconds": {
            name: [1000 * time for time in result["times"]]
            for name, result in {"sparring": ours, "pytorchEager": eager, "pytorchBest": best}.items()
        },
        "losses": {one["one"].name: one["last"]["losses"] for one in (ours, eager, best)},
    }


def write_noise(cases, folder):
    """One file of random bytes for each size of image."""
    for case in cases:
        size = case["image"][0] * case["image"][1] * case["image"][2]
        file = folder / f"{size}.bin"
        if not file.exists():
            file.write_bytes(random.Random(0).randbytes(COUNT * size))
        case["images"] = str(file)


def write(file, device, results):
    """All there is so far, and the means over it, which it gives back."""
    means = {key: statistics.geometric_mean(one[key] for one in results) for key in ("ratioEager", "ratioCompile")}
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"
    machine = {"device": name, "torch": torch.__version__, "data": "noise"}
    pathlib.Path(file).write_text(json.dumps({"machine": machine, "geometricMean": means, "cases": results}, indent=2))
    return means


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contestant", required=True)
    parser.add_argument("--json", required=True)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--case", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-compile", action="store_true")
    given = parser.parse_args()
    cases = [case for case in json.loads((FOLDER / "cases.json").read_text()) if not given.case or case["name"] in given.case]
    common = {
        "device": given.device,
        "execution": "fused",
        "threads": 1 if given.device.startswith("cuda") else os.cpu_count(),
        "seed": 0,
        "quick": given.quick,
        "compile": not given.no_compile,
        "trialSeconds": given.seconds,
    }
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_noise(cases, folder)
        for case in cases:
            for precision in given.precision:
                full = {**case, **common, "precision": precision}
                results.append(run_case(full, given.contestant, folder, given.rounds, given.seconds))
                # After each: a later one may fail, and a machine with a GPU may be lent for an hour only.
                means = write(given.json, given.device, results)
                last = results[-1]
                print(f"{last['name']:8} {precision:8} {last['kind']:9} {last['ratioEager']:.2f}x eager, {last['ratioCompile']:.2f}x {last['bestMode']}")
    print(f"geometric mean: {means['ratioEager']:.2f}x eager, {means['ratioCompile']:.2f}x the best mode")


main()
