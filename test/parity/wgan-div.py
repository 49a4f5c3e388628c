"""WGAN-div: Wu et al. 2018, "Wasserstein Divergence for GANs": a power of the norm, which is one per sample."""

import torch

from common import batches, digest, options, report
from mlp_networks import latent_dim, pair

opt = options()
n_critic = 5
generator, discriminator = pair(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
k, p = 2, 6
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))


def divergence(real_imgs, fake_imgs):
    alpha = torch.rand(real_imgs.shape[0], 1, 1, 1)
    interpolates = (alpha * real_imgs + (1 - alpha) * fake_imgs).requires_grad_(True)
    d_interpolates = discriminator(interpolates)
    gradients = torch.autograd.grad(
        outputs=d_interpolates,
        inputs=interpolates,
        grad_outputs=torch.ones_like(d_interpolates),
        create_graph=True,
        retain_graph=True,
    )[0]
    return ((gradients.flatten(1) ** 2).sum(1) ** (p / 2)).mean()


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
        d_loss = d_loss + k * divergence(real_imgs, fake_imgs)
        d_loss.backward()
        optimizer_D.step()
        d_losses.append(d_loss.item())

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = -torch.mean(discriminator(gen_imgs))
    g_loss.backward()
    optimizer_G.step()

    losses.append([sum(d_losses) / n_critic, g_loss.item()])

report(initial, losses, digest(generator, discriminator))
