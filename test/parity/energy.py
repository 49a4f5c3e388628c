"""EBGAN: Zhao, Mathieu, LeCun 2017, "Energy-based Generative Adversarial Network", equations 1 and 2, without the
pulling-away term; and BEGAN: Berthelot, Schumm, Metz 2017, "BEGAN: Boundary Equilibrium Generative Adversarial
Networks". Both with the autoencoder that the collections have for EBGAN, a quarter as wide; a loss is that of each
sample, then their mean."""

import torch
from torch import nn
from torch.nn import functional as F

from common import batches, digest, options, report
from conv_networks import Generator, latent_dim

opt = options(loss=["ebgan", "began"])
margin = 1.0
gamma = 0.75
lambda_k = 0.1  # a hundred times the paper's: twenty steps are to show it


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU())
        self.down_size = opt.size // 2
        down_dim = 16 * self.down_size**2
        self.embedding = nn.Linear(down_dim, 32)
        self.fc = nn.Sequential(
            nn.BatchNorm1d(32, 0.8),
            nn.ReLU(inplace=True),
            nn.Linear(32, down_dim),
            nn.BatchNorm1d(down_dim),
            nn.ReLU(inplace=True),
        )
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(16, 1, 3, 1, 1))

    def forward(self, img):
        out = self.down(img)
        out = self.fc(self.embedding(out.view(out.size(0), -1)))
        return self.up(out.view(out.size(0), 16, self.down_size, self.down_size))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.energy = nn.Module()
        self.energy.autoencoder = Autoencoder()

    def forward(self, img):
        recon = self.energy.autoencoder(img)
        if opt.loss == "ebgan":
            errors = F.mse_loss(recon, img, reduction="none")
        else:
            errors = torch.abs(recon - img)
        return errors.flatten(1).mean(1)


generator = Generator(opt.size)
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
k = 0.0

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = torch.mean(discriminator(gen_imgs))
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    d_real = discriminator(real_imgs)
    d_fake = discriminator(gen_imgs.detach())
    if opt.loss == "ebgan":
        d_loss = torch.mean(d_real) + torch.mean(F.relu(margin - d_fake))
    else:
        d_loss = torch.mean(d_real) - k * torch.mean(d_fake)
    d_loss.backward()
    optimizer_D.step()

    if opt.loss == "began":
        diff = gamma * torch.mean(d_real) - torch.mean(d_fake)
        k = min(max(k + lambda_k * diff.item(), 0), 1)

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
