"""The convolutional networks of the collections' scripts: a generator that upsamples, and a discriminator with strides
and dropout. Several scripts train them, or what begins as they do, each by a loop of its own."""

from torch import nn

latent_dim = 100


class Generator(nn.Module):
    def __init__(self, size, latent_dim=latent_dim):
        super().__init__()
        self.init_size = size // 4
        self.l1 = nn.Sequential(nn.Linear(latent_dim, 128 * self.init_size**2))
        self.conv_blocks = upsampling_blocks()

    def forward(self, z):
        out = self.l1(z)
        return self.conv_blocks(out.view(out.shape[0], 128, self.init_size, self.init_size))


def upsampling_blocks():
    return nn.Sequential(
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


class Discriminator(nn.Module):
    """A logit for each image."""

    def __init__(self, size):
        super().__init__()
        self.model = strided_blocks()
        self.adv_layer = nn.Sequential(nn.Linear(features(size), 1))

    def forward(self, img):
        return self.adv_layer(self.model(img).flatten(1))


def strided_blocks():
    def discriminator_block(in_filters, out_filters, bn=True):
        block = [
            nn.Conv2d(in_filters, out_filters, 3, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(0.25),
        ]
        if bn:
            block.append(nn.BatchNorm2d(out_filters, 0.8))
        return block

    return nn.Sequential(
        *discriminator_block(1, 16, bn=False),
        *discriminator_block(16, 32),
        *discriminator_block(32, 64),
        *discriminator_block(64, 128),
    )


def features(size):
    """How many numbers an image is behind the strided blocks."""
    return 128 * (-(-size // 2**4)) ** 2
