"""SAGAN: Zhang, Goodfellow, Metaxas and Odena 2019, "Self-Attention Generative Adversarial Networks": spectral norms
in both players, labels by conditional batch normalisation and a projection, attention in the middle, and a higher
rate for the discriminator."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from common import batches, digest, options, report

opt = options()
latent_dim, n_classes, ch = 128, 10, 32


def sn_conv(width_in, width_out, kernel_size):
    return spectral_norm(nn.Conv2d(width_in, width_out, kernel_size, padding=kernel_size // 2))


class Attention(nn.Module):
    """As in the scripts that share it: the three 1x1 convolutions have no norm."""

    def __init__(self, channels):
        super().__init__()
        self.query = nn.Conv2d(channels, channels // 8, 1)
        self.key = nn.Conv2d(channels, channels // 8, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        n, channels, height, width = x.shape
        pixels = height * width
        query = self.query(x).view(n, -1, pixels).permute(0, 2, 1)
        key = self.key(x).view(n, -1, pixels)
        attention = torch.softmax(torch.bmm(query, key), dim=-1)
        value = self.value(x).view(n, -1, pixels)
        out = torch.bmm(value, attention.permute(0, 2, 1)).view(n, channels, height, width)
        return self.gamma * out + x


class ConditionalBatchNorm2d(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features
        self.bn = nn.BatchNorm2d(num_features, affine=False)
        self.embed = nn.Embedding(n_classes, num_features * 2)
        self.embed.weight.data[:, :num_features].normal_(1, 0.02)
        self.embed.weight.data[:, num_features:].zero_()

    def forward(self, x, y):
        out = self.bn(x)
        gamma, beta = self.embed(y).chunk(2, 1)
        gamma = gamma.view(-1, self.num_features, 1, 1)
        beta = beta.view(-1, self.num_features, 1, 1)
        return gamma * out + beta


class GeneratorBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.ModuleList(
            [
                ConditionalBatchNorm2d(ch),
                nn.ReLU(),
                nn.Upsample(scale_factor=2),
                sn_conv(ch, ch, 3),
                ConditionalBatchNorm2d(ch),
                nn.ReLU(),
                sn_conv(ch, ch, 3),
            ]
        )
        self.skip = nn.Sequential(nn.Upsample(scale_factor=2), sn_conv(ch, ch, 1))

    def forward(self, x, y):
        h = x
        for layer in self.main:
            h = layer(h, y) if isinstance(layer, ConditionalBatchNorm2d) else layer(h)
        return h + self.skip(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.bottom = opt.size // 8
        self.l1 = spectral_norm(nn.Linear(latent_dim, ch * self.bottom**2))
        self.block2 = GeneratorBlock()
        self.block3 = GeneratorBlock()
        self.attention = Attention(ch)
        self.block4 = GeneratorBlock()
        self.b5 = nn.BatchNorm2d(ch)
        self.c5 = sn_conv(ch, 1, 3)

    def forward(self, z, y):
        h = self.l1(z).view(-1, ch, self.bottom, self.bottom)
        h = self.attention(self.block3(self.block2(h, y), y))
        h = self.block4(h, y)
        return torch.tanh(self.c5(torch.relu(self.b5(h))))


class FirstBlock(nn.Module):
    """Works on pixels: no activation before the first convolution."""

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(sn_conv(1, ch, 3), nn.ReLU(), sn_conv(ch, ch, 3), nn.AvgPool2d(2))
        self.skip = nn.Sequential(nn.AvgPool2d(2), sn_conv(1, ch, 1))

    def forward(self, x):
        return self.main(x) + self.skip(x)


class Block(nn.Module):
    def __init__(self, down=False):
        super().__init__()
        half = [nn.AvgPool2d(2)] if down else []
        self.main = nn.Sequential(
            nn.ReLU(), sn_conv(ch, ch, 3), nn.ReLU(), sn_conv(ch, ch, 3), *half
        )
        self.skip = nn.Sequential(sn_conv(ch, ch, 1), *half) if down else nn.Identity()

    def forward(self, x):
        return self.main(x) + self.skip(x)


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = spectral_norm(nn.Linear(ch, 1))
        self.embedding = spectral_norm(nn.Embedding(n_classes, ch))

    def forward(self, h, y):
        return self.linear(h) + (self.embedding(y) * h).sum(1, keepdim=True)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = FirstBlock()
        self.attention = Attention(ch)
        self.block2 = Block(down=True)
        self.block3 = Block()
        self.block4 = Block()
        self.head = Head()

    def forward(self, img, y):
        h = self.attention(self.block1(img))
        h = self.block4(self.block3(self.block2(h)))
        return self.head(torch.relu(h).sum((2, 3)), y)


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0003, betas=(0.0, 0.9))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0006, betas=(0.0, 0.9))

losses = []
for _ in range(opt.steps):
    real_imgs, labels = next(stream)
    n = real_imgs.shape[0]
    optimizer_D.zero_grad()
    z = torch.randn(n, latent_dim)
    gen_labels = torch.randint(0, n_classes, (n,))
    fake_imgs = generator(z, gen_labels).detach()
    real_validity = discriminator(real_imgs, labels)
    fake_validity = discriminator(fake_imgs, gen_labels)
    d_loss = torch.relu(1.0 - real_validity).mean() + torch.relu(1.0 + fake_validity).mean()
    d_loss.backward()
    optimizer_D.step()

    optimizer_G.zero_grad()
    z = torch.randn(n, latent_dim)
    gen_labels = torch.randint(0, n_classes, (n,))
    g_loss = -discriminator(generator(z, gen_labels), gen_labels).mean()
    g_loss.backward()
    optimizer_G.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
