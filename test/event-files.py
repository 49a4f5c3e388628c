"""What TensorBoard's own reader finds in folders of event files, as JSON."""

import hashlib
import json
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader


def read(path):
    events = event_accumulator.EventAccumulator(path, size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    return {
        "tags": {"scalars": sorted(tags["scalars"]), "images": tags["images"]},
        "scalars": {
            tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)]
            for tag in tags["scalars"]
        },
        "images": {
            tag: [
                [
                    e.step,
                    hashlib.sha256(e.encoded_image_string).hexdigest(),
                    e.width,
                    e.height,
                    e.wall_time,
                ]
                for e in events.Images(tag)
            ]
            for tag in tags["images"]
        },
    }


def versions(path):
    """The first event of a file, as today's loader gives it."""
    return next(iter(EventFileLoader(path).Load())).file_version


print(json.dumps({
    "runs": [read(path) for path in sys.argv[1].split(",")],
    "version": versions(sys.argv[2]),
}))
