"""Python's safetensors and PyTorch as the referees for weight files.

    weights.py FILE OUT: loads FILE into the generator of the article with strict=True, runs it on a fixed
    input, prints what it made, and writes the weights, doubled, to OUT.
"""

import json
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

path, out = sys.argv[1:]


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Sequential(nn.Linear(5, 128 * 4))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(128),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, stride=1, padding=1),
            nn.BatchNorm2d(128, 0.8),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, stride=1, padding=1),
            nn.BatchNorm2d(64, 0.8),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 1, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, latent):
        return self.conv_blocks(self.l1(latent).view(-1, 128, 2, 2))


torch.set_num_threads(1)
state = load_file(path)
generator = Generator()
generator.load_state_dict(state, strict=True)
generator.eval()
latent = torch.arange(10, dtype=torch.float32).view(2, 5) / 10
with torch.no_grad():
    output = generator(latent)
doubled = {name: (tensor * 2).contiguous() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
save_file(doubled, out)
print(json.dumps({"keys": sorted(state), "output": output.flatten().tolist()}))
