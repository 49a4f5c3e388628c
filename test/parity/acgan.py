"""ACGAN: Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs"."""

import torch
from torch import nn

from common import batches, digest, options, report
from conv_networks import features, strided_blocks, upsampling_blocks

opt = options()
latent_dim, n_classes = 100, 10


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(n_classes, latent_dim)
        self.init_size = opt.size // 4
        self.l1 = nn.Sequential(nn.Linear(latent_dim, 128 * self.init_size**2))
        self.conv_blocks = upsampling_blocks()

    def forward(self, noise, labels):
        out = self.l1(torch.mul(noise, self.label_emb(labels)))
        return self.conv_blocks(out.view(out.shape[0], 128, self.init_size, self.init_size))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = strided_blocks()
        self.heads = nn.ModuleDict(
            {
                "score": nn.Sequential(nn.Linear(features(opt.size), 1), nn.Sigmoid()),
                "classes": nn.Sequential(nn.Linear(features(opt.size), n_classes)),
            }
        )

    def forward(self, img):
        out = self.model(img).flatten(1)
        return self.heads["score"](out), self.heads["classes"](out)


generator = Generator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
stream = batches(opt)
adversarial_loss = nn.BCELoss()
auxiliary_loss = nn.CrossEntropyLoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
for _ in range(opt.steps):
    real_imgs, labels = next(stream)
    n = real_imgs.shape[0]
    valid, fake = torch.ones(n, 1), torch.zeros(n, 1)

    optimizer_G.zero_grad()
    z = torch.randn(n, latent_dim)
    gen_labels = torch.randint(0, n_classes, (n,))
    gen_imgs = generator(z, gen_labels)
    validity, pred_label = discriminator(gen_imgs)
    g_loss = adversarial_loss(validity, valid) + auxiliary_loss(pred_label, gen_labels)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    real_pred, real_aux = discriminator(real_imgs)
    fake_pred, fake_aux = discriminator(gen_imgs.detach())
    score_loss = (adversarial_loss(real_pred, valid) + adversarial_loss(fake_pred, fake)) / 2
    class_loss = (auxiliary_loss(real_aux, labels) + auxiliary_loss(fake_aux, gen_labels)) / 2
    d_loss = score_loss + class_loss
    d_loss.backward()
    optimizer_D.step()

    losses.append([d_loss.item(), g_loss.item()])

report(initial, losses, digest(generator, discriminator))
