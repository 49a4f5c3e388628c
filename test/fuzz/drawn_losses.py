"""Every objective, penalty and auxiliary in PyTorch's operations, as the scripts of test/parity have them."""

import ast
import math

import torch
from torch.nn import functional as F

LOG2 = math.log(2.0)
# The activation g of Nowozin et al. 2016 and the conjugate after it.
DIVERGENCES = {
    "kl": (lambda v: v, lambda v: torch.exp(v - 1)),
    "reverseKl": (lambda v: -torch.exp(-v), lambda v: v - 1),
    "pearson": (lambda v: v, lambda v: v * v / 4 + v),
    "jensenShannon": (lambda v: LOG2 - F.softplus(-v), lambda v: F.softplus(v) - LOG2),
}


def _of_two(function):
    """A function of two tensors, one of which may be a number."""
    return lambda x, y: function(x, torch.as_tensor(y))


FUNCTIONS = {
    **{name: getattr(torch, name) for name in ("abs", "exp", "log", "mean", "relu", "sigmoid", "sqrt", "square", "tanh")},
    **{"softplus": F.softplus, "pow": _of_two(torch.pow)},
    **{"max": _of_two(torch.maximum), "min": _of_two(torch.minimum)},
}


class Formula:
    """A loss as text. A sum of a term of reals and one of fakes is averaged over each."""

    def __init__(self, text):
        tree = ast.parse(text, mode="eval").body
        parts = [tree]
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
            sides = [tree.left, tree.right]
            if [self._names(side) for side in sides] == [{"real"}, {"fake"}]:
                parts = sides
        self.looks_at_reals = "real" in self._names(tree)
        self.parts = [compile(ast.Expression(part), text, "eval") for part in parts]

    @staticmethod
    def _names(tree):
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {"real", "fake"}

    def __call__(self, real, fake):
        scores = {"real": real, "fake": fake}
        return sum(eval(part, FUNCTIONS, scores).mean() for part in self.parts)


class Losses:
    def __init__(self, objective, probabilities):
        self.options = objective
        self.type = objective["type"]
        self.cross_entropy = F.binary_cross_entropy if probabilities else F.binary_cross_entropy_with_logits
        self.looks_at_reals = self.type.startswith("relativistic") or self.type == "softmax"
        if self.type == "formula":
            self.formulas = {player: Formula(objective[player]) for player in ("generator", "discriminator")}
            self.looks_at_reals = self.formulas["generator"].looks_at_reals

    def _against(self, scores, target):
        return self.cross_entropy(scores, torch.full_like(scores, target))

    def _square(self, scores, target):
        return F.mse_loss(scores, torch.full_like(scores, target))

    def _average(self, real, fake, of_real, of_fake):
        """Relativistic average, with these targets of the two, logistic ones."""
        a, b = real - fake.mean(), fake - real.mean()
        if self.options["loss"] == "leastSquares":
            return (self._square(a, 2 * of_real - 1) + self._square(b, 2 * of_fake - 1)) / 2
        return (self._against(a, of_real) + self._against(b, of_fake)) / 2

    def discriminator(self, real, fake):
        valid = 1 - self.options.get("labelSmoothing", 0)
        if self.type in ("minimax", "nonSaturating", "boundarySeeking"):
            both = self._against(real, valid) + self._against(fake, 0)
            return both if self.options["discriminatorLoss"] == "sum" else both / 2
        if self.type == "leastSquares":
            return (self._square(real, valid) + self._square(fake, 0)) / 2
        if self.type == "hinge":
            return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        if self.type == "wasserstein":
            return fake.mean() - real.mean()
        if self.type == "relativisticPaired":
            return F.softplus(fake - real).mean()
        if self.type == "relativisticAverage":
            return self._average(real, fake, 1, 0)
        if self.type == "softmax":
            return real.mean() + torch.logsumexp(-torch.cat([real, fake]).flatten(), 0)
        if self.type == "formula":
            return self.formulas["discriminator"](real, fake)
        if self.type == "energyBased":
            return real.mean() + F.relu(self.options["margin"] - fake).mean()
        activation, conjugate = DIVERGENCES[self.options["divergence"]]
        return conjugate(fake).mean() - activation(real).mean()

    def generator(self, real, fake):
        if self.type == "minimax":
            return -self._against(fake, 0)
        if self.type == "nonSaturating":
            return self._against(fake, 1)
        if self.type == "boundarySeeking":
            return self._square(fake, 0) / 2
        if self.type == "leastSquares":
            return self._square(fake, 1) / 2
        if self.type in ("hinge", "wasserstein"):
            return -fake.mean()
        if self.type == "relativisticPaired":
            return F.softplus(real - fake).mean()
        if self.type == "relativisticAverage":
            return self._average(real, fake, 0, 1)
        if self.type == "softmax":
            everything = torch.cat([real, fake])
            return everything.mean() + torch.logsumexp(-everything.flatten(), 0)
        if self.type == "formula":
            return self.formulas["generator"](real, fake)
        if self.type == "energyBased":
            return fake.mean()
        return -DIVERGENCES[self.options["divergence"]][0](fake).mean()


def gradient(scores, points):
    ones = torch.ones_like(scores)
    return torch.autograd.grad(scores, points, ones, create_graph=True, retain_graph=True)[0].flatten(1)


def penalty(options, reals, fakes, real_scores, fake_scores, score):
    """One penalty without its weight. `score` scores other points than these."""
    kind = options["type"]
    if kind == "r1":
        return gradient(real_scores, reals).square().sum(1).mean() / 2
    if kind == "r2":
        return gradient(fake_scores, fakes).square().sum(1).mean() / 2
    reals, fakes = reals.detach(), fakes.detach()
    alpha = torch.rand((reals.shape[0],) + (1,) * (reals.dim() - 1))
    if kind == "dragan":
        points = reals + alpha * (0.5 * reals.std() * torch.rand_like(reals))
    else:
        points = alpha * reals + (1 - alpha) * fakes
    points = points.requires_grad_()
    slopes = gradient(score(points), points)
    if kind == "wganDiv":
        return (slopes.square().sum(1) ** (options["power"] / 2)).mean()
    return ((slopes.norm(2, dim=1) - 1) ** 2).mean()


def information(options, classes, codes, labels, drawn_codes):
    """InfoGAN's term: what was drawn, told from the sample."""
    total = None
    if options["categorical"] > 0:
        total = options["categorical"] * F.cross_entropy(classes, labels)
    if options["continuous"] > 0:
        term = options["continuous"] * F.mse_loss(codes, drawn_codes)
        total = term if total is None else total + term
    return total
