"""SNGAN with labels: Miyato and Koyama 2018, "cGANs with Projection Discriminator": conditional batch normalisation in
the blocks of the generator, a projection at the end of the discriminator, with both of its weights normalised or
neither, and BigGAN's orthogonal first weights."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from common import batches, digest, options, report

opt = options(head=["plain", "normed"])
latent_dim, n_classes, ch = 64, 10, 16


def init(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.orthogonal_(module.weight)
        nn.init.zeros_(module.bias)
    return module


def head_norm(module):
    return spectral_norm(init(module)) if opt.head == "normed" else module


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
                nn.Conv2d(ch, ch, 3, padding=1),
                ConditionalBatchNorm2d(ch),
                nn.ReLU(),
                nn.Conv2d(ch, ch, 3, padding=1),
            ]
        )
        self.skip = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(ch, ch, 1))

    def forward(self, x, y):
        h = x
        for layer in self.main:
            h = layer(h, y) if isinstance(layer, ConditionalBatchNorm2d) else layer(h)
        return h + self.skip(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.bottom = opt.size // 4
        self.l1 = nn.Linear(latent_dim, ch * self.bottom**2)
        self.block2 = GeneratorBlock()
        self.block3 = GeneratorBlock()
        self.b4 = nn.BatchNorm2d(ch)
        self.c4 = nn.Conv2d(ch, 1, 3, padding=1)
        self.apply(init)

    def forward(self, z, y):
        h = self.l1(z).view(-1, ch, self.bottom, self.bottom)
        h = self.block3(self.block2(h, y), y)
        return torch.tanh(self.c4(torch.relu(self.b4(h))))


class Head(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.linear = head_norm(nn.Linear(features, 1))
        self.embedding = head_norm(nn.Embedding(n_classes, features))

    def forward(self, h, y):
        return self.linear(h) + (self.embedding(y) * h).sum(1, keepdim=True)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = spectral_norm(init(nn.Conv2d(1, ch, 4, 2, 1)))
        self.c2 = spectral_norm(init(nn.Conv2d(ch, ch, 4, 2, 1)))
        self.head = Head(ch)
        if opt.head == "plain":
            init(self.head.linear)

    def forward(self, img, y):
        h = torch.relu(self.c2(torch.relu(self.c1(img))))
        return self.head(h.sum((2, 3)), y)


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.0, 0.9))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.0, 0.9))

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
