"""Goodfellow et al. 2014, "Generative Adversarial Networks": an MLP against maxout and dropout, Algorithm 1;
with Adam, as the paper's SGD (goodfellow2014.py) does not get far from torch.nn's first weights."""

import torch
from torch import nn

from common import batches, digest, options, report

opt = options()
latent_dim = 100


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(latent_dim, 1200),
            nn.ReLU(inplace=True),
            nn.Linear(1200, 1200),
            nn.ReLU(inplace=True),
            nn.Linear(1200, opt.size**2),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.model(z).view(z.shape[0], 1, opt.size, opt.size)


class Maxout(nn.Module):
    """Goodfellow et al. 2013: each output is the largest of `pieces` linear functions."""

    def __init__(self, in_features, out_features, pieces):
        super().__init__()
        self.out_features, self.pieces = out_features, pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).view(-1, self.out_features, self.pieces).max(2).values


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Dropout(0.2),
            Maxout(opt.size**2, 240, 5),
            nn.Dropout(0.5),
            Maxout(240, 240, 5),
            nn.Dropout(0.5),
            nn.Linear(240, 1),
            nn.Sigmoid(),
        )

    def forward(self, img):
        return self.model(img.flatten(1))


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_D.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim)).detach()
    real_loss = adversarial_loss(discriminator(real_imgs), valid)
    fake_loss = adversarial_loss(discriminator(gen_imgs), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    g_loss = adversarial_loss(discriminator(gen_imgs), valid)
    g_loss.backward()
    optimizer_G.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
