"""The WGANs' MLPs by the hinge loss, with two updates of each player in a step: `for _ in range(g_steps)`. The order
and whether the two learn from the same fakes are told; the generator's rate falls with each of its own updates."""

import copy

import torch
import torch.nn.functional as F

from common import batches, digest, options, report, update_average
from mlp_networks import latent_dim, pair

opt = options(order=["generatorFirst", "discriminatorFirst"], fakes=["same", "fresh"])
d_steps, g_steps, decay = 2, 2, 0.99
generator, discriminator = pair(opt.size)
average = copy.deepcopy(generator)
initial = digest(generator, discriminator, average)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
schedule_G = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer_G, T_max=g_steps * opt.steps, eta_min=0.00001)
g_updates = 0


def make_fakes():
    return generator(torch.randn(n, latent_dim))


def update_generator(fakes):
    optimizer_G.zero_grad()
    loss = -torch.mean(discriminator(fakes))
    loss.backward()
    optimizer_G.step()
    schedule_G.step()
    return loss.item()


def follow():
    """Once for each update of the generator: before the next, and for the last at the end of the step."""
    global g_updates
    g_updates += 1
    update_average(average, generator, g_updates, decay)


def update_discriminator(reals, fakes):
    optimizer_D.zero_grad()
    d_real, d_fake = discriminator(reals), discriminator(fakes.detach())
    loss = torch.mean(F.relu(1.0 - d_real)) + torch.mean(F.relu(1.0 + d_fake))
    loss.backward()
    optimizer_D.step()
    return loss.item()


losses = []
for _ in range(opt.steps):
    g_losses, d_losses = [], []
    if opt.order == "generatorFirst":
        real_imgs, _ = next(stream)
        n = real_imgs.shape[0]
        for i in range(g_steps):
            if i > 0:
                follow()
            gen_imgs = make_fakes()
            g_losses.append(update_generator(gen_imgs))
        for i in range(d_steps):
            if i > 0:
                real_imgs, _ = next(stream)
                n = real_imgs.shape[0]
            if i > 0 or opt.fakes == "fresh":
                gen_imgs = make_fakes()
            d_losses.append(update_discriminator(real_imgs, gen_imgs))
    else:
        for _ in range(d_steps):
            real_imgs, _ = next(stream)
            n = real_imgs.shape[0]
            gen_imgs = make_fakes()
            d_losses.append(update_discriminator(real_imgs, gen_imgs))
        for i in range(g_steps):
            if i > 0:
                follow()
            if i > 0 or opt.fakes == "fresh":
                gen_imgs = make_fakes()
            g_losses.append(update_generator(gen_imgs))
    follow()
    losses.append([sum(d_losses) / d_steps, sum(g_losses) / g_steps])

report(initial, losses, digest(generator, discriminator, average))
