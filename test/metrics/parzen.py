"""NumPy as the referee of Parzen windows, in float64 and without a trick: scipy.special.logsumexp spelt out.

    python parzen.py

Prints the samples and images (seeded, in thousandths), and the log-likelihoods of the images.
"""
import json

import numpy as np

generator = np.random.default_rng(2014)
images = {"samples": 300, "test": 60, "validation": 40}
images = {name: generator.integers(0, 1001, (count, 20)) for name, count in images.items()}
images["samples"][:, 0] //= 2
# So far from every sample that the density of each is 0 in float64.
images["test"][0] = 1000
samples, test, validation = ((all / 1000).astype(np.float32) for all in images.values())
sigmas = np.logspace(-2, 0, 7)


def log_likelihoods(points, sigma):
    mu, x = samples.astype(np.float64), points.astype(np.float64)
    powers = -((x[:, None, :] - mu[None, :, :]) ** 2).sum(2) / (2 * sigma**2)
    most = powers.max(1)
    log_sum = most + np.log(np.exp(powers - most[:, None]).sum(1))
    return log_sum - np.log(len(mu)) - x.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))


tried = [log_likelihoods(validation, sigma).mean() for sigma in sigmas]
sigma = sigmas[int(np.argmax(tried))]
chosen = log_likelihoods(test, sigma)
narrow = log_likelihoods(test, sigmas[0])
print(
    json.dumps(
        {
            **{name: all.flatten().tolist() for name, all in images.items()},
            "sigmas": sigmas.tolist(),
            "tried": tried,
            "sigma": sigma,
            "logLikelihood": chosen.mean(),
            "standardError": chosen.std() / np.sqrt(len(chosen)),
            "narrow": [narrow.mean(), narrow.std() / np.sqrt(len(narrow))],
        }
    )
)
