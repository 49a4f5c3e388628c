"""PyTorch as the referee for toPyTorch(): the printed source holds our weights and computes our numbers.

    torch-module.py FOLDER SEED: for each row of FOLDER/twins.json, runs the source, makes its module with
    torch.manual_seed(SEED), loads the weights with strict=True and runs it on the inputs, in evaluation mode and with
    the row's truncation of styles, if it has one.
    Prints for each name the keys and shapes of its state in order, the SHA-256 of its first weights, and what
    it made: all of it as SHA-256, and the first numbers.
"""

import hashlib
import json
import sys

import torch
from safetensors.torch import load_file


def digest(state):
    total = hashlib.sha256()
    for name in sorted(state):
        total.update(name.encode())
        total.update(state[name].contiguous().numpy().tobytes())
    return total.hexdigest()


def judge(folder, row, seed):
    space = {}
    exec(row["source"], space)
    torch.manual_seed(seed)
    module = space[row["class"]]()
    state = module.state_dict()
    first = digest(state)
    module.load_state_dict(load_file(f"{folder}/{row['file']}.safetensors"), strict=True)
    inputs = load_file(f"{folder}/{row['file']}.inputs.safetensors")
    module.eval()
    for part in module.modules():
        if hasattr(part, "truncation_psi"):
            part.truncation_psi = row.get("psi", 1.0)
    with torch.no_grad():
        # Copies lie on 64 bytes as ours do: MKL's products depend on that in their last bits.
        output = module(*(inputs[name].clone() for name in row["inputs"]))
    return {
        "state": [[name, list(tensor.shape)] for name, tensor in state.items()],
        "first": first,
        "shape": list(output.shape),
        "output": hashlib.sha256(output.contiguous().numpy().tobytes()).hexdigest(),
        "numbers": output.flatten()[:24].tolist(),
    }


folder, seed = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
with open(f"{folder}/twins.json") as file:
    rows = json.load(file)
print(json.dumps({row["name"]: judge(folder, row, seed) for row in rows}))
