"""DRAGAN: Kodali et al. 2017, "On Convergence and Stability of GANs": a gradient penalty around the data."""

import torch
from torch import nn

from common import batches, digest, options, report
from conv_networks import Generator, latent_dim

opt = options()


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(opt.size**2, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 1),
        )

    def forward(self, img):
        return self.model(img.flatten(1))


generator = Generator(opt.size)
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCEWithLogitsLoss()
lambda_gp = 10
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))


def gradient_penalty(real_imgs):
    alpha = torch.rand(real_imgs.shape[0], 1, 1, 1)
    noise = torch.rand_like(real_imgs)
    around = real_imgs + alpha * (0.5 * real_imgs.std() * noise)
    around.requires_grad_(True)
    pred = discriminator(around)
    gradients = torch.autograd.grad(
        outputs=pred,
        inputs=around,
        grad_outputs=torch.ones_like(pred),
        create_graph=True,
        retain_graph=True,
    )[0]
    return ((gradients.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = adversarial_loss(discriminator(gen_imgs), valid)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_loss = adversarial_loss(discriminator(real_imgs), valid)
    fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2 + lambda_gp * gradient_penalty(real_imgs)
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
