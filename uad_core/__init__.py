"""Unsupervised anomaly segmentation in brain MRI: models of the healthy brain and what differs from it."""

from importlib.metadata import version
from platform import python_version

__version__ = "0.1.0"

RESEARCH_ONLY = "For research and teaching. Not a medical device, not for diagnosis."


def versions() -> dict[str, str]:
    """Of everything that a result depends on."""
    packages = ("torch", "numpy", "scipy", "SimpleITK", "nibabel", "deepbet")
    return {"uad_core": __version__, "python": python_version()} | {package: version(package) for package in packages}
