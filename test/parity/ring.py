"""GANs on the ring of eight Gaussians: MLPs on vectors, by the loops of the scripts beside this file. The points
are floats in a file, so that both sides see the same values. The referee of ring.test.ts."""

import argparse

import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from common import digest, report

parser = argparse.ArgumentParser()
games = ["plain", "batch-norm", "noise", "amsgrad", "compared", "wgan-gp", "noise-wgan-gp"]
parser.add_argument("--game", choices=games, required=True)
parser.add_argument("--values", required=True, help="float32 [count, 2], raw")
parser.add_argument("--batch", type=int, required=True)
parser.add_argument("--steps", type=int, required=True)
opt = parser.parse_args()
torch.set_num_threads(1)
torch.manual_seed(0)
latent_dim, width, n_critic, lambda_gp = 2, 128, 2, 0.1


def hidden(inputs):
    layers = []
    for size in (inputs, width):
        layers.append(nn.Linear(size, width))
        if opt.game == "batch-norm":
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
    return layers


class InstanceNoise(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x) * 0.1


class MinibatchDiscrimination(nn.Module):
    """Salimans et al. 2016, as scripts have it: of the sum over the batch a sample's distance to itself is left out."""

    def __init__(self, in_features, out_features, kernel_dims):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.kernel_dims = kernel_dims
        self.T = nn.Parameter(torch.Tensor(in_features, out_features, kernel_dims))
        nn.init.normal_(self.T, 0, 1)

    def forward(self, x):
        matrices = x.mm(self.T.view(self.in_features, -1))
        matrices = matrices.view(-1, self.out_features, self.kernel_dims)
        one = matrices.unsqueeze(0)
        other = one.permute(1, 0, 2, 3)
        norm = torch.abs(one - other).sum(3)
        return torch.cat([x, torch.exp(-norm).sum(0) - 1], 1)


first = [InstanceNoise()] if opt.game in ("noise", "noise-wgan-gp") else []
last = [nn.Sigmoid()] if opt.game == "plain" else []
generator = nn.Sequential(*hidden(latent_dim), nn.Linear(width, 2))
body = hidden(2)
if opt.game == "compared":
    body.append(MinibatchDiscrimination(width, 20, 3))
features = width + 20 if opt.game == "compared" else width
discriminator = nn.Sequential(*first, *body, nn.Linear(features, 1), *last)
initial = digest(generator, discriminator)
adversarial_loss = nn.BCELoss() if opt.game == "plain" else nn.BCEWithLogitsLoss()
amsgrad = opt.game == "amsgrad"
betas = (0.5, 0.5) if amsgrad else (0.5, 0.999)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.001, betas=betas, amsgrad=amsgrad)
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.001, betas=betas, amsgrad=amsgrad)


def batches():
    values = numpy.fromfile(opt.values, dtype=numpy.float32).reshape(-1, 2)
    loader = DataLoader(TensorDataset(torch.from_numpy(values)), batch_size=opt.batch, shuffle=True)
    while True:
        for (reals,) in loader:
            yield reals


def gradient_penalty(reals, fakes):
    alpha = torch.rand(reals.shape[0], 1)
    points = (alpha * reals + (1 - alpha) * fakes).requires_grad_(True)
    scores = discriminator(points)
    gradients = torch.autograd.grad(scores, points, torch.ones_like(scores), create_graph=True)[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean()


def play(stream):
    """The generator first, and the discriminator on the same fakes."""
    reals = next(stream)
    n = reals.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    fakes = generator(torch.randn(n, latent_dim))
    g_loss = adversarial_loss(discriminator(fakes), valid)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_loss = adversarial_loss(discriminator(reals), valid)
    fake_loss = adversarial_loss(discriminator(fakes.detach()), fake)
    d_loss = (real_loss + fake_loss) / 2
    d_loss.backward()
    optimizer_D.step()
    return [d_loss.item(), g_loss.item()]


def play_wasserstein(stream):
    d_losses = []
    for _ in range(n_critic):
        reals = next(stream)
        n = reals.shape[0]
        optimizer_D.zero_grad()
        fakes = generator(torch.randn(n, latent_dim)).detach()
        real_scores, fake_scores = discriminator(reals), discriminator(fakes)
        d_loss = torch.mean(fake_scores) - torch.mean(real_scores)
        d_loss = d_loss + lambda_gp * gradient_penalty(reals, fakes)
        d_loss.backward()
        optimizer_D.step()
        d_losses.append(d_loss.item())

    optimizer_G.zero_grad()
    g_loss = -torch.mean(discriminator(generator(torch.randn(n, latent_dim))))
    g_loss.backward()
    optimizer_G.step()
    return [sum(d_losses) / n_critic, g_loss.item()]


stream = batches()
step = play_wasserstein if opt.game in ("wgan-gp", "noise-wgan-gp") else play
losses = [step(stream) for _ in range(opt.steps)]
report(initial, losses, digest(generator, discriminator))
