"""torchvision as the referee for pixels: grids by save_image, resizing by Resize on PIL images.

    images.py grid FLOATS COUNT CHANNELS HEIGHT WIDTH COLUMNS PADDING [BLACK WHITE]   -> [[height, width, 3], bytes as hex]
    images.py resize BYTES COUNT SIDE HEIGHT WIDTH                      -> bytes as hex, one string an image
"""

import io
import json
import sys

import torchvision_cpu  # noqa: F401  first: lets torchvision load beside a CPU torch
import numpy
import torch
from PIL import Image
from torchvision import transforms
from torchvision.utils import save_image

mode, path, *rest = sys.argv[1:]
numbers = [int(value) for value in rest]
if mode == "grid":
    count, channels, height, width, columns, padding, *value_range = numbers
    values = numpy.fromfile(path, dtype=numpy.float32).reshape(count, channels, height, width)
    file = io.BytesIO()
    options = {"normalize": True, "value_range": tuple(value_range) or None}
    save_image(torch.from_numpy(values), file, format="png", nrow=columns, padding=padding, **options)
    pixels = numpy.asarray(Image.open(file))
    print(json.dumps([list(pixels.shape), pixels.tobytes().hex()]))
else:
    count, side, *size = numbers
    images = numpy.fromfile(path, dtype=numpy.uint8).reshape(count, side, side)
    resize = transforms.Resize(size)
    print(json.dumps([numpy.asarray(resize(Image.fromarray(image))).tobytes().hex() for image in images]))
