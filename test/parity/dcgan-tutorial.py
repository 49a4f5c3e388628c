"""DCGAN by the loop of PyTorch's own tutorial and examples: the discriminator learns first, from the sum of two losses
that go backward one after the other, and the generator then learns from the same fakes."""

import torch
from torch import nn

from common import batches, digest, options, report

opt = options()
latent_dim = 100
# Widths at 4x4, 8x8, ..., half the side: 256, 128, 64 for 32 pixels.
widths = []
while 4 * 2 ** len(widths) < opt.size:
    widths.insert(0, 64 * 2 ** len(widths))


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [
            nn.ConvTranspose2d(latent_dim, widths[0], 4, 1, 0, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(True),
        ]
        for width_in, width_out in zip(widths, widths[1:]):
            layers += [
                nn.ConvTranspose2d(width_in, width_out, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width_out),
                nn.ReLU(True),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], 1, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, z):
        return self.main(z.view(-1, latent_dim, 1, 1))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        up = widths[::-1]
        layers = [nn.Conv2d(1, up[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for width_in, width_out in zip(up, up[1:]):
            layers += [
                nn.Conv2d(width_in, width_out, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width_out),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers += [nn.Conv2d(up[-1], 1, 4, 1, 0, bias=False), nn.Flatten(), nn.Sigmoid()]
        self.main = nn.Sequential(*layers)

    def forward(self, img):
        return self.main(img)


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


generator = Generator()
generator.apply(weights_init)
discriminator = Discriminator()
discriminator.apply(weights_init)
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]

    discriminator.zero_grad()
    label = torch.full((n, 1), 1.0)
    err_real = adversarial_loss(discriminator(real_imgs), label)
    err_real.backward()
    fake = generator(torch.randn(n, latent_dim))
    label.fill_(0.0)
    err_fake = adversarial_loss(discriminator(fake.detach()), label)
    err_fake.backward()
    optimizer_D.step()

    generator.zero_grad()
    label.fill_(1.0)
    err_g = adversarial_loss(discriminator(fake), label)
    err_g.backward()
    optimizer_G.step()

    losses.append([(err_real + err_fake).item(), err_g.item()])

report(initial, losses, digest(generator, discriminator))
