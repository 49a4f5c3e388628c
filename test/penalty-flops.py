"""Prints how many floating-point operations a gradient penalty of each discriminator takes: PyTorch's own counter."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))

import torch  # noqa: E402
from counter import count_flops  # noqa: E402
from gan import build, gradient_penalty  # noqa: E402


class Sloped(torch.nn.Module):
    """A ReLU or LeakyReLU whose second derivative is nothing, where PyTorch's own is zeros."""

    def __init__(self, activation):
        super().__init__()
        self.slope = getattr(activation, "negative_slope", 0.0)

    def forward(self, x):
        return x * torch.where(x > 0, 1.0, self.slope).detach()


class Penalty:
    """What a penalty adds to a step: through labels of every class, where there are any."""

    def __init__(self, case):
        self.discriminator = build(case["discriminator"], "Discriminator")
        self.fused = case["execution"] == "fused"
        if self.fused:
            for parent in list(self.discriminator.modules()):
                for name, child in parent.named_children():
                    if isinstance(child, (torch.nn.ReLU, torch.nn.LeakyReLU)):
                        setattr(parent, name, Sloped(child))
        self.labels = [torch.arange(64) % case["classes"]] if case["classes"] else []
        self.images = torch.rand(64, *case["image"])

    def step(self):
        score = lambda images: self.discriminator(images, *self.labels)  # noqa: E731
        loss = gradient_penalty(score, self.images, -self.images)
        # Fused execution asks for nothing but the weights' gradients.
        loss.backward(inputs=list(self.discriminator.parameters()) if self.fused else None)


print(json.dumps([count_flops(Penalty(case)) for case in json.loads(sys.argv[1])]))
