"""The benchmark on a GPU: our contestant without Node, PyTorch eager and PyTorch's best mode, in turn.

    python bench/gpu/run.py --contestant build/gpu/Release/sparring_core_bench --json gpu.json

The images are noise: nobody looks at the samples, and the arithmetic is the same.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading

import torch

FOLDER = pathlib.Path(__file__).parent
PEER = FOLDER.parent / "peers" / "pytorch.py"
COUNT = 16_384


class Contestant:
    """A child process that trains when it is told to. One that says nothing for `patience` seconds is ended."""

    def __init__(self, name, command, patience, first=None):
        self.name, self.patience = name, patience
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.facts = self.ask(first) if first is not None else self.answer()
        except BaseException:
            self.close()
            raise

    def ask(self, message):
        self.child.stdin.write(message + "\n")
        self.child.stdin.flush()
        return self.answer()

    def answer(self):
        while line := self.line():
            answer = json.loads(line)
            if "progress" not in answer:
                return answer
            print(f"  {self.name}: {answer['progress']}", file=sys.stderr)
        raise RuntimeError(f"{self.name} ended with {self.child.wait()}")

    def line(self):
        timer = threading.Timer(self.patience, self.child.kill)
        timer.start()
        try:
            return self.child.stdout.readline()
        finally:
            timer.cancel()

    def close(self):
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.child.stdin.close()
        try:
            self.child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Ours(Contestant):
    def __init__(self, program, case, folder, patience):
        file = folder / f"{case['name']}-{case['precision']}.pt"
        torch.save(case, file)
        super().__init__("sparring", [program, str(file)], patience)

    def train(self, steps):
        return self.ask(str(steps))


class Theirs(Contestant):
    def __init__(self, case, mode, patience):
        message = json.dumps({**case, "mode": mode})
        super().__init__(f"PyTorch {mode}", [sys.executable, str(PEER)], patience, message)

    def train(self, steps):
        return self.ask(json.dumps({"steps": steps}))


class Entry:
    """What a contestant came to; after a problem it is asked no more, and the others go on."""

    def __init__(self, make):
        self.one, self.last, self.problem, self.times = None, {}, None, []
        self.attempt(lambda: setattr(self, "one", make()))

    def attempt(self, work):
        if self.problem is None:
            try:
                work()
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
                print(f"  {self.problem}", file=sys.stderr)

    def warm_up(self, seconds):
        self.one.train(20)  # and for ours the recording
        pace = self.one.train(20)["seconds"] / 20
        self.steps = max(1, round(seconds / pace))

    def play(self):
        self.last = self.one.train(self.steps)
        self.times.append(self.last["seconds"] / self.steps)

    def fact(self, name):
        return self.one.facts.get(name) if self.one else None


def play(entries, rounds, seconds):
    """Seconds a step of each round, in turn."""
    for entry in entries:
        entry.attempt(lambda entry=entry: entry.warm_up(seconds))
    for _ in range(rounds):
        for entry in entries:
            entry.attempt(entry.play)


def ratio(ours, other):
    """How many times as long as ours the other takes; none where one of them did not come that far."""
    if ours.problem or other.problem:
        return None
    return statistics.median(b / a for a, b in zip(ours.times, other.times))


def run_case(case, program, folder, rounds, seconds, patience):
    print(f"{case['name']}, {case['precision']}", file=sys.stderr)
    entries = {
        "sparring": Entry(lambda: Ours(program, case, folder, patience)),
        "PyTorch eager": Entry(lambda: Theirs(case, "eager", patience)),
        "PyTorch best": Entry(lambda: Theirs(case, "best", patience)),
    }
    ours, eager, best = entries.values()
    try:
        play(entries.values(), rounds, seconds)
    finally:
        for entry in entries.values():
            if entry.one:
                entry.one.close()
    return {
        "name": case["name"],
        "precision": case["precision"],
        "kind": ours.last.get("kind"),
        "refusals": ours.last.get("refusals"),
        "kernelsOff": ours.fact("kernelsOff"),
        "ratioEager": ratio(ours, eager),
        "ratioCompile": ratio(ours, best),
        "bestMode": best.fact("mode"),
        "modes": best.fact("modes"),
        "milliseconds": {
            name: [1000 * time for time in entry.times]
            for name, entry in {"sparring": ours, "pytorchEager": eager, "pytorchBest": best}.items()
        },
        "losses": {name: entry.last["losses"] for name, entry in entries.items() if entry.last},
        "problems": {name: entry.problem for name, entry in entries.items() if entry.problem},
    }


def write_noise(cases, folder):
    """One file of random bytes for each size of image."""
    for case in cases:
        size = case["image"][0] * case["image"][1] * case["image"][2]
        file = folder / f"{size}.bin"
        if not file.exists():
            file.write_bytes(random.Random(0).randbytes(COUNT * size))
        case["images"] = str(file)


def mean(results, key):
    ratios = [one[key] for one in results if one[key] is not None]
    return statistics.geometric_mean(ratios) if ratios else None


def machine_of(device):
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"
    return {"device": name, "torch": torch.__version__, "data": "noise"}


def digest_of(contestant):
    """What is measured and what measures it: the core opens the library of kernels beside it."""
    program = pathlib.Path(contestant)
    libraries = sorted(program.parent.glob("libsparring*.so"))
    scripts = sorted([*FOLDER.glob("*.py"), *PEER.parent.glob("*.py")])
    digest = hashlib.sha256()
    for file in [program, *libraries, *scripts, FOLDER / "cases.json"]:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def key_of(case):
    return case["name"], case["precision"]


def write(file, device, results, manner):
    """All there is so far, and the means over what was measured in this manner, which it gives back."""
    alike = [one for one in results if one["manner"] == manner]
    means = {key: mean(alike, key) for key in ("ratioEager", "ratioCompile")}
    content = {"machine": machine_of(device), "geometricMean": means, "cases": results}
    # Whole or not at all: what was measured on a lent machine is there once only.
    neighbour = pathlib.Path(f"{file}.part")
    neighbour.write_text(json.dumps(content, indent=2))
    os.replace(neighbour, file)
    return means


def measured_before(file, device):
    """What earlier calls on such a machine brought home: nothing, if the file is half-written or of an older run.py."""
    try:
        found = json.loads(pathlib.Path(file).read_text())
    except (FileNotFoundError, ValueError):
        return []
    if found.get("machine") != machine_of(device):
        return []
    return [one for one in found["cases"] if "manner" in one]


def times(value):
    return "not compared with" if value is None else f"{value:.2f}x"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contestant", required=True)
    parser.add_argument("--json", required=True)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--case", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--patience", type=float, default=300.0)
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
    # All cases in the first precision, before any in the next: a machine with a GPU may be lent for minutes only.
    todo = [{**case, **common, "precision": precision} for precision in given.precision for case in cases]
    wanted = [key_of(case) for case in todo]
    manner = {"programs": digest_of(given.contestant), "rounds": given.rounds, **common}

    def stays(one):
        """What is not wanted now, and what need not be measured again."""
        return key_of(one) not in wanted or (one["manner"] == manner and not one["problems"])

    results = [one for one in measured_before(given.json, given.device) if stays(one)]
    known = [key_of(one) for one in results]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_noise(todo, folder)
        for case in todo:
            if key_of(case) in known:
                continue
            measured = run_case(case, given.contestant, folder, given.rounds, given.seconds, given.patience)
            results.append({**measured, "manner": manner})
            # After each: a later one may fail, and so may the machine.
            write(given.json, given.device, results, manner)
            last = results[-1]
            print(
                f"{last['name']:8} {last['precision']:8} {last['kind'] or '-':9} "
                f"{times(last['ratioEager'])} eager, {times(last['ratioCompile'])} {last['bestMode']}",
                flush=True,
            )
    means = write(given.json, given.device, results, manner)
    print(f"geometric mean: {times(means['ratioEager'])} eager, {times(means['ratioCompile'])} the best mode")
    mine = [one for one in results if key_of(one) in wanted]
    failed = [f"{one['name']}, {one['precision']}: {text}" for one in mine for text in one["problems"].values()]
    if failed:
        sys.exit("\n".join(failed))


main()
