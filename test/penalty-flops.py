"""Prints how many floating-point operations a gradient penalty of each discriminator takes: PyTorch's own counter."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench" / "peers"))

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from counter import count_flops  # noqa: E402
from gan import build, gradient_penalty  # noqa: E402


class Sloped(torch.nn.Module):
    """A ReLU or LeakyReLU whose second derivative is nothing, where PyTorch's own is zeros."""

    def __init__(self, activation):
        super().__init__()
        self.slope = getattr(activation, "negative_slope", 0.0)

    def forward(self, x):
        return x * torch.where(x > 0, 1.0, self.slope).detach()


class Along(torch.autograd.Function):
    """A filter of each channel along an axis, of which nothing but the image has derivatives."""

    @staticmethod
    def forward(ctx, x, line, stride):
        ctx.set_materialize_grads(False)
        ctx.kept = line, stride, x.shape
        return F.conv2d(x, line.expand(x.shape[1], *line.shape), None, stride, 0, 1, x.shape[1])

    @staticmethod
    def backward(ctx, gradient):
        return None if gradient is None else Back.apply(gradient, *ctx.kept), None, None


class Back(torch.autograd.Function):
    @staticmethod
    def forward(ctx, gradient, line, stride, shape):
        ctx.set_materialize_grads(False)
        ctx.kept = line, stride
        channels, kernel = shape[1], line.expand(shape[1], *line.shape)
        made = F.conv_transpose2d(gradient, kernel, None, stride, 0, 0, channels)
        return F.pad(made, (0, shape[3] - made.shape[3], 0, shape[2] - made.shape[2]))

    @staticmethod
    def backward(ctx, gradient):
        return None if gradient is None else Along.apply(gradient, *ctx.kept), None, None, None


class Separated(torch.nn.Module):
    """A blur along columns, then along rows."""

    def __init__(self, blur):
        super().__init__()
        self.stride = blur.stride
        self.sides = (blur.padding,) * 4 if isinstance(blur.padding, int) else blur.padding

    def forward(self, x):
        left, right, top, bottom = self.sides
        line = torch.tensor([[1.0, 3.0, 3.0, 1.0]]) / 8
        x = Along.apply(F.pad(x, (0, 0, top, bottom)), line.view(1, 4, 1), (self.stride, 1))
        return Along.apply(F.pad(x, (left, right)), line.view(1, 1, 4), (1, self.stride))


class Penalty:
    """What a penalty adds to a step: through labels of every class, where there are any."""

    def __init__(self, case):
        self.discriminator = build(case["discriminator"], "Discriminator")
        self.fused = case["execution"] == "fused"
        if self.fused:
            for parent in list(self.discriminator.modules()):
                for name, child in parent.named_children():
                    if isinstance(child, (torch.nn.ReLU, torch.nn.LeakyReLU)):
                        setattr(parent, name, Sloped(child))
                    elif type(child).__name__ == "Blur":
                        setattr(parent, name, Separated(child))
        self.labels = [torch.arange(64) % case["classes"]] if case["classes"] else []
        self.images = torch.rand(64, *case["image"])

    def step(self):
        score = lambda images: self.discriminator(images, *self.labels)  # noqa: E731
        loss = gradient_penalty(score, self.images, -self.images)
        # Fused execution asks for nothing but the weights' gradients.
        loss.backward(inputs=list(self.discriminator.parameters()) if self.fused else None)


print(json.dumps([count_flops(Penalty(case)) for case in json.loads(sys.argv[1])]))
