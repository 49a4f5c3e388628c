"""First weights as scripts draw them by hand with torch.nn.init: in a generator by apply() once it is made, in a
discriminator layer by layer, before spectral_norm wraps them. Prints the SHA-256 of both for each kind.

    first-weights.py SEED
"""

import json
import math
import sys

import torch
from common import digest
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

kinds = {
    "normal": lambda weight: nn.init.normal_(weight, 0.0, 0.02),
    "uniform": lambda weight: nn.init.uniform_(weight, -0.1, 0.1),
    "xavierUniform": lambda weight: nn.init.xavier_uniform_(weight, gain=math.sqrt(2)),
    "xavierNormal": lambda weight: nn.init.xavier_normal_(weight),
    "kaimingUniform": lambda weight: nn.init.kaiming_uniform_(weight, a=0.2, mode="fan_out"),
    "kaimingNormal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "orthogonal": lambda weight: nn.init.orthogonal_(weight),
}


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(100, 16 * 8 * 8)
        self.blocks = nn.Sequential(
            nn.BatchNorm2d(16),
            nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 3, 3, 1, 1),
            nn.Tanh(),
        )


class Discriminator(nn.Module):
    def __init__(self, init):
        super().__init__()
        self.c1 = spectral_norm(init(nn.Conv2d(3, 32, 3, 1, 1)))
        self.c2 = spectral_norm(init(nn.Conv2d(32, 8, 4, 2, 1, bias=False)))
        self.up = spectral_norm(init(nn.ConvTranspose2d(8, 4, 2)))
        self.l1 = spectral_norm(init(nn.Linear(4 * 9 * 9, 20)))
        self.l2 = nn.Linear(20, 1)
        init(self.l2)


def filling(fill):
    def init(module):
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            fill(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        return module

    return init


def dcgan(module):
    name = module.__class__.__name__
    if name.find("Conv") != -1:
        nn.init.normal_(module.weight.data, 0.0, 0.02)
    elif name.find("BatchNorm") != -1:
        nn.init.normal_(module.weight.data, 1.0, 0.02)
        nn.init.constant_(module.bias.data, 0)
    return module


def draw(init):
    torch.manual_seed(int(sys.argv[1]))
    generator = Generator()
    generator.apply(init)
    return digest(generator, Discriminator(init))


torch.set_num_threads(1)
inits = {"dcgan": dcgan} | {name: filling(fill) for name, fill in kinds.items()}
print(json.dumps({name: draw(init) for name, init in inits.items()}))
