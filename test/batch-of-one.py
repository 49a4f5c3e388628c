"""PyTorch as the referee for batches that say nothing: which of them a module in evaluation refuses.

    batch-of-one.py FOLDER: for each row of FOLDER/rows.json, runs the source, makes its module and
    runs it on zeros of the row's shape, in evaluation mode.
    Prints for each row what was raised, or null.
"""

import json
import sys

import torch


def judge(row):
    space = {}
    exec(row["source"], space)
    module = space[row["class"]]().eval()
    try:
        with torch.no_grad():
            module(torch.zeros(row["shape"]))
    except ValueError as error:
        return str(error)
    return None


with open(f"{sys.argv[1]}/rows.json") as file:
    rows = json.load(file)
print(json.dumps([judge(row) for row in rows]))
