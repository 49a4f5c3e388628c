"""EBGAN: Zhao, Mathieu, LeCun 2017, "Energy-based Generative Adversarial Network", equations 1 and 2, without the
pulling-away term. The convolutional autoencoder of the paper, smaller and with an embedding of 32 numbers."""

import torch
from torch import nn

from common import batches, digest, options, report

opt = options()
latent_dim = 100
margin = 0.3


def make_decoder(in_features):
    return nn.Sequential(
        nn.Linear(in_features, 64 * (opt.size // 4) ** 2),
        nn.Unflatten(1, (64, opt.size // 4, opt.size // 4)),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1),
        nn.Tanh(),
    )


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = make_decoder(latent_dim)

    def forward(self, z):
        return self.decoder(z)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, 2, 1),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(64 * (opt.size // 4) ** 2, 32),
        )
        self.decoder = make_decoder(32)

    def forward(self, img):
        return self.decoder(self.encoder(img))


class Discriminator(nn.Module):
    """The energy of each image: the mean of the squares by which it is not reconstructed."""

    def __init__(self):
        super().__init__()
        self.energy = nn.Module()
        self.energy.autoencoder = Autoencoder()

    def forward(self, img):
        errors = nn.functional.mse_loss(self.energy.autoencoder(img), img, reduction="none")
        return errors.flatten(1).mean(1)


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.001, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.001, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = discriminator(gen_imgs).mean()
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_energy = discriminator(real_imgs)
    fake_energy = discriminator(gen_imgs.detach())
    d_loss = real_energy.mean() + torch.relu(margin - fake_energy).mean()
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
