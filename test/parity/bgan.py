"""BGAN: Hjelm et al. 2018, "Boundary-Seeking GANs", for continuous data."""

import torch
from torch import nn

from common import batches, digest, options, report
from mlp_networks import latent_dim, pair

opt = options()
generator, discriminator = pair(opt.size)
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))


def boundary_seeking_loss(logits):
    """Half of (log D - log(1 - D))², which is the logit's own square."""
    return 0.5 * torch.mean(logits**2)


losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = boundary_seeking_loss(discriminator(gen_imgs))
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_loss = adversarial_loss(discriminator(real_imgs), valid)
    fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
