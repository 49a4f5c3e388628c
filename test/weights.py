"""Python's safetensors and PyTorch as the referees for weight files.

    weights.py FILE FOLDER: loads FILE into the generator of the article with strict=True, runs it on a fixed
    input and prints what it made. Writes to FOLDER the weights doubled, the weights cast to every dtype that
    is a weight or a counter, with the SHA-256 of what the network holds then, and weights that are wrong.
"""

import hashlib
import json
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

path, folder = sys.argv[1:]


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
save_file(doubled, f"{folder}/doubled.safetensors")

floats = [torch.float16, torch.bfloat16, torch.float64, torch.float32]
counters = [torch.int32, torch.uint8, torch.int16, torch.float16]
cast = {
    name: tensor.to((floats if tensor.is_floating_point() else counters)[i % 4]).contiguous()
    for i, (name, tensor) in enumerate(state.items())
}
save_file(cast, f"{folder}/cast.safetensors")
generator.load_state_dict(cast, strict=True)
total = hashlib.sha256()
for name, tensor in sorted(generator.state_dict().items()):
    total.update(name.encode())
    total.update(tensor.contiguous().numpy().tobytes())

wrong = dict(state)
wrong["l1.0.weight"] = state["l1.0.weight"].to(torch.float8_e4m3fn)
wrong["l1.0.bias"] = state["l1.0.bias"].long()
wrong["conv_blocks.0.weight"] = state["conv_blocks.0.weight"].double() * 1e300
wrong["conv_blocks.0.bias"] = state["conv_blocks.0.bias"].to(torch.complex64)
wrong["conv_blocks.0.num_batches_tracked"] = torch.tensor(True)
wrong["conv_blocks.3.num_batches_tracked"] = torch.tensor(0.5)
save_file(wrong, f"{folder}/wrong.safetensors")

print(
    json.dumps(
        {
            "keys": sorted(state),
            "output": output.flatten().tolist(),
            "cast": total.hexdigest(),
        }
    )
)
