"""The article's training script, reduced to what decides its numbers: prints losses and hashes as JSON.

The referee of test/parity/parity.test.ts. Networks, loop and hyperparameters are the article's; the data
are bytes in a file, so that both sides see the same images.
"""

import argparse
import hashlib
import json

import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--pair", choices=["article", "mlp"], required=True)
parser.add_argument("--images", required=True, help="uint8 [count, 1, size, size], raw")
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--latent", type=int, nargs=3, required=True, help="noise, classes, codes")
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=1)
opt = parser.parse_args()
noise, n_classes, code_dim = opt.latent
input_dim = noise + n_classes + code_dim


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.init_size = opt.size // 4
        self.l1 = nn.Sequential(nn.Linear(input_dim, 128 * self.init_size**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(128),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 128, 3, stride=1, padding=1),
            nn.BatchNorm2d(128, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 64, 3, stride=1, padding=1),
            nn.BatchNorm2d(64, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 1, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, latent):
        out = self.l1(latent)
        return self.conv_blocks(out.view(out.shape[0], 128, self.init_size, self.init_size))


class MlpGenerator(nn.Module):
    def __init__(self):
        super().__init__()

        def block(width_in, width_out, normalize=True):
            layers = [nn.Linear(width_in, width_out)]
            if normalize:
                layers.append(nn.BatchNorm1d(width_out, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(input_dim, 128, normalize=False),
            *block(128, 256),
            *block(256, 512),
            *block(512, 1024),
            nn.Linear(1024, opt.size**2),
            nn.Tanh(),
        )

    def forward(self, latent):
        return self.model(latent).view(-1, 1, opt.size, opt.size)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(opt.size**2, 512),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(256, 1),
            nn.Sigmoid(),
        )

    def forward(self, images):
        return self.model(images.view(images.shape[0], -1))


class Bytes(Dataset):
    """Images with ToTensor and Normalize([0.5], [0.5]), as torchvision computes them."""

    def __init__(self, path):
        raw = numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, 1, opt.size, opt.size)
        self.images = torch.from_numpy(raw)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index].to(torch.float32).div(255).sub_(0.5).div_(0.5)


def draw_latent(count):
    parts = [torch.randn(count, noise)]
    if n_classes:
        labels = torch.randint(0, n_classes, (count,))
        parts.append(nn.functional.one_hot(labels, n_classes).float())
    if code_dim:
        parts.append(torch.rand(count, code_dim) * 2 - 1)
    return torch.cat(parts, 1)


def digest(*modules):
    total = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.numpy().tobytes())
    return total.hexdigest()


torch.set_num_threads(opt.threads)
torch.manual_seed(opt.seed)
generator = Generator() if opt.pair == "article" else MlpGenerator()
discriminator = Discriminator()
initial = digest(generator, discriminator)
loader = DataLoader(Bytes(opt.images), batch_size=opt.batch, shuffle=True)
adversarial_loss = nn.BCELoss()
optimizer_G = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

losses = []
while len(losses) < opt.steps:
    for real_imgs in loader:
        valid = torch.ones(real_imgs.shape[0], 1)
        fake = torch.zeros(real_imgs.shape[0], 1)

        optimizer_G.zero_grad()
        gen_imgs = generator(draw_latent(real_imgs.shape[0]))
        g_loss = adversarial_loss(discriminator(gen_imgs), valid)
        g_loss.backward()
        optimizer_G.step()

        optimizer_D.zero_grad()
        real_loss = adversarial_loss(discriminator(real_imgs), valid)
        fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        optimizer_D.step()

        losses.append([d_loss.item(), g_loss.item()])
        if len(losses) == opt.steps:
            break

print(json.dumps({"initial": initial, "losses": losses, "final": digest(generator, discriminator)}))
