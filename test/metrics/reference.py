"""NumPy, SciPy and scikit-learn as the referees of the metrics, written from the papers' formulas.

    python reference.py FOLDER JSON

FOLDER holds real.f32, generated.f32 and their logits, JSON { width, classes, kid: { subsets, subsetSize, seed }, splits }.
Prints what each metric is of these features.
"""
import json
import sys
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
import torch
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

folder, task = Path(sys.argv[1]), json.loads(sys.argv[2])


def rows(name, width):
    return np.fromfile(folder / f"{name}.f32", dtype="<f4").reshape(-1, width).astype(np.float64)


real, generated = rows("real", task["width"]), rows("generated", task["width"])
real_logits, logits = (rows(f"{side}-logits", task["classes"]) for side in ("real", "generated"))


def fid():
    """As Heusel et al. wrote it: the square root of the product by SciPy."""
    means = real.mean(axis=0), generated.mean(axis=0)
    covariances = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    gap = means[0] - means[1]
    return float(gap @ gap + np.trace(covariances[0] + covariances[1] - 2 * root))


def moments():
    covariance = np.cov(real, rowvar=False)
    return {"mean": real.mean(axis=0).tolist(), "covariance": covariance.flatten().tolist()}


def kid():
    """The subsets of torch's permutations, as torchmetrics draws them; the kernel by scikit-learn."""
    size, stream = task["kid"]["subsetSize"], torch.Generator().manual_seed(task["kid"]["seed"])
    draw = lambda side: side[torch.randperm(len(side), generator=stream)[:size].numpy()]
    values = []
    for _ in range(task["kid"]["subsets"]):
        x, y = draw(real), draw(generated)
        within = sum(
            (k.sum() - np.trace(k)) / (size * (size - 1))
            for k in (polynomial_kernel(x), polynomial_kernel(y))
        )
        values.append(within - 2 * polynomial_kernel(x, y).mean())
    return {"value": float(np.mean(values)), "standardDeviation": float(np.std(values))}


def radii(side, k):
    return NearestNeighbors(n_neighbors=k + 1).fit(side).kneighbors(side)[0][:, k]


def neighbours():
    apart = scipy.spatial.distance.cdist(real, generated)
    reals, fakes = radii(real, 3), radii(generated, 3)
    balls = apart < radii(real, 5)[:, None]
    return {
        "precision": float((apart <= reals[:, None]).any(axis=0).mean()),
        "recall": float((apart <= fakes[None, :]).any(axis=1).mean()),
        "density": float(balls.sum(axis=0).mean() / 5),
        "coverage": float(balls.any(axis=1).mean()),
    }


def inception_score():
    """The parts are cut as the authors' code cuts them."""
    scores, parts = [], task["splits"]
    for i in range(parts):
        part = scipy.special.softmax(logits, axis=1)
        part = part[i * len(part) // parts : (i + 1) * len(part) // parts]
        scores.append(np.exp(np.mean([scipy.stats.entropy(p, part.mean(axis=0)) for p in part])))
    return {"value": float(np.mean(scores)), "standardDeviation": float(np.std(scores))}


def class_balance():
    shares = [
        np.bincount(side.argmax(axis=1), minlength=task["classes"]) / len(side)
        for side in (real_logits, logits)
    ]
    return {"value": float(np.abs(shares[0] - shares[1]).sum() / 2), "shares": shares[1].tolist()}


print(
    json.dumps(
        {
            "fid": fid(),
            "moments": moments(),
            "kid": kid(),
            "neighbours": neighbours(),
            "inceptionScore": inception_score(),
            "classBalance": class_balance(),
        }
    )
)
