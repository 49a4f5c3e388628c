"""Prints how many floating-point operations the penalty on a generator's path lengths takes: PyTorch's own counter."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))

import torch  # noqa: E402
from counter import count_flops  # noqa: E402
from gan import build  # noqa: E402


class Update:
    """The generator's part of its own update, with the penalty or without."""

    def __init__(self, case, is_penalised):
        self.generator = build(case["generator"], "Generator")
        self.latents = torch.randn(64, case["noise"])
        self.is_penalised = is_penalised
        self.styles = []
        styled = next(one for one in self.generator.modules() if type(one).__name__.endswith("Styled"))
        styled.mapping.register_forward_hook(lambda _, __, w: self.styles.append(w))

    def step(self):
        images = self.generator(self.latents)
        loss = images.square().mean()
        if self.is_penalised:
            noise = torch.randn_like(images)
            slopes = torch.autograd.grad((images * noise).sum(), self.styles, create_graph=True)
            slope = torch.cat(slopes, 1)
            loss = loss + slope.norm(2, dim=1).square().mean()
        loss.backward()


case = json.loads(sys.argv[1])
print(json.dumps(count_flops(Update(case, True)) - count_flops(Update(case, False))))
