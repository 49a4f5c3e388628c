"""Small GANs under adaptive discriminator augmentation, several in one go: the referee of ada.test.ts."""

import json
import sys

import numpy
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from ada_pipeline import Controller, Pipeline
from common import digest

torch.set_num_threads(1)


def pair(shape, sigmoid):
    channels, height, width = shape
    pixels = channels * height * width
    generator = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, pixels), nn.Tanh(), nn.Unflatten(1, shape))
    discriminator = nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(8 * height * width, 1),
        *([nn.Sigmoid()] if sigmoid else []),
    )
    return generator, discriminator


def batches(path, shape, batch):
    raw = torch.from_numpy(numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, *shape))
    reals = [(image.float().div(255).sub_(0.5).div_(0.5), 0) for image in raw]
    loader = DataLoader(reals, batch_size=batch, shuffle=True)
    while True:
        yield from loader


def gradient_penalty(images, scores):
    ones = torch.ones_like(scores)
    gradients = torch.autograd.grad(scores, images, ones, create_graph=True)[0]
    return gradients.flatten(1).square().sum(1).mean() / 2


def train(images, shape, transforms, p, target, interval, kimg, r1, sigmoid, steps, batch):
    """`r1`: the weight of R1 at every second update, which is then twice as strong."""
    torch.manual_seed(0)
    generator, discriminator = pair(shape, sigmoid)
    initial = digest(generator, discriminator)
    stream = batches(images, shape, batch)
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.002, betas=(0.5, 0.999))
    optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.002, betas=(0.5, 0.999))
    cross_entropy = nn.BCELoss() if sigmoid else binary_cross_entropy_with_logits
    augment = Pipeline(shape, transforms)
    ada = Controller(p, target, interval, kimg, 0.5 if sigmoid else 0.0)
    losses, probabilities = [], []
    for step in range(steps):
        real_imgs, _ = next(stream)
        n = len(real_imgs)
        valid, fake = torch.ones(n, 1), torch.zeros(n, 1)
        optimizer_G.zero_grad()
        gen_imgs = generator(torch.randn(n, 8))
        g_loss = cross_entropy(discriminator(augment(gen_imgs, ada.p)), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        is_penalised = r1 > 0 and step % 2 == 0
        real_imgs.requires_grad_(is_penalised)
        real_scores = discriminator(augment(real_imgs, ada.p))
        fake_scores = discriminator(augment(gen_imgs.detach(), ada.p))
        d_loss = (cross_entropy(real_scores, valid) + cross_entropy(fake_scores, fake)) / 2
        if is_penalised:
            d_loss = d_loss + 2 * r1 * gradient_penalty(real_imgs, real_scores)
        d_loss.backward()
        optimizer_D.step()
        ada.note(real_scores)
        ada.end_step(n)
        losses.append([d_loss.item(), g_loss.item()])
        probabilities.append(ada.p.item())
    final = {"weights": digest(generator, discriminator), "probabilities": probabilities}
    return {"initial": initial, "losses": losses, "final": final}


print(json.dumps({name: train(**one) for name, one in json.loads(sys.argv[1]).items()}))
