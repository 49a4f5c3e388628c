"""WGAN: Arjovsky et al. 2017, "Wasserstein GAN", the Lipschitz bound by clipping weights."""

import torch

from common import batches, digest, options, report
from mlp_networks import latent_dim, pair

opt = options()
n_critic = 5
generator, discriminator = pair(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
clip_value = 0.01
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=0.00005)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=0.00005)

losses = []
for _ in range(opt.steps):
    d_losses = []
    for _ in range(n_critic):
        real_imgs, _ = next(stream)
        n = real_imgs.shape[0]
        optimizer_D.zero_grad()
        fake_imgs = generator(torch.randn(n, latent_dim)).detach()
        real_validity = discriminator(real_imgs)
        fake_validity = discriminator(fake_imgs)
        d_loss = torch.mean(fake_validity) - torch.mean(real_validity)
        d_loss.backward()
        optimizer_D.step()
        for p in discriminator.parameters():
            p.data.clamp_(-clip_value, clip_value)
        d_losses.append(d_loss.item())

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = -torch.mean(discriminator(gen_imgs))
    g_loss.backward()
    optimizer_G.step()

    losses.append([sum(d_losses) / n_critic, g_loss.item()])

report(initial, losses, digest(generator, discriminator))
