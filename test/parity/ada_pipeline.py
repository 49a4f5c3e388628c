"""Adaptive discriminator augmentation in PyTorch, written after appendix B of Karras et al. 2020 (arXiv:2006.06676) in the
operations that a fast implementation would use: ada_paper.py holds it to the paper's own formulation.

What is drawn, in this order and [N, 1, 1] each: of every transform whether it is made, and then its numbers.
"""

import math

import torch

# The scaling filter of the symlet with six vanishing moments.
SYM6 = [
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
]


class Spread(torch.autograd.Function):
    """The gradient of grid_sample in its input, which PyTorch does not differentiate; it is linear, too."""

    @staticmethod
    def forward(ctx, gradient, grid, shape):
        ctx.save_for_backward(grid)
        images = gradient.new_zeros(()).expand(shape)
        return torch.ops.aten.grid_sampler_2d_backward(gradient, images, grid, 0, 0, True, [True, False])[0]

    @staticmethod
    def backward(ctx, gradient):
        return Interpolation.apply(gradient, ctx.saved_tensors[0]), None, None


class Interpolation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images, grid):
        ctx.save_for_backward(grid)
        ctx.shape = images.shape
        return torch.nn.functional.grid_sample(images, grid, align_corners=True)

    @staticmethod
    def backward(ctx, gradient):
        return Spread.apply(gradient, ctx.saved_tensors[0], ctx.shape), None


class Side:
    """Height or width: to the finer grid of the once mirrored image, and back."""

    def __init__(self, size, dtype):
        self.size, self.middle = size, (size - 1) / 2
        self.period = max(2 * (size - 1), 1)
        finer = torch.zeros(2 * self.period + 1, size, dtype=torch.float64)
        for sample in range(2 * self.period + 1):
            for tap in range((sample + 5) % 2, 12, 2):
                pixel = (sample + 5 - tap) // 2 % self.period
                finer[sample, min(pixel, self.period - pixel)] += math.sqrt(2) * SYM6[tap]
        coarser = torch.zeros(size, 2 * size + 10, dtype=torch.float64)
        for pixel in range(size):
            for tap in range(12):
                coarser[pixel, 2 * pixel + tap] = SYM6[tap] / math.sqrt(2)
        self.finer, self.coarser = finer.to(dtype), coarser.to(dtype)
        samples = torch.arange(2 * size + 10, dtype=torch.float64) - 5
        self.places = (samples / 2 - self.middle).to(dtype)
        self.own_places = (torch.arange(size, dtype=torch.float64) - self.middle).to(dtype)

    def on_finer(self, place):
        samples = 2 * self.period
        return ((place + self.middle) * 2).remainder(samples) * (2 / samples) - 1

    def pixel_at(self, place):
        within = (place + self.middle).round().long().remainder(self.period)
        return torch.minimum(within, self.period - within)


class Origin:
    """Where each pixel comes from: a 2x2 matrix and a shift, [N, 1, 1] each, in pixels from the middle."""

    def __init__(self, xx, xy, yx, yy, dx, dy):
        self.parts = xx, xy, yx, yy, dx, dy

    def scaled(self, x, y):
        xx, xy, yx, yy, dx, dy = self.parts
        return Origin(xx / x, xy / y, yx / x, yy / y, dx, dy)

    def turned(self, cosine, sine):
        xx, xy, yx, yy, dx, dy = self.parts
        return Origin(
            xx * cosine + xy * sine,
            xy * cosine - xx * sine,
            yx * cosine + yy * sine,
            yy * cosine - yx * sine,
            dx,
            dy,
        )

    def moved(self, x, y):
        xx, xy, yx, yy, dx, dy = self.parts
        return Origin(xx, xy, yx, yy, dx - (xx * x + xy * y), dy - (yx * x + yy * y))

    def of(self, x, y):
        xx, xy, yx, yy, dx, dy = self.parts
        return xx * x + xy * y + dx, yx * x + yy * y + dy


class Pipeline:
    def __init__(self, shape, transforms, dtype=torch.float32):
        self.channels, self.height, self.width = shape
        self.transforms, self.dtype = transforms, dtype
        self.vertical, self.horizontal = Side(self.height, dtype), Side(self.width, dtype)

    def __call__(self, images, p):
        self.count, self.p = len(images), p
        one, zero = torch.ones(self.count, 1, 1, dtype=self.dtype), torch.zeros(self.count, 1, 1, dtype=self.dtype)
        seen, origin = images, Origin(one, zero, zero, one, zero, zero)
        if "blit" in self.transforms:
            origin = self.blitted(origin)
            seen = self.copied(images, origin)
        if "geometry" in self.transforms:
            origin, any_made = self.bent(origin)
            seen = torch.where(any_made.unsqueeze(3), self.resampled(images, origin), seen)
        return self.coloured(seen) if "color" in self.transforms else seen

    def uniform(self):
        return torch.rand(self.count, 1, 1, dtype=self.dtype)

    def normal(self):
        return torch.randn(self.count, 1, 1, dtype=self.dtype)

    def whole(self, end):
        return torch.randint(0, end, (self.count, 1, 1), dtype=self.dtype)

    def chosen(self):
        return self.uniform() < self.p

    def blitted(self, origin):
        flips, side = self.chosen(), self.whole(2)
        origin = origin.scaled(1 - torch.where(flips, side, 0) * 2, torch.ones_like(side))
        square = self.height == self.width
        turns, quarters = self.chosen(), self.whole(4 if square else 2)
        quarter = torch.where(turns, quarters if square else quarters * 2, 0)
        number = [(quarter == i).to(self.dtype) for i in range(4)]
        origin = origin.turned(number[0] - number[2], number[1] - number[3])
        moves, right, down = self.chosen(), self.uniform() * 2 - 1, self.uniform() * 2 - 1
        pixels = [torch.where(moves, (by * (0.125 * size)).round(), 0) for by, size in [(right, self.width), (down, self.height)]]
        return origin.moved(*pixels)

    def bent(self, origin):
        made = torch.zeros(self.count, 1, 1, dtype=torch.bool)
        for stretch in [lambda by: by, lambda by: by.reciprocal()]:
            scales, by = self.chosen(), self.normal()
            by = torch.where(scales, (by * 0.2).exp2(), 1)
            turns, angle = self.uniform() < 1 - (1 - self.p).sqrt(), self.uniform() * 2 - 1
            angle = torch.where(turns, angle * math.pi, 0)
            origin = origin.scaled(by, stretch(by)).turned(angle.cos(), angle.sin())
            made = made | scales | turns
        moves, right, down = self.chosen(), self.normal(), self.normal()
        pixels = [torch.where(moves, by * (0.125 * size), 0) for by, size in [(right, self.width), (down, self.height)]]
        return origin.moved(*pixels), made | moves

    def copied(self, images, origin):
        x, y = origin.of(self.horizontal.own_places, self.vertical.own_places.unsqueeze(1))
        pixels = self.vertical.pixel_at(y) * self.width + self.horizontal.pixel_at(x)
        flat = images.flatten(2)
        return flat.gather(2, pixels.flatten(1).unsqueeze(1).expand_as(flat)).view(images.shape)

    def resampled(self, images, origin):
        across, down = self.horizontal, self.vertical
        finer = ((images @ across.finer.t()).transpose(2, 3) @ down.finer.t()).transpose(2, 3)
        x, y = origin.of(across.places, down.places.unsqueeze(1))
        samples = Interpolation.apply(finer, torch.stack([across.on_finer(x), down.on_finer(y)], 3))
        return ((samples @ across.coarser.t()).transpose(2, 3) @ down.coarser.t()).transpose(2, 3)

    def coloured(self, images):
        lightens, brightness = self.chosen(), self.normal()
        brightness = torch.where(lightens, brightness * 0.2, 0).unsqueeze(3)
        sharpens, contrast = self.chosen(), self.normal()
        contrast = torch.where(sharpens, (contrast * 0.5).exp2(), 1).unsqueeze(3)
        made = lightens | sharpens
        if self.channels == 1:
            return torch.where(made.unsqueeze(3), (images + brightness) * contrast, images)
        inverts, sign = self.chosen(), self.whole(2)
        luma = contrast * torch.where(inverts, 1 - sign * 2, 1).unsqueeze(3)
        turns, angle = self.chosen(), self.uniform() * 2 - 1
        angle = torch.where(turns, angle * math.pi, 0).unsqueeze(3)
        saturates, chroma = self.chosen(), self.normal()
        chroma = contrast * torch.where(saturates, chroma.exp2(), 1).unsqueeze(3)
        made = made | inverts | turns | saturates
        grey = images.mean(1, keepdim=True)
        colour = images - grey
        across = (colour.roll(1, 1) - colour.roll(-1, 1)) / math.sqrt(3)
        turned = colour * angle.cos() + across * angle.sin()
        return torch.where(made.unsqueeze(3), (grey + brightness) * luma + turned * chroma, images)


class Controller:
    """p, which goes where the mean sign of the scores of reals says."""

    def __init__(self, p, target=0.6, interval=4, kimg=500, middle=0.0):
        self.p = torch.tensor(p, dtype=torch.float64)
        self.target, self.interval, self.kimg, self.middle = target, interval, kimg, middle
        self.scores, self.images, self.steps = [], 0, 0

    def note(self, scores):
        self.scores.append(scores.detach().flatten() - self.middle)

    def end_step(self, images):
        self.images += images
        self.steps += 1
        if self.steps % self.interval > 0:
            return
        mean = torch.cat(self.scores).sign().double().mean()
        self.p = (self.p + torch.sign(mean - self.target) * self.images / (self.kimg * 1000)).clamp(0, 1)
        self.scores, self.images = [], 0
