"""Prints how many floating-point operations a step of a pair takes: PyTorch's own counter on bench/peers' training."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))

import torch  # noqa: E402
from counter import count_flops  # noqa: E402
from gan import Mode, Training  # noqa: E402

adam = {"type": "adam", "lr": 1e-4, "betas": [0.5, 0.999], "eps": 1e-8, "weightDecay": 0, "amsgrad": False}
case = json.loads(sys.argv[1])
case |= {"batch": 64, "seed": 0, "optimizer": {"generator": adam, "discriminator": adam}}
images = torch.zeros(512, *case["image"], dtype=torch.uint8)
training = Training(case, images, Mode())
for player, module in (("generator", training.generator), ("discriminator", training.whole_discriminator)):
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in case.get("frozen", {}).get(player, []))
print(json.dumps({"flops": count_flops(training)}))
