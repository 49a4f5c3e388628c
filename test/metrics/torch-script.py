"""Makes the TorchScript files of test/reference/torch-script: small feature networks, right and wrong.

    python torch-script.py FOLDER
"""
import sys
from pathlib import Path

import torch
from torch import Tensor, nn


class Means(nn.Module):
    """[N, C] of [N, C, H, W]: what anybody can compute."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Bytes(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        assert x.dtype == torch.uint8, "expected bytes"
        return x.to(torch.float64).mean((2, 3), keepdim=True), x


class Fixed(nn.Module):
    """Takes 3 channels of 8 x 8 alone."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(192, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten(1))


class Itself(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Whole(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)).long()


class Never(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)) / 0


class Text(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "features"


class Together(nn.Module):
    """One row for all images of a batch."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((0, 2, 3)).unsqueeze(0)


class Changing(nn.Module):
    """As many columns as there are images."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((1, 2, 3)).unsqueeze(1).repeat(1, x.size(0))


folder = Path(sys.argv[1])
torch.manual_seed(0)
right = (Means(), Bytes(), Fixed())
wrong = (Itself(), Whole(), Never(), Text(), Together(), Changing())
for network in (*right, *wrong):
    torch.jit.script(network).save(str(folder / f"{type(network).__name__.lower()}.pt"))
