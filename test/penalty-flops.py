"""Prints how many floating-point operations a gradient penalty of a discriminator takes: PyTorch's own counter."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))

import torch  # noqa: E402
from counter import count_flops  # noqa: E402
from gan import build, gradient_penalty  # noqa: E402


class Sloped(torch.nn.Module):
    """A LeakyReLU whose second derivative is nothing, where PyTorch's own is zeros."""

    def forward(self, x):
        return x * torch.where(x > 0, 1.0, 0.2).detach()


class Penalty:
    """What a penalty adds to a step: through labels of every class."""

    def __init__(self, case):
        self.discriminator = build(case["discriminator"], "Discriminator")
        for parent in list(self.discriminator.modules()):
            for name, child in parent.named_children():
                if isinstance(child, torch.nn.LeakyReLU):
                    setattr(parent, name, Sloped())
        self.labels = torch.arange(64) % case["classes"]
        self.images = torch.rand(64, *case["image"])

    def step(self):
        score = lambda images: self.discriminator(images, self.labels)  # noqa: E731
        gradient_penalty(score, self.images, -self.images).backward()


print(json.dumps({"flops": count_flops(Penalty(json.loads(sys.argv[1])))}))
