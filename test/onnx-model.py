"""ONNX's checker and onnxruntime as the referees for saveOnnx().

    onnx-model.py FOLDER: for each row of FOLDER/models.json, checks FILE.onnx with full_check and runs it on each
    FILE.COUNT.safetensors, which holds the inputs by name and, as `expected`, what Sparring makes of them. Prints
    for each name the inputs, outputs and metadata of the model, the largest difference of each count, and the first
    numbers.
"""

import json
import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file


def judge(folder, row):
    path = f"{folder}/{row['file']}.onnx"
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    metadata = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    assert session.get_modelmeta().custom_metadata_map == metadata, row["name"]
    verdict = {
        "metadata": metadata,
        "inputs": [[value.name, value.type, value.shape] for value in session.get_inputs()],
        "outputs": [[value.name, value.type, value.shape] for value in session.get_outputs()],
        "differences": [],
    }
    for count in row["counts"]:
        inputs = load_file(f"{folder}/{row['file']}.{count}.safetensors")
        expected = inputs.pop("expected")
        (images,) = session.run(["images"], inputs)
        assert images.shape == expected.shape, (row["name"], images.shape, expected.shape)
        verdict["differences"].append(float(numpy.abs(images - expected).max()))
        verdict["numbers"] = images.flatten()[:8].tolist()
    return verdict


folder = sys.argv[1]
with open(f"{folder}/models.json") as file:
    rows = json.load(file)
print(json.dumps({row["name"]: judge(folder, row) for row in rows}))
