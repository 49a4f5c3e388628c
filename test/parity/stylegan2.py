"""StyleGAN2: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN": a mapping, modulated
convolutions and noise, colours of every side that add up, against residual blocks, R1 at every sixteenth step; with
mixed styles or without."""

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from common import batches, digest, options, report, update_average

opt = options(mixing=["0", "0.9"])
style_mixing_prob = float(opt.mixing)
z_dim, w_dim, r1_gamma, every = 64, 64, 4, 16
# Widths at 4x4, 8x8, 16x16, ...: halved from 16x16 on.
widths = [64, 64]
while 4 * 2 ** (len(widths) - 1) < opt.size:
    widths.append(widths[-1] // 2)
num_ws = 3 * len(widths) - 1  # two convolutions and the colours of each side; but one at 4x4


def setup_filter():
    f = torch.tensor([1.0, 3.0, 3.0, 1.0])
    f = f.ger(f)
    return f / f.sum()


def filter2d(x, pad, down=1, gain=1):
    c = x.shape[1]
    return F.conv2d(
        x, (setup_filter() * gain)[None, None].repeat(c, 1, 1, 1), stride=down, padding=pad, groups=c
    )


class FullyConnectedLayer(nn.Module):
    def __init__(self, cin, cout, act=False, lr_multiplier=1, bias_init=0.0):
        super().__init__()
        nn.Linear(cin, cout)  # for its draws alone
        self.weight = nn.Parameter(torch.empty(cout, cin).normal_(0, 1 / lr_multiplier))
        self.bias = nn.Parameter(torch.full([cout], bias_init))
        self.act = act
        self.weight_gain = (math.sqrt(2) if act else 1) * lr_multiplier / math.sqrt(cin)
        self.bias_gain = lr_multiplier

    def forward(self, x):
        x = F.linear(x, self.weight * self.weight_gain, self.bias * self.bias_gain)
        return F.leaky_relu(x, 0.2) if self.act else x


class Conv2dLayer(nn.Module):
    def __init__(self, cin, cout, kernel, gain=1.0, bias=True, down=False):
        super().__init__()
        nn.Conv2d(cin, cout, kernel, bias=bias)  # for its draws alone
        self.weight = nn.Parameter(torch.randn(cout, cin, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(cout)) if bias else None
        self.weight_gain = gain / math.sqrt(cin * kernel**2)
        self.kernel, self.down = kernel, down

    def forward(self, x):
        w = self.weight * self.weight_gain
        if not self.down:
            return F.conv2d(x, w, self.bias, padding=self.kernel // 2)
        if self.kernel == 1:
            return F.conv2d(filter2d(x, 1, down=2), w, self.bias)
        return F.conv2d(filter2d(x, 2), w, self.bias, stride=2)


class Modulated(nn.Module):
    def __init__(self, cin, cout, kernel, up=False, demodulate=True):
        super().__init__()
        self.affine = FullyConnectedLayer(w_dim, cin, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(cout, cin, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(cout))
        self.up, self.demodulate = up, demodulate
        self.weight_gain = 1 / math.sqrt(cin * kernel**2)

    def forward(self, x, w):
        styles = self.affine(w)
        if not self.demodulate:
            styles = styles * self.weight_gain
        x = x * styles[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2)
            x = filter2d(x, 1, gain=4)
        else:
            x = F.conv2d(x, self.weight, padding=self.weight.shape[2] // 2)
        if self.demodulate:
            sums = F.linear(styles.square(), self.weight.square().sum((2, 3)))
            x = x * ((sums + 1e-8).rsqrt() * math.sqrt(2))[:, :, None, None]
        return x + self.bias.reshape(-1, 1, 1)


class Noise(nn.Module):
    def __init__(self, res):
        super().__init__()
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(res, res))

    def forward(self, x):
        return x + torch.randn(x.shape[0], 1, *x.shape[2:]) * self.noise_strength


class Layers(nn.ModuleList):
    """A block of the synthesis; its activations have positions, too, as in nn.Sequential."""

    def forward(self, x, ws):
        for layer in self:
            x = layer(x, next(ws)) if isinstance(layer, Modulated) else layer(x)
        return x


def style_layer(cin, cout, res, up):
    return [Modulated(cin, cout, 3, up), Noise(res), nn.LeakyReLU(0.2)]


class Input(nn.Module):
    def __init__(self):
        super().__init__()
        self.const = nn.Parameter(torch.randn(widths[0], 4, 4))


def to_rgb(width):
    return Modulated(width, 1, 1, demodulate=False)


class Sum(nn.Module):
    """Two ways from a block to the image: by its own colours, and by the blocks that follow."""

    def __init__(self, level):
        super().__init__()
        self.main = nn.ModuleDict({"torgb": to_rgb(widths[level])})
        self.skip = Level(level + 1)
        self.doublings = len(widths) - 1 - level

    def forward(self, x, ws):
        own = self.main["torgb"](x, next(ws))
        for _ in range(self.doublings):
            own = F.interpolate(own, scale_factor=2, mode="bilinear")
        return own + self.skip(x, ws)


class Level(nn.Module):
    """A block, and what follows."""

    def __init__(self, level):
        super().__init__()
        cin, cout = widths[max(level - 1, 0)], widths[level]
        res = 4 * 2**level
        first = style_layer(cin, cout, res, True) if level > 0 else []
        block = Layers(first + style_layer(cout, cout, res, False))
        self.block, self.is_last = f"b{res}", level == len(widths) - 1
        self.add_module(self.block, block)
        if self.is_last:
            self.torgb = to_rgb(cout)
        else:
            self.sum = Sum(level)

    def forward(self, x, ws):
        x = getattr(self, self.block)(x, ws)
        return self.torgb(x, next(ws)) if self.is_last else self.sum(x, ws)


class Synthesis(Level):
    def __init__(self):
        first = Input()
        super().__init__(0)
        self.input = first

    def forward(self, ws):
        x = self.input.const.expand(ws[0].shape[0], *self.input.const.shape)
        return super().forward(x, iter(ws))


class Normalize(nn.Module):
    def forward(self, x):
        return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Styled(nn.Module):
    def __init__(self):
        super().__init__()
        # A layer and its activation have a position each.
        self.mapping = nn.Sequential(
            Normalize(),
            FullyConnectedLayer(z_dim, w_dim, act=True, lr_multiplier=0.01),
            nn.Identity(),
            FullyConnectedLayer(w_dim, w_dim, act=True, lr_multiplier=0.01),
        )
        self.synthesis = Synthesis()
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z):
        w = self.mapping(z)
        self.w_avg.copy_(w.detach().mean(dim=0).lerp(self.w_avg, 0.998))
        if style_mixing_prob == 0:
            return self.synthesis([w] * num_ws)
        cutoff = torch.empty([], dtype=torch.int64).random_(1, num_ws)
        cutoff = torch.where(torch.rand([]) < style_mixing_prob, cutoff, torch.full_like(cutoff, num_ws))
        other = self.mapping(torch.randn_like(z))
        return self.synthesis([torch.where(cutoff > i, w, other) for i in range(num_ws)])


class DiscriminatorBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.main = nn.Sequential(
            Conv2dLayer(cin, cin, 3, gain=math.sqrt(2)),
            nn.LeakyReLU(0.2),
            nn.Identity(),  # the filter
            Conv2dLayer(cin, cout, 3, down=True),
            nn.LeakyReLU(0.2),
        )
        skip = Conv2dLayer(cin, cout, 1, gain=math.sqrt(0.5), bias=False, down=True)
        self.skip = nn.Sequential(nn.Identity(), skip)

    def forward(self, x):
        return self.main(x) + self.skip(x)


class MinibatchStdLayer(nn.Module):
    def forward(self, x):
        N, C, H, W = x.shape
        G = next(g for g in range(min(4, N), 0, -1) if N % g == 0)
        y = x.reshape(G, -1, C, H, W)
        y = y - y.mean(0)
        y = (y.square().mean(0) + 1e-8).sqrt()
        y = y.mean([1, 2, 3], keepdim=True)
        return torch.cat([x, y.repeat(G, 1, H, W)], 1)


def build_discriminator():
    down = widths[::-1]
    blocks = {"fromrgb": Conv2dLayer(1, down[0], 1, gain=math.sqrt(2)), "1": nn.LeakyReLU(0.2)}
    res = opt.size
    for cin, cout in zip(down, down[1:]):
        blocks[f"b{res}"] = DiscriminatorBlock(cin, cout)
        res //= 2
    blocks["b4"] = nn.Sequential(
        MinibatchStdLayer(),
        Conv2dLayer(down[-1] + 1, down[-1], 3, gain=math.sqrt(2)),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        FullyConnectedLayer(down[-1] * 16, down[-1], act=True),
        nn.Identity(),
        FullyConnectedLayer(down[-1], 1),
    )
    module = nn.Sequential()
    for name, block in blocks.items():
        module.add_module(name, block)
    return module


generator = nn.Sequential(Styled())
discriminator = build_discriminator()
average_G = copy.deepcopy(generator)
initial = digest(generator, discriminator, average_G)
stream = batches(opt)
adversarial_loss = nn.BCEWithLogitsLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.005, betas=(0.0, 0.99))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.005, betas=(0.0, 0.99))

losses = []
for step in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_D.zero_grad()
    gen_imgs = generator(torch.randn(n, z_dim)).detach()
    regularizes = step % every == 0
    real_imgs.requires_grad_(regularizes)
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(gen_imgs)
    d_loss = adversarial_loss(real_pred, valid) + adversarial_loss(fake_pred, fake)
    if regularizes:
        r1_grads = torch.autograd.grad(real_pred.sum(), real_imgs, create_graph=True)[0]
        r1_penalty = r1_grads.flatten(1).square().sum(1).mean() / 2
        d_loss = d_loss + r1_gamma * every * r1_penalty
    d_loss.backward()
    optimizer_D.step()

    optimizer_G.zero_grad()
    g_loss = adversarial_loss(discriminator(generator(torch.randn(n, z_dim))), valid)
    g_loss.backward()
    optimizer_G.step()
    update_average(average_G, generator, step + 1, decay=0.999)

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator, average_G))
