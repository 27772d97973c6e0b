"""Skull stripping: which voxels are brain, by the networks of deepbet (Fisch et al., Hum Brain Mapp 45 (2024) e26590).

`tools/brain_extraction_weights.py` took their weights (MIT licence) out of the package. They were trained on T1 images;
on raw FLAIR heads they agree with the manual masks at hand about as well as tools made for FLAIR.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import cc3d
import numpy as np
import SimpleITK as sitk
import torch
from safetensors.torch import load
from torch import Tensor
from torch.nn import functional

from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess.linknet import LinkNet

WEIGHTS = Path(__file__).parent / "data" / "deepbet.safetensors"
WEIGHTS_SHA256 = "62b570482bc59076d2696f2a0cea252d7c10f8b234ddf709ba538ed8140e1c06"
DEEPBET = f"1.0.2, weights sha256 {WEIGHTS_SHA256[:16]}"  # for the record of what made a result

# All as in deepbet 1.0.2, whose masks these are voxel for voxel.
_COARSE, _FINE = (128,) * 3, (256,) * 3  # grids on which the brain is searched, and outlined
_GREY_RANGE = (0.005, 0.995)  # quantiles of the scan that become 0 and 1
_MEAN, _SD = 0.449, 0.226  # of the grey values that the networks were trained on
_PLANE_SHARE = 0.02  # of a coarse plane must be brain, or it isn't counted to the box
_MARGIN = 0.1  # of the box's size, added on each side
_THRESHOLD = 0.5  # on the brain's probability

_NO_BRAIN = (
    "No brain was found in this scan. Check that it is a FLAIR image of a head; if it is skull-stripped already, "
    "switch skull stripping off, or give a brain mask of your own."
)


def strip(volume: Volume) -> np.ndarray:
    """(D, H, W) bool: the brain of a head, without holes. Raises ScanError (`strip_failed`) where none is."""
    find, outline = _networks()
    scan = torch.from_numpy(np.ascontiguousarray(volume.array[:, ::-1, ::-1].transpose(2, 1, 0)))  # axes R, A, S
    small = _resized(scan, _COARSE)
    low, high = small.quantile(torch.tensor(_GREY_RANGE))
    box = _box(_brain(find, small, low, high) > _THRESHOLD, scan.shape)
    probability = _brain(outline, _resized(scan[box], _FINE), low, high)
    mask = np.zeros(scan.shape, bool)
    mask[box] = filled(_largest((_resized(probability, scan[box].shape) > _THRESHOLD).numpy()))
    return np.ascontiguousarray(mask.transpose(2, 1, 0)[:, ::-1, ::-1])


def filled(mask: np.ndarray) -> np.ndarray:
    """`mask`, (D, H, W) bool, without holes: scipy's result, which takes longer."""
    return sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(mask.astype(np.uint8)))).astype(bool)


@lru_cache(maxsize=1)
def _networks() -> tuple[LinkNet, LinkNet]:
    """The one that finds the brain, and the one that outlines it."""
    data = WEIGHTS.read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise ScanError("strip_failed", "The weights for skull stripping are damaged; install the project again.")
    weights = load(data)
    networks = LinkNet(), LinkNet()
    for name, network in zip(("find", "outline"), networks, strict=True):
        own = {key[len(name) + 1 :]: value.float() for key, value in weights.items() if key.startswith(f"{name}.")}
        network.eval().load_state_dict(own, strict=True)
    return networks


def _brain(network: LinkNet, scan: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The probability of brain in each voxel of a (R, A, S) scan, same shape."""
    scan = ((scan - low) / (high - low)).clamp(min=0, max=1)
    scan = _SD * ((scan - scan.mean()) / scan.std()) + _MEAN
    with torch.no_grad():
        return network(scan[None, None])[0, 1]


def _resized(scan: Tensor, shape: tuple[int, ...]) -> Tensor:
    return functional.interpolate(scan[None, None], shape, mode="nearest-exact")[0, 0]


def _box(coarse: Tensor, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Where the brain lies in a scan of `shape`, as found on the coarse grid, and a margin around it."""
    share = torch.from_numpy(_largest(coarse.numpy())).float()
    box = []
    for axis, length in enumerate(shape):
        planes = torch.where(share.mean([other for other in range(3) if other != axis]) > _PLANE_SHARE)[0]
        if not planes.numel():
            raise ScanError("strip_failed", _NO_BRAIN)
        scale = torch.tensor(length) / torch.tensor(len(share))
        centre = (scale * ((planes.max() + 1 + planes.min()) / 2)).round()
        size = ((1 + 2 * torch.tensor(_MARGIN)) * (scale * (planes.max() + 1 - planes.min()))).round()
        box.append(slice(max(0, int(centre - size / 2)), min(length, int(centre + size / 2))))
    if any(side.start >= side.stop for side in box):
        raise ScanError("strip_failed", _NO_BRAIN)
    return tuple(box)


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest 26-connected component of a bool array."""
    labels = cc3d.connected_components(mask)
    if not labels.any():
        raise ScanError("strip_failed", _NO_BRAIN)
    return np.asarray(labels == np.bincount(labels[labels != 0]).argmax())
