"""R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN!": relativistic pairing, R1 and R2, no
normalisation, and the moving average of the generator (Karras et al. 2020)."""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus

from common import batches, digest, options, report, update_average

opt = options()
latent_dim, lambda_r1, lambda_r2 = 64, 1, 1
# Widths at 4x4, 8x8, 16x16, ...: halved from 16x16 on.
widths = [64, 64]
while 4 * 2 ** (len(widths) - 1) < opt.size:
    widths.append(widths[-1] // 2)


class Block(nn.Module):
    """A bottleneck turned inside out: wide and grouped in the middle."""

    def __init__(self, width):
        super().__init__()
        hidden = 2 * width
        self.main = nn.Sequential(
            nn.Conv2d(width, hidden, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden // 16),
            nn.LeakyReLU(0.2),
            nn.Conv2d(hidden, width, 1, bias=False),
        )

    def forward(self, x):
        return self.main(x) + x


def resize(width_in, width_out):
    return [] if width_in == width_out else [nn.Conv2d(width_in, width_out, 1, bias=False)]


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.basis = nn.Linear(latent_dim, widths[0] * 4 * 4)
        layers = [Block(widths[0])]
        for width_in, width_out in zip(widths, widths[1:]):
            layers += resize(width_in, width_out)
            layers += [nn.Upsample(scale_factor=2, mode="bilinear"), Block(width_out)]
        self.main = nn.Sequential(*layers)
        self.aggregation = nn.Conv2d(widths[-1], 1, 1, bias=False)

    def forward(self, z):
        return self.aggregation(self.main(self.basis(z).view(-1, widths[0], 4, 4)))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        down = widths[::-1]
        self.extraction = nn.Conv2d(1, down[0], 1, bias=False)
        layers = [Block(down[0])]
        for width_in, width_out in zip(down, down[1:]):
            layers += [nn.AvgPool2d(2), *resize(width_in, width_out), Block(width_out)]
        self.main = nn.Sequential(*layers)
        self.basis = nn.Sequential(
            nn.Conv2d(down[-1], down[-1], 4, groups=down[-1], bias=False),
            nn.Flatten(),
            nn.Linear(down[-1], 1, bias=False),
        )

    def forward(self, img):
        return self.basis(self.main(self.extraction(img)))


def gradient_penalty(imgs, pred):
    """Half the squared norm of D's gradient, a sample at a time: R1 at the reals, R2 at the fakes."""
    gradients = torch.autograd.grad(
        outputs=pred,
        inputs=imgs,
        grad_outputs=torch.ones_like(pred),
        create_graph=True,
        retain_graph=True,
    )[0]
    return gradients.flatten(1).square().sum(1).mean() / 2


generator = Generator()
discriminator = Discriminator()
average_G = copy.deepcopy(generator)
initial = digest(generator, discriminator, average_G)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.0, 0.99))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.0, 0.99))

losses = []
for step in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    optimizer_D.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim)).detach().requires_grad_(True)
    real_imgs.requires_grad_(True)
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(gen_imgs)
    d_loss = softplus(fake_pred - real_pred).mean()
    d_loss = d_loss + lambda_r1 * gradient_penalty(real_imgs, real_pred)
    d_loss = d_loss + lambda_r2 * gradient_penalty(gen_imgs, fake_pred)
    d_loss.backward()
    optimizer_D.step()

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    real_pred = discriminator(real_imgs).detach()
    fake_pred = discriminator(gen_imgs)
    g_loss = softplus(real_pred - fake_pred).mean()
    g_loss.backward()
    optimizer_G.step()
    update_average(average_G, generator, step + 1, decay=0.999)

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator, average_G))
