"""One contestant of PyTorch's: reads a case from stdin, then trains as many steps as each line asks for.

In between it waits for the next line, and nothing computes. Answers are lines of JSON.
"""

import gc
import json
import math
import os
import re
import signal
import sys
import time

# Ctrl+C reaches the whole group; the benchmark ends its contestants itself.
signal.signal(signal.SIGINT, signal.SIG_IGN)
# What libraries print must not come between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from counter import count_flops  # noqa: E402
from gan import Mode, Training  # noqa: E402


def answer(**fields):
    print(json.dumps(fields), file=answers, flush=True)


def load(case):
    """Whole batches only, as on the other side: torch.compile would compile anew for a smaller one."""
    size = os.path.getsize(case["images"])
    # A copy: pages that come from the file at their first use would make the first steps slower.
    images = torch.from_file(case["images"], size=size, dtype=torch.uint8).clone().view(-1, *case["image"])
    return images[: len(images) // case["batch"] * case["batch"]]


def measure_gemm():
    """GFLOP/s of a product of 2048x2048 matrices."""
    size = 2048
    left, right, out = (torch.randn(size, size) for _ in range(3))
    return 2 * size**3 / best_time(lambda: torch.mm(left, right, out=out)) / 1e9


@torch.no_grad()
def measure_convolution():
    """GFLOP/s of 256 to 256 channels, 3x3, on 64 images of 16x16.

    It comes from another library than the matrix product (oneDNN; MKL), and on AMD's processors it is the faster one.
    """
    images = torch.randn(64, 256, 16, 16).to(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3).to(memory_format=torch.channels_last)
    flops = 2 * images.numel() * weight[0].numel()
    return flops / best_time(lambda: F.conv2d(images, weight, padding=1)) / 1e9


def best_time(work):
    """Seconds of the fastest of several calls: what the machine can do when nothing else has it."""
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def peak_mb():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1)) / 1024


def reset_peak():
    """Forgets the peak so far, so that it tells of training and not of reading files or of compiling."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:  # a container that forbids it: the peak is then that of the whole process
        pass


def prepare(case):
    """The training, and what is known of it."""
    images = load(case)
    if case["mode"] == "best":
        # Not above: it costs a second and memory that the eager contestant has no use for.
        from modes import find_best

        training, mode, trials = find_best(case, images, lambda name: answer(progress=name))
        return training, {"mode": mode, "modes": trials}
    return Training(case, images, Mode()), {}


def measure(training):
    """What the times are to be compared with. Asked for last: it takes memory of its own."""
    ceiling = {"gemmGflops": measure_gemm(), "convolutionGflops": measure_convolution()}
    answer(flops=count_flops(training), ceiling=ceiling)


def train(training, steps):
    begin = time.perf_counter()
    for _ in range(steps):
        discriminator_loss, generator_loss = training.step()
    losses = {"discriminator": number(discriminator_loss), "generator": number(generator_loss)}
    answer(seconds=time.perf_counter() - begin, losses=losses, peakMb=peak_mb())


def number(loss):
    """JSON has no NaN and no infinity."""
    value = loss.item()
    return value if math.isfinite(value) else None


case = json.loads(sys.stdin.readline())
torch.set_num_threads(case["threads"])
torch.backends.cuda.matmul.allow_tf32 = case.get("precision") == "tf32"
training, facts = prepare(case)
reset_peak()
answer(ready=True, **facts)
for line in sys.stdin:
    message = json.loads(line)
    if message.get("measure"):
        measure(training)
    else:
        train(training, message["steps"])
# Interpreter and compiler workers take seconds to say good-bye properly.
answers.flush()
os._exit(0)
