"""Which mode is PyTorch's best for a case: each is tried for a short time."""

import gc
import itertools
import statistics
import time

import torch

from gan import Mode, Training, has_images

COMPILED = "default", "reduce-overhead", "max-autotune"


def list_modes(case):
    """All there are; with `quick` the few that have won before; without `compile` none that needs a compiler."""
    layouts = [False, True] if has_images(case) else [False]
    if case["quick"]:
        modes = [Mode(), *(Mode(None, True, layout) for layout in layouts)]
        modes += [Mode("default", True, layouts[-1])]
        if case.get("device", "cpu") != "cpu":
            # On a GPU small networks are bound by launches, and this one records them, as ours does.
            modes += [Mode("reduce-overhead", True, layouts[-1])]
    else:
        modes = [Mode(*mode) for mode in itertools.product([None, *COMPILED], [False, True], layouts)]
    return [mode for mode in modes if case["compile"] or mode.compile is None]


def find_best(case, images, tell):
    """The fastest mode's training, made anew, and what every mode took or why it does not work."""
    trials = []
    for mode in list_modes(case):
        tell(mode.name)
        trials.append((mode, attempt(case, images, mode)))
    works = [trial for trial in trials if "ms" in trial[1]]
    mode, best = min(works, key=lambda trial: trial[1]["ms"])
    tell(f"{mode.name}, the fastest")
    forget()
    return make(case, images, mode), best["name"], [trial for _, trial in trials]


def attempt(case, images, mode):
    """Times a mode; a failure of the compiler is a result like any other."""
    forget()
    begin = time.perf_counter()
    try:
        training = make(case, images, mode)
        ready = time.perf_counter() - begin
        return {"name": mode.name, "ms": 1000 * time_step(training, case["trialSeconds"]), "readySeconds": ready}
    except Exception as error:  # whatever Dynamo, Inductor or g++ raise
        return {"name": mode.name, "problem": f"{type(error).__name__}: {first_line(error)}"}


def make(case, images, mode):
    """A training that has compiled and allocated all it needs."""
    training = Training(case, images, mode)
    for _ in range(2):
        training.step()
    return training


def forget():
    """What was compiled for one mode would count against the limit of recompilations in the next."""
    torch._dynamo.reset()
    gc.collect()


def time_step(training, seconds):
    """The median time of a step, over at least two and about that many seconds."""
    times = []
    steps = 1 if training.device.type == "cpu" else 20
    while len(times) < 2 or steps * sum(times) < seconds:
        begin = time.perf_counter()
        # On a GPU a single step ends before it is done.
        for _ in range(steps):
            training.step()
        training.wait()
        times.append((time.perf_counter() - begin) / steps)
    return statistics.median(times)


def first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")[:300]
