"""DCGAN by the loop of PyTorch's own tutorial and examples: the discriminator learns first, from the sum of two losses
that go backward one after the other, and the generator then learns from the same fakes."""

import torch
from torch import nn

from common import batches, digest, options, report
from dcgan_networks import latent_dim, pair

opt = options()
generator, discriminator = pair(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    discriminator.zero_grad()
    label = torch.full((n, 1), 1.0)
    err_real = adversarial_loss(discriminator(real_imgs), label)
    err_real.backward()
    fake = generator(torch.randn(n, latent_dim))
    label.fill_(0.0)
    err_fake = adversarial_loss(discriminator(fake.detach()), label)
    err_fake.backward()
    optimizer_D.step()

    generator.zero_grad()
    label.fill_(1.0)
    err_g = adversarial_loss(discriminator(fake), label)
    err_g.backward()
    optimizer_G.step()

    losses.append([(err_real + err_fake).item(), err_g.item()])

report(initial, losses, digest(generator, discriminator))
