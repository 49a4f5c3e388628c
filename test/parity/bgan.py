"""BGAN: Hjelm et al. 2018, "Boundary-Seeking GANs", for continuous data."""

import torch
from torch import nn

from common import batches, digest, options, report

opt = options()
latent_dim = 100


class Generator(nn.Module):
    def __init__(self):
        super().__init__()

        def block(in_feat, out_feat, normalize=True):
            layers = [nn.Linear(in_feat, out_feat)]
            if normalize:
                layers.append(nn.BatchNorm1d(out_feat, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(latent_dim, 128, normalize=False),
            *block(128, 256),
            *block(256, 512),
            *block(512, 1024),
            nn.Linear(1024, opt.size**2),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.model(z).view(z.shape[0], 1, opt.size, opt.size)


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


generator = Generator()
discriminator = Discriminator()
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
