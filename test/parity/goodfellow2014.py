"""Goodfellow et al. 2014, "Generative Adversarial Networks", as its code trains MNIST (pylearn2, mnist.yaml): pixels in
[0, 1], uniform noise and first weights, SGD whose momentum rises and whose learning rate falls, and both players
updated from the same fakes. Beside them the moving average of the generator (Karras et al. 2020), which no update reads.
"""

import copy
import math

import torch
from torch import nn

from common import batches, digest, options, report, update_average
from maxout_networks import Discriminator, Generator, latent_dim

opt = options()


def uniform(reach):
    """pylearn2's irange: weights from U(-reach, reach), biases 0."""

    def draw(module):
        if isinstance(module, nn.Linear):
            nn.init.uniform_(module.weight, -reach, reach)
            nn.init.zeros_(module.bias)

    return draw


def falling(t):
    """The learning rate, as a multiple of its start, before update t."""
    return max((1 / 1.000004) ** t, 1e-6 / 0.1)


def step(optimizer, schedule):
    momentum = 0.5 + (0.7 - 0.5) * min(schedule.last_epoch / 150_000, 1)
    for group in optimizer.param_groups:
        group["momentum"] = momentum
    optimizer.step()
    schedule.step()


generator = Generator(opt.size, nn.Sigmoid())
generator.apply(uniform(0.05))
discriminator = Discriminator(opt.size)
discriminator.apply(uniform(0.005))
average_G = copy.deepcopy(generator)
initial = digest(generator, discriminator, average_G)
stream = batches(opt, signed=False)
adversarial_loss = nn.BCELoss()
optimizer_G = torch.optim.SGD(generator.parameters(), lr=0.1, momentum=0.5)
optimizer_D = torch.optim.SGD(discriminator.parameters(), lr=0.1, momentum=0.5)
schedule_G = torch.optim.lr_scheduler.LambdaLR(optimizer_G, falling)
schedule_D = torch.optim.lr_scheduler.LambdaLR(optimizer_D, falling)

losses = []
for update in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.empty(n, latent_dim).uniform_(-math.sqrt(3), math.sqrt(3)))
    g_loss = adversarial_loss(discriminator(gen_imgs), valid)
    g_loss.backward()
    step(optimizer_G, schedule_G)

    optimizer_D.zero_grad()
    real_loss = adversarial_loss(discriminator(real_imgs), valid)
    fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    step(optimizer_D, schedule_D)

    update_average(average_G, generator, update + 1, decay=0.9999)
    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator, average_G))
