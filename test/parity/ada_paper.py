"""Holds ada_pipeline.py to the pipeline as the paper has it, in float64: homogeneous matrices, an image that is padded by
reflection as far as any sample looks, a transposed convolution with the wavelet, interpolation by indices, a convolution
back. Prints the largest differences of values, gradients and second derivatives."""

import json
import math

import numpy
import torch
from torch.nn.functional import conv2d, conv_transpose2d

from ada_pipeline import SYM6, Pipeline

DOUBLE = torch.float64


def scale2(x, y):
    return torch.diag(torch.tensor([x, y, 1.0], dtype=DOUBLE))


def rotate2(angle):
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[c, -s, 0], [s, c, 0], [0, 0, 1]], dtype=DOUBLE)


def translate2(x, y):
    return torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=DOUBLE)


class Draws:
    """The numbers of a batch, in the order in which the pipeline draws them."""

    def __init__(self, count, p):
        self.count, self.p = count, p

    def uniform(self):
        return torch.rand(self.count, 1, 1, dtype=DOUBLE).flatten()

    def both_ways(self):
        return self.uniform() * 2 - 1

    def normal(self):
        return torch.randn(self.count, 1, 1, dtype=DOUBLE).flatten()

    def whole(self, end):
        return torch.randint(0, end, (self.count, 1, 1), dtype=DOUBLE).flatten()

    def chosen(self, p=None):
        return self.uniform() < (self.p if p is None else p)


def blit(draws, width, height):
    """A 3x3 matrix for each sample."""
    matrices = [torch.eye(3, dtype=DOUBLE) for _ in range(draws.count)]
    do, i = draws.chosen(), draws.whole(2)
    matrices = [scale2(1 - 2 * k, 1) @ m if d else m for d, k, m in zip(do, i, matrices)]
    do, i = draws.chosen(), draws.whole(4 if width == height else 2) * (1 if width == height else 2)
    matrices = [rotate2(-math.pi / 2 * k) @ m if d else m for d, k, m in zip(do, i, matrices)]
    do, x, y = draws.chosen(), draws.both_ways() * 0.125, draws.both_ways() * 0.125
    return [
        translate2(torch.round(a * width), torch.round(b * height)) @ m if d else m
        for d, a, b, m in zip(do, x, y, matrices)
    ]


def bend(draws, width, height, matrices):
    rotates = 1 - math.sqrt(1 - draws.p)
    made = torch.zeros(draws.count, dtype=torch.bool)
    for stretches in [lambda s: (s, s), lambda s: (s, 1 / s)]:
        do, s = draws.chosen(), torch.exp(draws.normal() * 0.2 * math.log(2))
        matrices = [scale2(*stretches(k)) @ m if d else m for d, k, m in zip(do, s, matrices)]
        made = made | do
        do, angle = draws.chosen(rotates), draws.both_ways() * math.pi
        matrices = [rotate2(-k) @ m if d else m for d, k, m in zip(do, angle, matrices)]
        made = made | do
    do, x, y = draws.chosen(), draws.normal() * 0.125, draws.normal() * 0.125
    matrices = [translate2(a * width, b * height) @ m if d else m for d, a, b, m in zip(do, x, y, matrices)]
    return matrices, made | do


def colour(draws, channels):
    """A 4x4 matrix for each sample."""
    matrices = [torch.eye(4, dtype=DOUBLE) for _ in range(draws.count)]
    v = torch.ones(3, dtype=DOUBLE) / math.sqrt(3)
    along = torch.outer(v, v)
    cross = torch.tensor([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]], dtype=DOUBLE)

    def apply(do, values, make):
        for i in range(draws.count):
            if do[i]:
                matrix = torch.eye(4, dtype=DOUBLE)
                make(matrix, values[i])
                matrices[i] = matrix @ matrices[i]

    def brightness(matrix, b):
        matrix[:3, 3] = b

    def linear(of):
        def make(matrix, value):
            matrix[:3, :3] = of(value)

        return make

    eye = torch.eye(3, dtype=DOUBLE)
    apply(draws.chosen(), draws.normal() * 0.2, brightness)
    apply(draws.chosen(), torch.exp(draws.normal() * 0.5 * math.log(2)), linear(lambda c: eye * c))
    if channels == 1:
        return matrices
    apply(draws.chosen(), draws.whole(2), linear(lambda i: eye - 2 * along * i))
    # Rodrigues' rotation about v.
    rotation = lambda a: along + (eye - along) * torch.cos(a) + cross * torch.sin(a)
    apply(draws.chosen(), draws.both_ways() * math.pi, linear(rotation))
    saturation = lambda s: along + (eye - along) * s
    apply(draws.chosen(), torch.exp(draws.normal() * math.log(2)), linear(saturation))
    return matrices


def wavelet_filter(by, along_x):
    taps = torch.tensor(SYM6, dtype=DOUBLE) / math.sqrt(2) * by
    return taps.view(1, 1, 1, -1) if along_x else taps.view(1, 1, -1, 1)


def warp(image, matrix):
    """One image [C, H, W] by the wavelet: padded by reflection, twice as fine, interpolated, and back."""
    channels, height, width = image.shape
    margin = 5 * max(height, width) + 8
    places = [numpy.pad(numpy.arange(size), margin, mode="reflect") for size in (height, width)]
    padded = image[:, torch.from_numpy(places[0])][:, :, torch.from_numpy(places[1])].unsqueeze(1)
    fine = conv_transpose2d(padded, wavelet_filter(2, True), stride=(1, 2))
    fine = conv_transpose2d(fine, wavelet_filter(2, False), stride=(2, 1))
    # A pixel is at the filter's tap 5, which NVIDIA's program says by moving its grid by half a sample: sample j of the
    # padded grid is at the pixel (j - 5) / 2 - margin.
    inverse = torch.linalg.inv(matrix)
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=DOUBLE)
    rows = torch.arange(-5, 2 * height + 5, dtype=DOUBLE)
    columns = torch.arange(-5, 2 * width + 5, dtype=DOUBLE)
    y, x = torch.meshgrid(rows / 2 - centre[1], columns / 2 - centre[0], indexing="ij")
    source = inverse @ torch.stack([x.flatten(), y.flatten(), torch.ones_like(x).flatten()])
    sx = (source[0] + centre[0] + margin) * 2 + 5
    sy = (source[1] + centre[1] + margin) * 2 + 5
    x0, y0 = sx.floor(), sy.floor()
    fx, fy = sx - x0, sy - y0
    x0, y0 = x0.long(), y0.long()
    assert x0.min() >= 12 and y0.min() >= 12 and x0.max() < fine.shape[3] - 13 and y0.max() < fine.shape[2] - 13
    at = lambda dy, dx: fine[:, 0, y0 + dy, x0 + dx]
    values = (at(0, 0) * (1 - fx) + at(0, 1) * fx) * (1 - fy) + (at(1, 0) * (1 - fx) + at(1, 1) * fx) * fy
    values = values.view(channels, 1, len(rows), len(columns))
    values = conv2d(values, wavelet_filter(1, True), stride=(1, 2))
    return conv2d(values, wavelet_filter(1, False), stride=(2, 1))[:, 0]


def copy(image, matrix):
    """One image, pixel by pixel, mirrored at its borders."""
    _, height, width = image.shape
    inverse = torch.linalg.inv(matrix)
    fold = lambda i, size: i if size == 1 else (i % (2 * size - 2) if i % (2 * size - 2) < size else 2 * size - 2 - i % (2 * size - 2))
    rows = []
    for y in range(height):
        for x in range(width):
            place = inverse @ torch.tensor([x - (width - 1) / 2, y - (height - 1) / 2, 1.0], dtype=DOUBLE)
            sx, sy = place[0] + (width - 1) / 2, place[1] + (height - 1) / 2
            rows.append(image[:, fold(round(sy.item()), height), fold(round(sx.item()), width)])
    return torch.stack(rows, 1).view(image.shape)


def paper(images, transforms, p):
    count, channels, height, width = images.shape
    draws = Draws(count, p)
    matrices = [torch.eye(3, dtype=DOUBLE) for _ in range(count)]
    seen = list(images)
    if "blit" in transforms:
        matrices = blit(draws, width, height)
        seen = [copy(image, matrix) for image, matrix in zip(images, matrices)]
    if "geometry" in transforms:
        matrices, made = bend(draws, width, height, matrices)
        seen = [warp(images[i], matrices[i]) if made[i] else seen[i] for i in range(count)]
    if "color" in transforms:
        colours = colour(draws, channels)
        # A grey image is that of three equal channels.
        pixels = [image.flatten(1).expand(3, -1) for image in seen]
        changed = [m[:3, :3] @ x + m[:3, 3:] for m, x in zip(colours, pixels)]
        seen = [x[:channels].view(images.shape[1:]) for x in changed]
    return torch.stack(seen)


def look(function, images, seed):
    """Values, the gradient of some score, and that of the gradient's norm."""
    torch.manual_seed(seed)
    images = images.clone().requires_grad_()
    seen = function(images)
    score = (seen.sin() * torch.arange(seen.numel(), dtype=DOUBLE).view(seen.shape).cos()).sum()
    gradient = torch.autograd.grad(score, images, create_graph=True)[0]
    second = torch.autograd.grad(gradient.square().sum(), images)[0] if gradient.requires_grad else torch.zeros(1)
    return seen.detach(), gradient.detach(), second


torch.set_num_threads(1)
torch.manual_seed(0)
found = {}
groups = [["blit"], ["geometry"], ["color"], ["blit", "geometry", "color"]]
for shape in [(8, 3, 6, 6), (8, 1, 7, 5), (8, 3, 4, 9)]:
    images = torch.randn(shape, dtype=DOUBLE)
    for transforms in groups:
        for p in [0.0, 0.4, 1.0]:
            pipeline = Pipeline(shape[1:], transforms, DOUBLE)
            ours = look(lambda x: pipeline(x, torch.tensor(p, dtype=DOUBLE)), images, 3)
            theirs = look(lambda x: paper(x, transforms, p), images, 3)
            name = f"{'+'.join(transforms)} of {shape[1]}x{shape[2]}x{shape[3]} at {p}"
            found[name] = {
                "changed": (ours[0] != images).flatten(1).any(1).sum().item(),
                "value": (ours[0] - theirs[0]).abs().max().item(),
                "gradient": (ours[1] - theirs[1]).abs().max().item(),
                "second": (ours[2] - theirs[2]).abs().max().item(),
            }

# Where an image is on the finer grid: a smooth one that is turned or mirrored is its pixels in other places. The wavelet
# is not symmetric, so that is not exact.
bump = torch.exp(-((torch.arange(32, dtype=DOUBLE) - 13.5) ** 2) / 32)
smooth = torch.outer(bump, bump.roll(3)).unsqueeze(0)
moved = max(
    (warp(smooth, matrix) - copy(smooth, matrix)).abs().max().item()
    for matrix in [rotate2(math.pi / 2), rotate2(math.pi), scale2(-1, 1), scale2(1, -1)]
)

# What makes it the wavelet that it is: sum, orthogonality to itself moved by two, and six vanishing moments.
h = numpy.array(SYM6)
wavelet = {
    "sum": abs(h.sum() - math.sqrt(2)),
    "orthogonality": max(abs((h[: 12 - 2 * k] * h[2 * k :]).sum() - (k == 0)) for k in range(6)),
    "moments": max(abs(((-1.0) ** numpy.arange(12) * (numpy.arange(12) / 11) ** k * h).sum()) for k in range(6)),
}
print(json.dumps({"transforms": found, "moved": moved, "wavelet": wavelet}))
