"""RaLSGAN: Jolicoeur-Martineau 2019, "The Relativistic Discriminator", average, with least squares."""

import torch
from torch import nn

from common import batches, digest, options, report
from conv_networks import Discriminator, Generator, latent_dim

opt = options()
generator = Generator(opt.size)
discriminator = Discriminator(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.MSELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    above, below = torch.ones(n, 1), -torch.ones(n, 1)

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    real_pred = discriminator(real_imgs).detach()
    fake_pred = discriminator(gen_imgs)
    real_loss = adversarial_loss(real_pred - fake_pred.mean(), below)
    fake_loss = adversarial_loss(fake_pred - real_pred.mean(), above)
    g_loss = (real_loss + fake_loss) / 2
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(gen_imgs.detach())
    real_loss = adversarial_loss(real_pred - fake_pred.mean(), above)
    fake_loss = adversarial_loss(fake_pred - real_pred.mean(), below)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
