"""SNGAN: Miyato et al. 2018, "Spectral Normalization for GANs", the ResNet for 32x32 with the hinge loss."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from common import batches, digest, options, report

opt = options()
latent_dim, n_critic, ch = 128, 5, 32


class GeneratorBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.BatchNorm2d(ch),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(ch, ch, 3, padding=1),
            nn.BatchNorm2d(ch),
            nn.ReLU(),
            nn.Conv2d(ch, ch, 3, padding=1),
        )
        self.skip = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(ch, ch, 1))

    def forward(self, x):
        return self.main(x) + self.skip(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.bottom = opt.size // 8
        self.l1 = nn.Linear(latent_dim, ch * self.bottom**2)
        self.block2 = GeneratorBlock()
        self.block3 = GeneratorBlock()
        self.block4 = GeneratorBlock()
        self.b5 = nn.BatchNorm2d(ch)
        self.c5 = nn.Conv2d(ch, 1, 3, padding=1)

    def forward(self, z):
        h = self.l1(z).view(-1, ch, self.bottom, self.bottom)
        h = self.block4(self.block3(self.block2(h)))
        return torch.tanh(self.c5(torch.relu(self.b5(h))))


def sn_conv(width_in, kernel_size):
    return spectral_norm(nn.Conv2d(width_in, ch, kernel_size, padding=kernel_size // 2))


class FirstBlock(nn.Module):
    """Works on pixels: no activation before the first convolution."""

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(sn_conv(1, 3), nn.ReLU(), sn_conv(ch, 3), nn.AvgPool2d(2))
        self.skip = nn.Sequential(nn.AvgPool2d(2), sn_conv(1, 1))

    def forward(self, x):
        return self.main(x) + self.skip(x)


class DownBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ReLU(), sn_conv(ch, 3), nn.ReLU(), sn_conv(ch, 3), nn.AvgPool2d(2)
        )
        self.skip = nn.Sequential(sn_conv(ch, 1), nn.AvgPool2d(2))

    def forward(self, x):
        return self.main(x) + self.skip(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.ReLU(), sn_conv(ch, 3), nn.ReLU(), sn_conv(ch, 3))

    def forward(self, x):
        return self.main(x) + x


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = FirstBlock()
        self.block2 = DownBlock()
        self.block3 = Block()
        self.block4 = Block()
        self.l5 = spectral_norm(nn.Linear(ch * (opt.size // 4) ** 2, 1))

    def forward(self, img):
        h = self.block4(self.block3(self.block2(self.block1(img))))
        return self.l5(torch.relu(h).flatten(1))


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.0, 0.9))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.0, 0.9))

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
        d_loss = torch.relu(1.0 - real_validity).mean() + torch.relu(1.0 + fake_validity).mean()
        d_loss.backward()
        optimizer_D.step()
        d_losses.append(d_loss.item())

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = -discriminator(gen_imgs).mean()
    g_loss.backward()
    optimizer_G.step()

    losses.append([sum(d_losses) / n_critic, g_loss.item()])

report(initial, losses, digest(generator, discriminator))
