"""torch.optim as the referee of optimizers, schedules and clipping.

    python torch-optim.py JSON

JSON: { weight, bias, real, fake, updates, cases: [{ optimizer, options, schedule?, scheduleOptions?, clip?, momentum? }] }.
A linear discriminator learns by least squares to score `real` 1 and `fake` 0. Prints its weights after every case.
"""
import json
import sys

import torch
from torch import nn

task = json.loads(sys.argv[1])
torch.set_num_threads(1)


def make_scheduler(optimizer, case):
    name, options = case.get("schedule"), case.get("scheduleOptions", {})
    if name is None:
        return None
    if name == "ExponentialLR" and "min" in options:
        gamma, floor = options["gamma"], options["min"] / case["options"]["lr"]
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: max(gamma**t, floor))
    if name == "LambdaLR":  # CycleGAN's
        after, steps = options["after"], options["steps"]
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 - min(max(t - after, 0) / steps, 1))
    schedulers = torch.optim.lr_scheduler
    if name == "SequentialLR":  # a warm-up, and what follows it
        first = schedulers.LinearLR(optimizer, options["from"], total_iters=options["steps"])
        then = getattr(schedulers, options["name"])(optimizer, **options["options"])
        return schedulers.SequentialLR(optimizer, [first, then], [options["steps"]])
    return getattr(schedulers, name)(optimizer, **options)


def train(case):
    model = nn.Linear(len(task["weight"]), 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([task["weight"]]))
        model.bias.copy_(torch.tensor([task["bias"]]))
    options = dict(case["options"])
    if "betas" in options:  # 0 is a whole number in JSON
        options["betas"] = tuple(map(float, options["betas"]))
    optimizer = getattr(torch.optim, case["optimizer"])(model.parameters(), **options)
    scheduler = make_scheduler(optimizer, case)
    # ToTensor and Normalize(0.5, 0.5) of torchvision
    real = (torch.tensor([task["real"]], dtype=torch.uint8).float().div(255) - 0.5) / 0.5
    fake = torch.tensor([task["fake"]])
    distance = nn.MSELoss()
    for update in range(task["updates"]):
        if "momentum" in case:
            ramp = case["momentum"]
            share = min(update / ramp["steps"], 1)
            optimizer.param_groups[0]["momentum"] = ramp["from"] + (ramp["to"] - ramp["from"]) * share
        optimizer.zero_grad()
        scores = model(real), model(fake)
        loss = (distance(scores[0], torch.ones(1, 1)) + distance(scores[1], torch.zeros(1, 1))) / 2
        loss.backward()
        if "clip" in case:
            nn.utils.clip_grad_norm_(model.parameters(), case["clip"])
        if "clipValue" in case:
            nn.utils.clip_grad_value_(model.parameters(), case["clipValue"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return model.weight.detach().flatten().tolist() + model.bias.detach().tolist()


print(json.dumps([train(case) for case in task["cases"]]))
