"""The networks of Goodfellow et al. 2014: an MLP against maxout and dropout, trained by gan.py and goodfellow2014.py."""

from torch import nn

latent_dim = 100


class Generator(nn.Module):
    def __init__(self, size, last):
        super().__init__()
        self.size = size
        self.model = nn.Sequential(
            nn.Linear(latent_dim, 1200),
            nn.ReLU(inplace=True),
            nn.Linear(1200, 1200),
            nn.ReLU(inplace=True),
            nn.Linear(1200, size**2),
            last,
        )

    def forward(self, z):
        return self.model(z).view(z.shape[0], 1, self.size, self.size)


class Maxout(nn.Module):
    """Goodfellow et al. 2013: each output is the largest of `pieces` linear functions."""

    def __init__(self, in_features, out_features, pieces):
        super().__init__()
        self.out_features, self.pieces = out_features, pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).view(-1, self.out_features, self.pieces).max(2).values


class Discriminator(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.model = nn.Sequential(
            nn.Dropout(0.2),
            Maxout(size**2, 240, 5),
            nn.Dropout(0.5),
            Maxout(240, 240, 5),
            nn.Dropout(0.5),
            nn.Linear(240, 1),
            nn.Sigmoid(),
        )

    def forward(self, img):
        return self.model(img.flatten(1))
