"""PatchGAN: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2: the
discriminator of pix2pix, a score for each patch, under the losses that scripts train it with."""

import torch
from torch import nn

from common import batches, digest, options, report

losses_of = ["vanilla", "logits", "lsgan", "hinge", "wgan-gp", "rpgan", "ragan", "ralsgan"]
opt = options(loss=losses_of, norm=["batch", "instance"])
latent_dim, ndf, n_layers = 16, 8, 2


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.init_size = opt.size // 4
        self.l1 = nn.Linear(latent_dim, 8 * self.init_size**2)
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(8),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 8, 3, stride=1, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(8, 1, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, z):
        out = self.l1(z)
        return self.conv_blocks(out.view(out.shape[0], 8, self.init_size, self.init_size))


class NLayerDiscriminator(nn.Module):
    def __init__(self, norm_layer):
        super().__init__()
        use_bias = norm_layer == nn.InstanceNorm2d
        sequence = [nn.Conv2d(1, ndf, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        nf_mult = 1
        for n in range(1, n_layers + 1):
            nf_mult_prev, nf_mult = nf_mult, min(2**n, 8)
            sequence += [
                nn.Conv2d(
                    ndf * nf_mult_prev,
                    ndf * nf_mult,
                    kernel_size=4,
                    stride=2 if n < n_layers else 1,
                    padding=1,
                    bias=use_bias,
                ),
                norm_layer(ndf * nf_mult),
                nn.LeakyReLU(0.2, True),
            ]
        sequence += [nn.Conv2d(ndf * nf_mult, 1, 4, 1, 1)]
        if opt.loss == "vanilla":
            sequence += [nn.Sigmoid()]
        self.model = nn.Sequential(*sequence)

    def forward(self, img):
        return self.model(img)


def init_func(m):
    if isinstance(m, nn.Conv2d):
        nn.init.normal_(m.weight.data, 0.0, 0.02)
        if m.bias is not None:
            nn.init.constant_(m.bias.data, 0.0)


bce, bce_with_logits, mse = nn.BCELoss(), nn.BCEWithLogitsLoss(), nn.MSELoss()


def like(pred, value):
    return torch.tensor(float(value)).expand_as(pred)


def gradient(pred, imgs):
    return torch.autograd.grad(
        outputs=pred,
        inputs=imgs,
        grad_outputs=torch.ones_like(pred),
        create_graph=True,
        retain_graph=True,
    )[0]


def gradient_penalty(real_imgs, fake_imgs):
    alpha = torch.rand(real_imgs.shape[0], 1, 1, 1)
    interpolates = (alpha * real_imgs + (1 - alpha) * fake_imgs).requires_grad_(True)
    gradients = gradient(discriminator(interpolates), interpolates)
    return ((gradients.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def generator_loss(fake, real):
    if opt.loss == "vanilla":
        return bce(fake, like(fake, 1))
    if opt.loss == "logits":
        return bce_with_logits(fake, like(fake, 1))
    if opt.loss == "lsgan":
        return mse(fake, like(fake, 1)) / 2
    if opt.loss == "rpgan":
        return nn.functional.softplus(real - fake).mean()
    if opt.loss == "ragan":
        real_loss = bce_with_logits(real - fake.mean(), like(real, 0))
        return (real_loss + bce_with_logits(fake - real.mean(), like(fake, 1))) / 2
    if opt.loss == "ralsgan":
        real_loss = mse(real - fake.mean(), like(real, -1))
        return (real_loss + mse(fake - real.mean(), like(fake, 1))) / 2
    return -fake.mean()


def discriminator_loss(real, fake, real_imgs, fake_imgs):
    if opt.loss == "vanilla":
        return (bce(real, like(real, 1)) + bce(fake, like(fake, 0))) / 2
    if opt.loss == "logits":
        return (bce_with_logits(real, like(real, 1)) + bce_with_logits(fake, like(fake, 0))) / 2
    if opt.loss == "lsgan":
        return (mse(real, like(real, 1)) + mse(fake, like(fake, 0))) / 2
    if opt.loss == "hinge":
        return torch.relu(1.0 - real).mean() + torch.relu(1.0 + fake).mean()
    if opt.loss == "rpgan":
        r1 = gradient(real, real_imgs).square().flatten(1).sum(1).mean() / 2
        return nn.functional.softplus(fake - real).mean() + 10 * r1
    if opt.loss == "ragan":
        real_loss = bce_with_logits(real - fake.mean(), like(real, 1))
        return (real_loss + bce_with_logits(fake - real.mean(), like(fake, 0))) / 2
    if opt.loss == "ralsgan":
        real_loss = mse(real - fake.mean(), like(real, 1))
        return (real_loss + mse(fake - real.mean(), like(fake, -1))) / 2
    return fake.mean() - real.mean() + 10 * gradient_penalty(real_imgs, fake_imgs)


generator = Generator()
discriminator = NLayerDiscriminator(nn.BatchNorm2d if opt.norm == "batch" else nn.InstanceNorm2d)
discriminator.apply(init_func)
initial = digest(generator, discriminator)
stream = batches(opt)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
is_relativistic = opt.loss in ("rpgan", "ragan", "ralsgan")

losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)

    optimizer_G.zero_grad()
    fake_imgs = generator(torch.randn(real_imgs.shape[0], latent_dim))
    real_pred = discriminator(real_imgs).detach() if is_relativistic else None
    g_loss = generator_loss(discriminator(fake_imgs), real_pred)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    fake_imgs = fake_imgs.detach()
    if opt.loss == "rpgan":
        real_imgs.requires_grad_(True)
    real_pred = discriminator(real_imgs)
    fake_pred = discriminator(fake_imgs)
    d_loss = discriminator_loss(real_pred, fake_pred, real_imgs, fake_imgs)
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
