"""DCGAN's networks and their first weights: Radford et al. 2016, "Unsupervised Representation Learning with Deep
Convolutional GANs". dcgan.py and dcgan-tutorial.py train them, each by a loop of its own."""

from torch import nn

latent_dim = 100


class Generator(nn.Module):
    def __init__(self, widths):
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
    def __init__(self, widths):
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


def pair(size):
    # Widths at 4x4, 8x8, ..., half the side: 256, 128, 64 for 32 pixels.
    widths = []
    while 4 * 2 ** len(widths) < size:
        widths.insert(0, 64 * 2 ** len(widths))
    generator = Generator(widths)
    generator.apply(weights_init)
    discriminator = Discriminator(widths)
    discriminator.apply(weights_init)
    return generator, discriminator
