"""InfoGAN: Chen et al. 2016, "Interpretable Representation Learning by Information Maximizing GANs".

The mutual-information terms are part of both players' losses, so that the heads learn from D's update.
"""

import torch
from torch import nn

from common import batches, digest, options, report
from conv_networks import Generator, features, strided_blocks

opt = options()
noise_dim, n_classes, code_dim = 62, 10, 2
latent_dim = noise_dim + n_classes + code_dim
lambda_cat, lambda_con = 1, 0.1


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = strided_blocks()

        def recognition(outputs):
            return nn.Sequential(
                nn.Linear(features(opt.size), 128),
                nn.BatchNorm1d(128),
                nn.LeakyReLU(0.2, inplace=True),
                nn.Linear(128, outputs),
            )

        self.heads = nn.ModuleDict(
            {
                "score": nn.Sequential(nn.Linear(features(opt.size), 1), nn.Sigmoid()),
                "classes": recognition(n_classes),
                "codes": recognition(code_dim),
            }
        )

    def forward(self, img):
        out = self.model(img).flatten(1)
        return self.heads["score"](out), self.heads["classes"](out), self.heads["codes"](out)


generator = Generator(opt.size, latent_dim)
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCELoss()
categorical_loss = nn.CrossEntropyLoss()
continuous_loss = nn.MSELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))


def information(pred_label, pred_code, gen_labels, gen_code):
    categorical = lambda_cat * categorical_loss(pred_label, gen_labels)
    return categorical + lambda_con * continuous_loss(pred_code, gen_code)


losses = []
for _ in range(opt.steps):
    real_imgs, _ = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    z = torch.randn(n, noise_dim)
    gen_labels = torch.randint(0, n_classes, (n,))
    gen_code = torch.rand(n, code_dim) * 2 - 1
    one_hot = nn.functional.one_hot(gen_labels, n_classes).float()
    gen_imgs = generator(torch.cat((z, one_hot, gen_code), 1))
    validity, pred_label, pred_code = discriminator(gen_imgs)
    g_loss = adversarial_loss(validity, valid) + information(pred_label, pred_code, gen_labels, gen_code)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_pred, _, _ = discriminator(real_imgs)
    fake_pred, pred_label, pred_code = discriminator(gen_imgs.detach())
    score_loss = (adversarial_loss(real_pred, valid) + adversarial_loss(fake_pred, fake)) / 2
    d_loss = score_loss + information(pred_label, pred_code, gen_labels, gen_code)
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
