"""A GAN as a good PyTorch engineer trains it.

The networks are the source that toPyTorch() prints. The data stay resident as bytes; nothing in the loop waits for a
number; fakes that need no graph get none; where the order of the two players allows it, one generator pass serves both.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class Mode:
    """One way to run the same training."""

    compile: str | None = None
    fused: bool = False
    channels_last: bool = False

    @property
    def records(self):
        """Whether a GPU records the passes as CUDA graphs."""
        return self.compile in ("reduce-overhead", "max-autotune")

    @property
    def name(self):
        first = "eager" if self.compile is None else f"compile {self.compile}"
        fused = " + fused Adam" if self.fused else ""
        return first + fused + (" + channels_last" if self.channels_last else "")


def build(source, name):
    """The module of a generated source."""
    scope = {}
    exec(compile(source, f"<{name}>", "exec"), scope)
    return scope[name]()


def has_images(case):
    """Whether there are convolutions, whose weights channels_last would lay out anew."""
    networks = build(case["generator"], "Generator"), build(case["discriminator"], "Discriminator")
    return any(parameter.dim() == 4 for network in networks for parameter in network.parameters())


class Reals:
    """Batches of images that stay in memory as bytes, shuffled anew each epoch; -1 is black, 1 is white."""

    def __init__(self, images, batch, memory_format):
        self.images, self.batch, self.memory_format = images, batch, memory_format
        self.order, self.position = torch.empty(0, dtype=torch.int64), 0
        self.device = images.device

    def next(self):
        if self.position == len(self.order):
            self.order, self.position = torch.randperm(len(self.images), device=self.device), 0
        index = self.order[self.position : self.position + self.batch]
        self.position += self.batch
        images = self.images.index_select(0, index).float().div_(127.5).sub_(1)
        return images.contiguous(memory_format=self.memory_format)


class NonSaturating:
    """Goodfellow et al. 2014; the discriminator's loss is halved, as in the article's script."""

    def __init__(self, batch, device):
        self.ones, self.zeros = torch.ones(batch, 1, device=device), torch.zeros(batch, 1, device=device)

    def generator_loss(self, fake):
        return F.binary_cross_entropy(fake, self.ones)

    def discriminator_loss(self, real, fake):
        return (F.binary_cross_entropy(real, self.ones) + F.binary_cross_entropy(fake, self.zeros)) / 2


class Wasserstein:
    """Arjovsky et al. 2017."""

    def __init__(self, batch, device):
        pass

    def generator_loss(self, fake):
        return -fake.mean()

    def discriminator_loss(self, real, fake):
        return fake.mean() - real.mean()


OBJECTIVES = {"nonSaturating": NonSaturating, "wasserstein": Wasserstein}


def gradient_penalty(discriminator, reals, fakes):
    """Gulrajani et al. 2017."""
    alpha = torch.rand(reals.shape[0], 1, 1, 1, device=reals.device)
    between = (alpha * reals + (1 - alpha) * fakes).requires_grad_()
    scores = discriminator(between)
    (gradient,) = torch.autograd.grad(scores, between, torch.ones_like(scores), create_graph=True)
    return ((gradient.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


class Training:
    """Two networks, their optimizers and the step."""

    def __init__(self, case, images, mode):
        torch.manual_seed(case["seed"])
        memory_format = torch.channels_last if mode.channels_last else torch.contiguous_format
        self.device = torch.device(case.get("device", "cpu"))
        placed = {"device": self.device, "memory_format": memory_format}
        generator = build(case["generator"], "Generator").to(**placed)
        discriminator = build(case["discriminator"], "Discriminator").to(**placed)
        self.half = case.get("precision") == "bfloat16"
        # Then a pass writes to the memory of those before: to fakes that are still wanted, and to gradients.
        self.replays = mode.records and self.device.type == "cuda"
        self.noise, self.batch = case["noise"], case["batch"]
        self.discriminator_steps, self.generator_steps = case["discriminatorSteps"], case["generatorSteps"]
        assert case["order"] == "discriminatorFirst" or self.discriminator_steps == 1, case["order"]
        self.penalty = penalty_weight(case["objective"])
        self.objective = OBJECTIVES[case["objective"]["type"]](self.batch, self.device)
        self.reals = Reals(images.to(self.device), self.batch, memory_format)
        self.optimizer_g = adam(generator, case["optimizer"]["generator"], mode)
        self.optimizer_d = adam(discriminator, case["optimizer"]["discriminator"], mode)
        # torch.compile has no second derivative: the penalty gets the discriminator as it is.
        self.plain_discriminator = discriminator
        self.generator, self.whole_discriminator = compiled(generator, mode), compiled(discriminator, mode)
        self.step = {
            "generatorFirst": self.generator_first,
            "discriminatorFirst": self.discriminator_first,
        }[case["order"]]

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def generate(self):
        with self.autocast():
            fakes = self.generator(torch.randn(self.batch, self.noise, device=self.device)).float()
        return fakes.clone() if self.replays else fakes

    def discriminator(self, images):
        with self.autocast():
            return self.whole_discriminator(images).float()

    def generator_first(self):
        """Both learn from the same fakes, the generator's last. Returns the two last losses, as tensors."""
        reals = self.reals.next()
        for _ in range(self.generator_steps):
            fakes = self.generate()
            generator_loss = self.update_generator(fakes)
        return self.update_discriminator(reals, fakes.detach()), generator_loss

    def discriminator_first(self):
        for _ in range(self.discriminator_steps):
            reals = self.reals.next()
            with torch.no_grad():
                fakes = self.generate()
            discriminator_loss = self.update_discriminator(reals, fakes)
        for _ in range(self.generator_steps):
            generator_loss = self.update_generator(self.generate())
        return discriminator_loss, generator_loss

    def score_plainly(self, images):
        with self.autocast():
            return self.plain_discriminator(images).float()

    def wait(self):
        """Until the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def update_generator(self, fakes):
        self.optimizer_g.zero_grad(set_to_none=True)
        if self.replays:
            self.optimizer_d.zero_grad(set_to_none=True)
        loss = self.objective.generator_loss(self.discriminator(fakes))
        loss.backward()
        self.optimizer_g.step()
        return loss.detach()

    def update_discriminator(self, reals, fakes):
        self.optimizer_d.zero_grad(set_to_none=True)
        loss = self.objective.discriminator_loss(self.discriminator(reals), self.discriminator(fakes))
        if self.penalty:
            loss = loss + self.penalty * gradient_penalty(self.score_plainly, reals, fakes)
        loss.backward()
        self.optimizer_d.step()
        return loss.detach()


def compiled(network, mode):
    if mode.compile is None:
        return network
    return torch.compile(network, mode=None if mode.compile == "default" else mode.compile)


def adam(network, options, mode):
    assert options["type"] == "adam" and options["weightDecay"] == 0 and not options["amsgrad"], options
    return torch.optim.Adam(
        network.parameters(),
        lr=options["lr"],
        betas=tuple(options["betas"]),
        eps=options["eps"],
        fused=True if mode.fused else None,
    )


def penalty_weight(objective):
    """The weight of the one penalty there is here, 0 for none."""
    assert all(penalty["type"] == "wganGp" for penalty in objective["penalties"]), objective
    return sum(penalty["weight"] for penalty in objective["penalties"])
