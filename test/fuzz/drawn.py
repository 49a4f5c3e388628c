"""PyTorch as the referee for trainings that nobody chose: it trains the source that toPyTorch() prints.

    drawn.py FILE: for each row of FILE, makes both modules from one seed, trains them by the row's rules and prints
    by its seed the SHA-256 of their first and their last weights, the losses, and whether all of it is finite; or
    why it could not.
    drawn.py FILE rounded ATTEMPTS: trains them again as if each module rounded its output, and the gradient of it,
    otherwise, as often as that; prints by its seed how far that took them at most.
"""

import copy
import hashlib
import json
import math
import sys
import warnings

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from drawn_losses import Losses, information, penalty


# The share of a number that it may be off by, as in drawn.test.ts: about twice what float32 rounds it by.
ROUNDING = 2e-7


def digest(modules):
    total = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.contiguous().numpy().tobytes())
    return total.hexdigest()


class Samples(Dataset):
    """Images as torchvision's ToTensor and Normalize make them; numbers of rows as they are."""

    def __init__(self, row):
        pair, rules = row["pair"], row["rules"]
        shape = [rules["images"], *pair["image"]]
        self.bytes = torch.tensor(row["bytes"], dtype=torch.uint8).reshape(shape)
        self.labels = row["labels"]
        self.signed = pair["generator"]["range"][0] == -1
        self.flip = torch.nn.Identity()
        if rules["horizontalFlip"]:
            import torchvision_cpu  # noqa: F401  first: lets torchvision load beside a CPU torch
            from torchvision.transforms import RandomHorizontalFlip

            self.flip = RandomHorizontalFlip()

    def __len__(self):
        return len(self.bytes)

    def __getitem__(self, index):
        sample = self.bytes[index].to(torch.float32)
        if sample.dim() == 1:
            return sample / 128 - 1, int(self.labels[index])
        sample = sample.div(255)
        if self.signed:
            sample = sample.sub_(0.5).div_(0.5)
        return self.flip(sample), int(self.labels[index])


def batches(row):
    rules = row["rules"]
    loader = DataLoader(Samples(row), batch_size=rules["batch"], shuffle=True, drop_last=rules["dropLast"])
    while True:
        yield from loader


def make_optimizer(options, parameters):
    kind = options["type"]
    common = {"lr": options["lr"], "weight_decay": options["weightDecay"]}
    if kind in ("adam", "adamW"):
        maker = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
        betas = tuple(float(beta) for beta in options["betas"])
        return maker(parameters, betas=betas, eps=options["eps"], amsgrad=options["amsgrad"], **common)
    if kind == "sgd":
        names = ("momentum", "dampening", "nesterov")
        return torch.optim.SGD(parameters, **{name: options[name] for name in names}, **common)
    names = ("alpha", "eps", "momentum", "centered")
    return torch.optim.RMSprop(parameters, **{name: options[name] for name in names}, **common)


def rate(schedule, lr, t):
    """The learning rate after t updates, as docs/training.md has it."""
    kind = schedule["type"]
    if kind == "warmUp":
        steps, start = schedule["steps"], schedule["from"]
        if t < steps:
            return lr * (start + (1 - start) * (t / steps))
        return rate(schedule["schedule"], lr, t - steps)
    if kind == "linear":
        share = min(max((t - schedule["after"]) / schedule["steps"], 0.0), 1.0)
        return lr * (1 + (schedule["to"] - 1) * share)
    if kind == "exponential":
        return max(lr * schedule["gamma"] ** t, schedule["min"])
    if kind == "cosine":
        turn = math.cos(math.pi * min(t / schedule["steps"], 1.0))
        return schedule["min"] + (lr - schedule["min"]) * (1 + turn) / 2
    if kind == "step":
        return lr * schedule["gamma"] ** (t // schedule["stepSize"])
    if kind == "multiStep":
        return lr * schedule["gamma"] ** sum(milestone <= t for milestone in schedule["milestones"])
    return lr


class Player:
    """A network, its optimizer, and how both go on."""

    def __init__(self, module, options, frozen):
        self.module = module
        self.options = options
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name not in frozen)
        self.parameters = [one for one in module.parameters() if one.requires_grad]
        self.optimizer = make_optimizer(options, self.parameters)
        self.updates = 0

    def learn(self, loss):
        loss.backward()
        options = self.options
        for group in self.optimizer.param_groups:
            group["lr"] = rate(options["schedule"], options["lr"], self.updates)
        if options.get("clipGradNorm") is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, options["clipGradNorm"])
        if options.get("clipGradValue") is not None:
            torch.nn.utils.clip_grad_value_(self.parameters, options["clipGradValue"])
        self.optimizer.step()
        self.updates += 1
        return loss.item()


def round_otherwise(modules, attempt):
    """Moves each number that a module makes, and the gradient there, by about what float32 rounds it by."""
    random = torch.Generator().manual_seed(attempt)

    def moved(values):
        if values is None:  # the gradient of what nothing depends on
            return None
        # Towards 0, and as wide as to both sides: a probability above 1 would be none.
        return values * (1 - 2 * ROUNDING * torch.rand(values.shape, generator=random))

    def hook(_, __, output):
        if not isinstance(output, torch.Tensor) or not output.is_floating_point():
            return None
        output = moved(output)
        if output.requires_grad:
            output.register_hook(moved)
        return output

    for module in modules:
        for one in module.modules():
            if next(one.children(), None) is None:
                one.register_forward_hook(hook)


class Game:
    def __init__(self, row):
        self.row, self.rules = row, row["rules"]
        self.latent = row["pair"]["generator"]["latent"]
        self.objective = self.rules["objective"]
        self.losses = Losses(self.objective, row["scores"] == "probability")
        spaces = [{}, {}]
        for space, source in zip(spaces, row["sources"]):
            exec(source, space)
        torch.manual_seed(0)
        generator, discriminator = spaces[0]["Generator"](), spaces[1]["Discriminator"]()
        self.average = copy.deepcopy(generator) if self.rules.get("ema") else None
        self.modules = [generator, discriminator] + ([self.average] if self.average else [])
        optimizer, frozen = self.rules["optimizer"], self.rules["frozen"]
        self.generator = Player(generator, optimizer["generator"], frozen["generator"])
        self.discriminator = Player(discriminator, optimizer["discriminator"], frozen["discriminator"])

    def make(self, count, with_graph):
        """Fakes, and the labels and codes that they were made from."""
        noise = self.latent["noise"]
        if self.latent["distribution"] == "normal":
            parts = [torch.randn(count, noise)]
        else:
            parts = [torch.empty(count, noise).uniform_(-math.sqrt(3), math.sqrt(3))]
        classes, codes = self.latent["classes"], self.latent["codes"]
        labels = torch.randint(0, classes, (count,)) if classes else None
        drawn = torch.rand(count, codes) * 2 - 1 if codes else None
        parts += [part for part in (labels, drawn) if part is not None]
        with torch.set_grad_enabled(with_graph):
            return self.generator.module(*parts), labels, drawn

    def judge(self, images, labels):
        """Scores, and what the heads say of classes and of codes."""
        module = self.discriminator.module
        answer = module(images, labels) if self.row["conditional"] else module(images)
        classes, codes = self.row["heads"]["classes"], self.row["heads"]["codes"]
        if classes + codes == 0:
            return answer, None, None
        return answer[:, :1], answer[:, 1 : 1 + classes], answer[:, 1 + classes :]

    def teach_generator(self, reals, real_labels, fakes):
        images, labels, codes = fakes
        self.generator.optimizer.zero_grad()
        real = None
        if self.losses.looks_at_reals:
            with torch.no_grad():
                real = self.judge(reals, real_labels)[0]
        fake, told_classes, told_codes = self.judge(images, labels)
        loss = self.losses.generator(real, fake)
        for auxiliary in self.objective["auxiliaries"]:
            if auxiliary["type"] == "acgan":
                loss = loss + auxiliary["weight"] * F.cross_entropy(told_classes, labels)
            else:
                loss = loss + information(auxiliary, told_classes, told_codes, labels, codes)
        return self.generator.learn(loss)

    def teach_discriminator(self, reals, real_labels, fakes):
        images, labels, codes = fakes
        reals, images = reals.detach(), images.detach()
        due = [one for one in self.objective["penalties"] if self.discriminator.updates % one["every"] == 0]
        self.discriminator.optimizer.zero_grad()
        if any(one["type"] == "r1" for one in due):
            reals.requires_grad_()
        if any(one["type"] == "r2" for one in due):
            images.requires_grad_()
        real, real_classes, _ = self.judge(reals, real_labels)
        fake, told_classes, told_codes = self.judge(images, labels)
        loss = self.losses.discriminator(real, fake)
        for one in due:
            value = penalty(one, reals, images, real, fake, lambda points: self.judge(points, real_labels)[0])
            loss = loss + one["weight"] * one["every"] * value
        for auxiliary in self.objective["auxiliaries"]:
            if auxiliary["type"] == "acgan":
                both = F.cross_entropy(real_classes, real_labels) + F.cross_entropy(told_classes, labels)
                loss = loss + auxiliary["weight"] * (both / 2)
            else:
                loss = loss + information(auxiliary, told_classes, told_codes, labels, codes)
        value = self.discriminator.learn(loss)
        bound = self.objective.get("weightClip")
        if bound:
            with torch.no_grad():
                for parameter in self.discriminator.parameters:
                    parameter.clamp_(-bound, bound)
        return value

    def follow(self):
        """The moving average goes after the generator's last update, with StyleGAN2's ramp-up."""
        if self.average is None:
            return
        decay, ramp_up = self.rules["ema"]["decay"], self.rules["ema"]["rampUp"]
        if decay != 0 and ramp_up != 0:
            half_life = math.log(0.5) / math.log(decay)
            decay = 0.5 ** (1 / min(half_life, self.generator.updates * ramp_up))
        module = self.generator.module
        with torch.no_grad():
            for mean, current in zip(self.average.parameters(), module.parameters()):
                mean.lerp_(current, 1 - decay)
            for mean, current in zip(self.average.buffers(), module.buffers()):
                mean.copy_(current)

    def generator_first(self, stream):
        rules, of_generator, of_discriminator = self.rules, [], []
        reals, labels = next(stream)
        for i in range(rules["generatorSteps"]):
            if i > 0:
                self.follow()
            fakes = self.make(len(reals), True)
            of_generator.append(self.teach_generator(reals, labels, fakes))
        for i in range(rules["discriminatorSteps"]):
            if i > 0:
                reals, labels = next(stream)
            if i > 0 or rules["fakes"] == "fresh":
                fakes = self.make(len(reals), False)
            of_discriminator.append(self.teach_discriminator(reals, labels, fakes))
        return of_discriminator, of_generator

    def discriminator_first(self, stream):
        rules, of_generator, of_discriminator = self.rules, [], []
        steps, shares = rules["discriminatorSteps"], rules["fakes"] == "same"
        for i in range(steps):
            reals, labels = next(stream)
            fakes = self.make(len(reals), shares and i == steps - 1)
            of_discriminator.append(self.teach_discriminator(reals, labels, fakes))
        for i in range(rules["generatorSteps"]):
            if i > 0:
                self.follow()
            if i > 0 or not shares:
                fakes = self.make(len(reals), True)
            of_generator.append(self.teach_generator(reals, labels, fakes))
        return of_discriminator, of_generator

    def play(self):
        stream, losses = batches(self.row), []
        initial = digest(self.modules)
        step = self.generator_first if self.rules["order"] == "generatorFirst" else self.discriminator_first
        for _ in range(self.rules["steps"]):
            losses.append([sum(values) / len(values) for values in step(stream)])
            self.follow()
        weights = [tensor for module in self.modules for tensor in module.state_dict().values()]
        finite = all(bool(tensor.isfinite().all()) for tensor in weights)
        finite = finite and all(math.isfinite(value) for step in losses for value in step)
        self.numbers = [weights, losses]
        shown = losses if finite else []
        return {"initial": initial, "losses": shown, "final": digest(self.modules), "finite": finite}


def judge(row):
    try:
        return Game(row).play()
    except Exception as error:  # whatever PyTorch says: it is compared with what we say
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def numbers_of(row, attempt=None):
    """All weights in the end, and the losses."""
    game = Game(row)
    if attempt is not None:
        round_otherwise([game.generator.module, game.discriminator.module], attempt)
    game.play()
    weights, losses = game.numbers
    return torch.cat([one.flatten().double() for one in [*weights, torch.tensor(losses, dtype=torch.float64)]])


def moves(row, attempts):
    usual, most = numbers_of(row), 0.0
    for attempt in range(attempts):
        off = (numbers_of(row, attempt) - usual).abs() / usual.abs().clamp(min=1)
        most = max(most, float(off.max()))
    return most


torch.set_num_threads(1)
warnings.simplefilter("ignore")
with open(sys.argv[1]) as file:
    rows = json.load(file)
if sys.argv[2:3] == ["rounded"]:
    print(json.dumps({row["seed"]: moves(row, int(sys.argv[3])) for row in rows}))
else:
    print(json.dumps({row["seed"]: judge(row) for row in rows}))
