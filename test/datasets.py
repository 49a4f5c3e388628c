"""NumPy, Pillow and torchvision as the referees for what datasets are read from: files that they wrote, and the
grey levels that they find in them.

    datasets.py npy      -> [{name, file, shape, levels}]: arrays, scaled to levels by NumPy in float64
    datasets.py cifar10  -> {file, names, labels, levels}: three records of CIFAR-10's binary version
    datasets.py idx      -> {images, labels, shape, levels}
    datasets.py images   -> [{name, file, size, colour, grey}]: what Pillow decodes, cropped to 16 by CenterCrop
    datasets.py resized  -> the same, by torchvision's CenterCrop and Resize to 16, or by Resize alone
    datasets.py oblong   -> the same to 12 x 20 and to 20 x 12, height first, also of what EXIF turns
    datasets.py cmyk     -> {name: file}: a JPEG of one ink
    datasets.py split    -> [{size, lengths, seed, parts}]: the indices that torch.utils.data.random_split gives parts
    datasets.py packed FILE -> {shape, images, labels} of a cache, as the safetensors library reads it

Bytes are written as hex.
"""

import io
import json
import struct
import sys

import numpy

mode, *rest = sys.argv[1:]
random = numpy.random.default_rng(7)


def hexed(array):
    return numpy.ascontiguousarray(array).tobytes().hex()


def levels(values, black, white):
    return numpy.floor((values.astype(numpy.float64) - black) * (255 / (white - black)) + 0.5).astype(numpy.uint8)


def npy(name, values, images, version=None):
    file = io.BytesIO()
    numpy.lib.format.write_array(file, values, version=version)
    return {"name": name, "file": file.getvalue().hex(), "shape": list(images.shape), "levels": hexed(images)}


def arrays():
    grey = random.integers(0, 256, (3, 5, 4), dtype=numpy.uint8)
    colour = random.integers(0, 256, (2, 5, 4, 3), dtype=numpy.uint8)
    tanh = random.uniform(-1, 1, (2, 3, 6, 5)).astype(numpy.float32)
    unit = random.uniform(0, 1, (2, 6, 5, 3))
    yield npy("grey", grey, grey[:, None])
    yield npy("grey of version 2", grey, grey[:, None], (2, 0))
    yield npy("channels last", colour, colour.transpose(0, 3, 1, 2))
    yield npy("channels first", colour.transpose(0, 3, 1, 2).copy(), colour.transpose(0, 3, 1, 2))
    yield npy("float32 of [-1, 1]", tanh, levels(tanh, -1, 1))
    yield npy("float64 of [0, 1]", unit, levels(unit, 0, 1).transpose(0, 3, 1, 2))
    for dtype in ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]:
        yield npy(f"labels of {dtype}", numpy.array([4, 0, 7]).astype(dtype), numpy.array([4, 0, 7], dtype=numpy.uint8))


def cifar10():
    labels = [9, 0, 3]
    pixels = random.integers(0, 256, (3, 3, 32, 32), dtype=numpy.uint8)
    file = b"".join(struct.pack("B3072s", label, image.tobytes()) for label, image in zip(labels, pixels))
    records = numpy.frombuffer(file, dtype=numpy.uint8).reshape(-1, 3073)
    return {"file": file.hex(), "labels": records[:, 0].tolist(), "levels": hexed(records[:, 1:])}


def idx():
    images = random.integers(0, 256, (4, 6, 5), dtype=numpy.uint8)
    labels = numpy.array([3, 1, 0, 3], dtype=numpy.uint8)
    pack = lambda array: struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    return {
        **{"images": pack(images).hex(), "labels": pack(labels).hex()},
        **{"shape": [4, 1, 6, 5], "levels": hexed(images)},
    }


def scene(width, height, channels=3):
    """Waves, an edge and some grain: neither flat nor noise, like a photograph."""
    y, x = numpy.mgrid[0:height, 0:width]
    y, x = y / height, x / width
    waves = [90 * numpy.sin(5 * x + 3 * y + c) * numpy.cos(4 * y - c) for c in range(channels)]
    edge = numpy.where(x + 0.3 * y > 0.7, 60, -20)
    values = numpy.stack(waves, -1) + edge[..., None] + random.normal(110, 4, (height, width, channels))
    return values.clip(0, 255).astype(numpy.uint8)


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(name, file, image):
    """What Pillow makes of a file: colours, and its mode L, channels last."""
    return {
        **{"name": name, "file": file.hex(), "size": list(image.size)},
        **{"colour": hexed(numpy.asarray(image.convert("RGB"))), "grey": hexed(numpy.asarray(image.convert("L")))},
    }


def images():
    from PIL import Image, ImageOps
    import torchvision_cpu  # noqa: F401  first: lets torchvision load beside a CPU torch
    from torchvision.transforms import CenterCrop

    opened = lambda file: Image.open(io.BytesIO(file))
    colour = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=numpy.uint8))
    photo = Image.fromarray(scene(16, 16))
    plain = {
        "colour.png": encoded(colour, "PNG"),
        "grey.png": encoded(colour.convert("L"), "PNG"),
        "palette.png": encoded(colour.quantize(16), "PNG"),
        "bits.png": encoded(colour.convert("1"), "PNG"),
        "colour.jpg": encoded(photo, "JPEG", quality=90),
        "progressive.jpeg": encoded(photo, "JPEG", quality=80, progressive=True),
        "grey.jpg": encoded(photo.convert("L"), "JPEG"),
        "lossless.webp": encoded(colour, "WEBP", lossless=True),
    }
    for name, file in plain.items():
        yield decoded(name, file, opened(file))
    white = Image.new("RGBA", (16, 16), (255, 255, 255, 255))
    for mode in ["RGBA", "LA"]:
        bands = random.integers(0, 256, (16, 16, len(mode)), dtype=numpy.uint8)
        file = encoded(Image.fromarray(bands), "PNG")
        yield decoded(f"alpha {mode}.png", file, Image.alpha_composite(white, opened(file).convert("RGBA")))
    deep = random.integers(0, 65536, (16, 16), dtype=numpy.uint16)
    yield decoded("16 bits.png", encoded(Image.fromarray(deep), "PNG"), Image.fromarray((deep >> 8).astype(numpy.uint8)))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = encoded(Image.fromarray(scene(21, 16)), "JPEG", exif=exif)
        yield decoded(f"turned {orientation}.jpg", file, CenterCrop(16)(ImageOps.exif_transpose(opened(file))))
    file = encoded(Image.fromarray(scene(16, 19)), "PNG")
    yield decoded("tall.png", file, CenterCrop(16)(opened(file)))


def cmyk():
    from PIL import Image

    inks = {"white": (0, 0, 0, 0), "cyan": (255, 0, 0, 0), "yellow": (0, 0, 255, 0), "black": (0, 0, 0, 255)}
    return {name: encoded(Image.new("CMYK", (8, 8), ink), "JPEG").hex() for name, ink in inks.items()}


def rough(side):
    """As photographs have them: contrasts of all sizes, the finer the weaker (1/f)."""
    rng = numpy.random.default_rng(side)
    row, column = numpy.fft.fftfreq(side), numpy.fft.rfftfreq(side)
    frequency = numpy.maximum(numpy.hypot(row[:, None], column[None]), 1 / side)
    planes = [numpy.fft.irfft2(numpy.fft.rfft2(rng.normal(size=(side, side))) / frequency) for _ in range(3)]
    picture = numpy.stack(planes, 2)
    return numpy.clip(128 + 50 * picture / picture.std(), 0, 255).astype(numpy.uint8)


def resized():
    from PIL import Image
    import torchvision_cpu  # noqa: F401
    from torchvision.transforms import CenterCrop, Resize

    sides = [("2.5", 40, 53), ("6.25", 100, 100), ("9", 150, 144), ("enlarged", 10, 10)]
    pictures = [(name, scene(width, height)) for name, width, height in sides]
    pictures += [(f"{side // 16} rough", rough(side)) for side in (64, 128)]
    for name, picture in pictures:
        height, width = picture.shape[:2]
        image = Image.fromarray(picture)
        square = CenterCrop(min(width, height))(image)
        yield decoded(name, encoded(image, "PNG"), Resize((16, 16))(square))
        if "rough" not in name:
            yield decoded(f"{name} squeezed", encoded(image, "PNG"), Resize((16, 16))(image))


def oblong():
    from PIL import Image, ImageOps
    import torchvision_cpu  # noqa: F401
    from torchvision.transforms import CenterCrop, Resize

    def middle(image, height, width):
        """CenterCrop to the largest part with the shape of height x width, to the nearest pixel."""
        nearest = lambda above, below: (2 * above + below) // (2 * below)
        if image.width * height > image.height * width:
            return CenterCrop((image.height, nearest(image.height * width, height)))(image)
        return CenterCrop((nearest(image.width * height, width), image.width))(image)

    for height, width in [(12, 20), (20, 12)]:
        name = lambda text: f"{text} to {height}x{width}"
        for across, down in [(53, 40), (40, 53), (90, 36), (24, 90), (width, height)]:
            image = Image.fromarray(scene(across, down))
            file = encoded(image, "PNG")
            yield decoded(name(f"{across}x{down}"), file, Resize((height, width))(middle(image, height, width)))
            yield decoded(name(f"{across}x{down} squeezed"), file, Resize((height, width))(image))
        for kind, across, down in [("PNG", 33, 20), ("PNG", 20, 33), ("JPEG", height, width)]:
            exif = Image.Exif()
            exif[0x0112] = 6
            file = encoded(Image.fromarray(scene(across, down)), kind, exif=exif)
            upright = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
            turned = Resize((height, width))(middle(upright, height, width))
            yield decoded(name(f"{across}x{down} turned {kind}"), file, turned)
        yield decoded(name("small jpeg"), (file := encoded(Image.fromarray(scene(width, height)), "JPEG")), Image.open(io.BytesIO(file)))


def split():
    import torch
    from torch.utils.data import random_split

    shares = [[0.9, 0.1], [0.5, 0.5], [0.7, 0.2, 0.1], [0.1] * 10, [1 / 3, 1 / 3, 1 / 3]]
    asked = [(size, lengths, seed) for size in (47, 300) for lengths in shares for seed in (0, 2**40 + 5)]
    asked += [(47, [40, 7], 1), (47, [1, 45, 1], 2), (47, [1], 3), (1, [1], 4)]
    for size, lengths, seed in asked:
        parts = random_split(range(size), lengths, generator=torch.Generator().manual_seed(seed))
        yield {"size": size, "lengths": lengths, "seed": seed, "parts": [list(part.indices) for part in parts]}


def packed(path):
    from safetensors.numpy import load_file

    found = load_file(path)
    images = found["images"]
    return {"shape": list(images.shape), "images": hexed(images), "labels": found["labels"].tolist()}


made = {
    **{"npy": lambda: list(arrays()), "cifar10": cifar10, "idx": idx, "cmyk": cmyk},
    **{"images": lambda: list(images()), "resized": lambda: list(resized()), "oblong": lambda: list(oblong())},
    **{"split": lambda: list(split()), "packed": lambda: packed(*rest)},
}
print(json.dumps(made[mode]()))
