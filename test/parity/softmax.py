"""Softmax GAN: Lin 2017, "Softmax GAN", with the logarithm of the partition function by torch.logsumexp."""

import torch

from common import batches, digest, options, report
from mlp_networks import latent_dim, pair

opt = options()
generator, discriminator = pair(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    with torch.no_grad():
        d_real = discriminator(real_imgs)
    d_fake = discriminator(gen_imgs)
    everything = torch.cat([d_real, d_fake])
    g_loss = torch.mean(everything) + torch.logsumexp(-everything.flatten(), 0)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    d_real = discriminator(real_imgs)
    d_fake = discriminator(gen_imgs.detach())
    everything = torch.cat([d_real, d_fake])
    d_loss = torch.mean(d_real) + torch.logsumexp(-everything.flatten(), 0)
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
