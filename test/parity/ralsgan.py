"""RaLSGAN: Jolicoeur-Martineau 2019, "The Relativistic Discriminator", average, with least squares."""

import torch
from torch import nn

from common import batches, digest, options, report

opt = options()
latent_dim = 100


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.init_size = opt.size // 4
        self.l1 = nn.Sequential(nn.Linear(latent_dim, 128 * self.init_size**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(128),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, stride=1, padding=1),
            nn.BatchNorm2d(128, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, stride=1, padding=1),
            nn.BatchNorm2d(64, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 1, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, z):
        out = self.l1(z)
        return self.conv_blocks(out.view(out.shape[0], 128, self.init_size, self.init_size))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()

        def discriminator_block(in_filters, out_filters, bn=True):
            block = [
                nn.Conv2d(in_filters, out_filters, 3, 2, 1),
                nn.LeakyReLU(0.2, inplace=True),
                nn.Dropout(0.25),
            ]
            if bn:
                block.append(nn.BatchNorm2d(out_filters, 0.8))
            return block

        self.model = nn.Sequential(
            *discriminator_block(1, 16, bn=False),
            *discriminator_block(16, 32),
            *discriminator_block(32, 64),
            *discriminator_block(64, 128),
        )
        ds_size = -(-opt.size // 2**4)
        self.adv_layer = nn.Sequential(nn.Linear(128 * ds_size**2, 1))

    def forward(self, img):
        return self.adv_layer(self.model(img).flatten(1))


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.MSELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    above, below = torch.ones(n, 1), -torch.ones(n, 1)

    optimizer_G.zero_grad()
    gen_imgs = generator(torch.randn(n, latent_dim))
    real_pred = discriminator(real_imgs).detach()
    fake_pred = discriminator(gen_imgs)
    real_loss = adversarial_loss(real_pred - fake_pred.mean(), below)
    fake_loss = adversarial_loss(fake_pred - real_pred.mean(), above)
    g_loss = (real_loss + fake_loss) / 2
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(gen_imgs.detach())
    real_loss = adversarial_loss(real_pred - fake_pred.mean(), above)
    fake_loss = adversarial_loss(fake_pred - real_pred.mean(), below)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
