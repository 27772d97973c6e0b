"""The weights of `uad_core.preprocess.brain_extraction`, taken out of the package deepbet.

deepbet keeps its two networks as TorchScript, which torch deprecates, and brings a graphical interface and a top-level
folder `data` along. Every weight is a number that half precision holds exactly, so half the bytes lose nothing. To make
the file again, in an environment of its own:

    pip install deepbet==1.0.2
    python -m tools.brain_extraction_weights
"""

import hashlib
from importlib.metadata import distribution
from pathlib import Path

import torch
from safetensors.torch import save

from uad_core.preprocess.brain_extraction import WEIGHTS

NETWORKS = {"find": "bbox_model.pt", "outline": "model.pt"}


def main() -> None:
    """Write the file, and print its sha256, which `brain_extraction` states."""
    folder = Path(str(distribution("deepbet").locate_file("data/models")))
    given = [
        (name, key, value)
        for name, file in NETWORKS.items()
        for key, value in torch.jit.load(folder / file).state_dict().items()
    ]
    weights = {f"{name}.{key}": value.half() for name, key, value in given}
    assert all(torch.equal(weights[f"{name}.{key}"].float(), value) for name, key, value in given)
    data = save(weights)
    WEIGHTS.write_bytes(data)
    print(hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main()
