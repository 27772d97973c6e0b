"""Unsupervised anomaly segmentation in brain MRI: models of the healthy brain and what differs from it."""

import os
from importlib.metadata import version
from platform import python_version
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the room `detect`, which can be called: see uad_core/detect/__init__.py
    from uad_core.detect.one_call import detect as detect

# Before anything loads OpenMP: threads that wait for each other are to sleep. They spin by default, which on a machine
# that has more to do (a server with a browser, two test workers) makes everything several times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Likewise of numpy's matrix products, which here are small: two threads take 18 s for the shading of a head on a busy
# machine, one takes 3 s.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"

RESEARCH_ONLY = "For research and teaching. Not a medical device, not for diagnosis."


def versions() -> dict[str, str]:
    """Of everything that a result depends on."""
    from uad_core.preprocess.brain_extraction import DEEPBET  # here, since it imports torch

    packages = ("torch", "numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "highdicom")
    ours = {"uad_core": __version__, "python": python_version()}
    return ours | {package: version(package) for package in packages} | {"deepbet": DEEPBET}
