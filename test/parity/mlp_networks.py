"""The MLPs of the collections' WGAN scripts: a normalised generator and a critic of logits. wgan.py, wgan-gp.py,
wgan-div.py and bgan.py train them, each by a loop of its own."""

from torch import nn

latent_dim = 100


class Generator(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

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
            nn.Linear(1024, size**2),
            nn.Tanh(),
        )

    def forward(self, z):
        return self.model(z).view(z.shape[0], 1, self.size, self.size)


class Discriminator(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(size**2, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 1),
        )

    def forward(self, img):
        return self.model(img.flatten(1))


def pair(size):
    return Generator(size), Discriminator(size)
