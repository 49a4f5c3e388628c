"""What the scripts beside this file share: options, images as bytes, moving averages, and the JSON that a test reads.

Each script is one GAN as its users know it, written by hand in the style of the collections of PyTorch scripts:
networks, losses and loop stand there in full, but for the networks that several loops train (*_networks.py). They are
the referees of gans.test.ts.
"""

import argparse
import hashlib
import json
import math

import numpy
import torch
from torch.utils.data import DataLoader, Dataset


def options(**choices):
    """Parses the command line and seeds PyTorch. `choices`: what else has to be said, and the values it may have."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", required=True, help="uint8 [count, 1, size, size], raw")
    parser.add_argument("--labels", required=True, help="uint8 [count], raw")
    parser.add_argument("--size", type=int, required=True, help="side of the images")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--flip", action="store_true", help="by torchvision's RandomHorizontalFlip")
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0])
    opt = parser.parse_args()
    torch.set_num_threads(opt.threads)
    torch.manual_seed(opt.seed)
    return opt


class Bytes(Dataset):
    """Images with ToTensor and, if signed, Normalize([0.5], [0.5]), as torchvision computes them, and their labels."""

    def __init__(self, opt, signed):
        self.signed = signed
        images = numpy.fromfile(opt.images, dtype=numpy.uint8).reshape(-1, 1, opt.size, opt.size)
        self.images = torch.from_numpy(images)
        self.labels = numpy.fromfile(opt.labels, dtype=numpy.uint8)
        self.transform = random_flip() if opt.flip else torch.nn.Identity()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index].to(torch.float32).div(255)
        if self.signed:
            image = image.sub_(0.5).div_(0.5)
        return self.transform(image), int(self.labels[index])


def random_flip():
    import torchvision_cpu  # noqa: F401  first: lets torchvision load beside a CPU torch
    from torchvision.transforms import RandomHorizontalFlip

    return RandomHorizontalFlip()


def batches(opt, signed=True):
    """Shuffled batches of (images, labels), epoch after epoch; pixels are -1 to 1 if signed, else 0 to 1."""
    loader = DataLoader(Bytes(opt, signed), batch_size=opt.batch, shuffle=True)
    while True:
        yield from loader


def update_average(average, module, update, decay, ramp_up=0.05):
    """Moves the average of a module's weights, after its update-th update, the first being 1. StyleGAN2's ramp-up: the
    half-life grows with the updates done, up to that of the decay."""
    half_life = math.log(0.5) / math.log(decay)
    decay = 0.5 ** (1 / min(half_life, update * ramp_up))
    with torch.no_grad():
        for mean, current in zip(average.parameters(), module.parameters()):
            mean.lerp_(current, 1 - decay)
        for mean, current in zip(average.buffers(), module.buffers()):
            mean.copy_(current)


def digest(*modules):
    """SHA-256 over the state dicts, sorted by key."""
    total = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.numpy().tobytes())
    return total.hexdigest()


def report(initial, losses, final):
    print(json.dumps({"initial": initial, "losses": losses, "final": final}))
