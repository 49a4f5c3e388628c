"""Path length regularisation: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", equation 4, on
a small generator of styles, beside R1. The mean length is that before the update, and the penalty is on its own fakes."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from common import batches, digest, options, report

opt = options(order=["generatorFirst", "discriminatorFirst"], updates=["1", "2"])
z_dim, w_dim, width = 16, 12, 8
pl_weight, pl_every, pl_decay = 2, 2, 0.1
r1_gamma, r1_every = 1, 3


class Affine(nn.Module):
    def __init__(self, cout):
        super().__init__()
        nn.Linear(w_dim, cout)  # for its draws alone
        self.weight = nn.Parameter(torch.randn(cout, w_dim))
        self.bias = nn.Parameter(torch.ones(cout))

    def forward(self, w):
        return F.linear(w, self.weight * (1 / math.sqrt(w_dim)), self.bias)


class Modulated(nn.Module):
    def __init__(self, cin, cout, kernel, demodulate=True):
        super().__init__()
        self.affine = Affine(cin)
        self.weight = nn.Parameter(torch.randn(cout, cin, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(cout))
        self.demodulate = demodulate
        self.gain = 1 if demodulate else 1 / math.sqrt(cin * kernel**2)

    def forward(self, x, w):
        styles = self.affine(w)
        if not self.demodulate:
            styles = styles * self.gain
        x = F.conv2d(x * styles[:, :, None, None], self.weight, padding=self.weight.shape[2] // 2)
        if self.demodulate:
            sums = F.linear(styles.square(), self.weight.square().sum((2, 3)))
            x = x * ((sums + 1e-8).rsqrt() * self.gain)[:, :, None, None]
        return x + self.bias.reshape(-1, 1, 1)


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.const = nn.Parameter(torch.randn(width, opt.size // 4, opt.size // 4))

    def forward(self, w):
        return self.const.expand(w.shape[0], *self.const.shape)


class Synthesis(nn.ModuleList):
    def forward(self, w):
        x = w
        for layer in self:
            x = layer(x, w) if isinstance(layer, Modulated) else layer(x)
        return x


class Styled(nn.Module):
    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(z_dim, w_dim), nn.LeakyReLU(0.2), nn.Linear(w_dim, w_dim))
        self.synthesis = Synthesis(
            [
                Constant(),
                Modulated(width, width, 3),
                nn.LeakyReLU(0.2),
                nn.Upsample(scale_factor=2),
                Modulated(width, width, 3),
                nn.LeakyReLU(0.2),
                nn.Upsample(scale_factor=2),
                Modulated(width, 1, 1, demodulate=False),
            ]
        )
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z):
        w = self.mapping(z)
        self.w_avg.copy_(w.detach().mean(dim=0).lerp(self.w_avg, 0.998))
        return self.synthesis(w), w


class Generator(nn.Sequential):
    def forward(self, z):
        images, w = self[0](z)
        return self[1](images), w


generator = Generator(Styled(), nn.Tanh())
discriminator = nn.Sequential(
    nn.Conv2d(1, width, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(width, width, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    nn.Linear(width * (opt.size // 4) ** 2, 1),
)
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.002, betas=(0.0, 0.99))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.002, betas=(0.0, 0.99))
updates = 0
pl_mean = 0.0


def make(n):
    return generator(torch.randn(n, z_dim))


def train_generator(gen_imgs, w):
    global updates, pl_mean
    optimizer_G.zero_grad()
    n = gen_imgs.shape[0]
    g_loss = adversarial_loss(discriminator(gen_imgs), torch.ones(n, 1))
    lengths = None
    if updates % pl_every == 0:
        noise = torch.randn_like(gen_imgs) / math.sqrt(gen_imgs.shape[2] * gen_imgs.shape[3])
        grads = torch.autograd.grad((gen_imgs * noise).sum(), w, create_graph=True)[0]
        lengths = grads.norm(2, dim=1)
        g_loss = g_loss + pl_weight * pl_every * (lengths - pl_mean).square().mean()
    g_loss.backward()
    optimizer_G.step()
    updates += 1
    if lengths is not None:
        pl_mean += pl_decay * (lengths.mean().item() - pl_mean)
    return g_loss.item()


def train_discriminator(step, real_imgs, gen_imgs):
    optimizer_D.zero_grad()
    n = real_imgs.shape[0]
    regularizes = step % r1_every == 0
    real_imgs.requires_grad_(regularizes)
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(gen_imgs.detach())
    d_loss = (
        adversarial_loss(real_pred, torch.ones(n, 1)) + adversarial_loss(fake_pred, torch.zeros(n, 1))
    ) / 2
    if regularizes:
        r1_grads = torch.autograd.grad(real_pred.sum(), real_imgs, create_graph=True)[0]
        d_loss = d_loss + r1_gamma * r1_every * (r1_grads.flatten(1).square().sum(1).mean() / 2)
    d_loss.backward()
    optimizer_D.step()
    return d_loss.item()


losses = []
for step in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    g_losses = []
    if opt.order == "generatorFirst":
        # Both players learn from the same fakes: those of the generator's last update.
        for _ in range(int(opt.updates)):
            gen_imgs, w = make(n)
            g_losses.append(train_generator(gen_imgs, w))
        d_loss = train_discriminator(step, real_imgs, gen_imgs)
    else:
        d_loss = train_discriminator(step, real_imgs, make(n)[0])
        for _ in range(int(opt.updates)):
            g_losses.append(train_generator(*make(n)))
    losses.append([d_loss, sum(g_losses) / len(g_losses)])

report(initial, losses, digest(generator, discriminator))
