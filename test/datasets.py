"""NumPy, Pillow and torchvision as the referees for what datasets are read from: files that they wrote, and the
grey levels that they find in them.

    datasets.py npy      -> [{name, file, shape, levels}]: arrays, scaled to levels by NumPy in float64
    datasets.py cifar10  -> {file, names, labels, levels}: three records of CIFAR-10's binary version
    datasets.py idx      -> {images, labels, shape, levels}
    datasets.py images   -> [{name, file, shape, levels}]: what Pillow decodes, channels last
    datasets.py resized  -> the same, by torchvision's CenterCrop and Resize to 16
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


def packed(path):
    from safetensors.numpy import load_file

    found = load_file(path)
    images = found["images"]
    return {"shape": list(images.shape), "images": hexed(images), "labels": found["labels"].tolist()}


made = {"npy": lambda: list(arrays()), "cifar10": cifar10, "idx": idx, "packed": lambda: packed(*rest)}
print(json.dumps(made[mode]()))
