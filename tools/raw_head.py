"""A raw head: skull, scalp and neck around the brain, on the thick oblique slices of a hospital's scan."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from uad_core.cohorts.simulate.anatomy import Anatomy
from uad_core.cohorts.simulate.deform import BOX, Deformation, resample
from uad_core.cohorts.simulate.label_map import LabelMap
from uad_core.cohorts.simulate.scanner import rician, slice_profile
from uad_core.cohorts.simulate.subject import SimulationConfig, before_scanner
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import SourceGrid, Volume

# FLAIR intensity of SynthSeg's labels outside the brain; white matter is 1. Bone and air give no signal.
HEAD = {
    24: 0.15, 502: 0.10, 506: 0.12, 507: 0.42, 508: 0.55, 509: 0.95, 511: 0.55, 512: 0.95, 514: 0.22, 515: 0.07,
    516: 0.30, 530: 1.05,
}  # fmt: skip
SCALP, SKIN, FIRST_OUTSIDE = 507, 511, 500

SKIN_MM = 2  # over the fat of the scalp
PATCH_VOXELS, PATCH_LOG_SD = 1.2, 0.25  # patchiness of all that is no brain: smoothness, and spread of its brightness
BLUR_VOXELS = 0.6  # partial volume at the labels' edges


@dataclass(frozen=True)
class Protocol:
    """How the raw head is scanned. The slices run as in most hospitals: along the skull base, not the table."""

    spacing_mm: tuple[float, float, float] = (0.9, 0.9, 3.0)  # file axes i, j, k; no gap
    shape: tuple[int, int, int] = (208, 256, 56)  # voxels along i (to the left), j (to posterior), k (up)
    angles_deg: tuple[float, float, float] = (8.0, 2.0, -3.0)  # rotation about x, y, z
    sublevels: int = 4  # samples through a slice's thickness, which are averaged
    fat: float = 0.85  # intensity of the fat under the skin; muscle has the rest of label 507
    fat_mm: float = 5.0  # how deep it reaches
    shading: float = 0.10  # sd of the coil's shading, not corrected
    shading_mm: float = 55.0
    noise: float = 0.035  # Rician sigma; also in the air
    white_level: int = 110  # grey value of white matter in the file


def scan_head(
    label_map: LabelMap,
    anatomy: Anatomy,
    rng: np.random.Generator,
    config: SimulationConfig = SimulationConfig(),
    protocol: Protocol = Protocol(),
) -> tuple[Volume, np.ndarray]:
    """A scan, file axes LPS, of the head in `label_map`, whose brain, located, is `anatomy`; and its lesion mask."""
    resampled = resample(anatomy, Deformation.identity())
    brain, lesions = before_scanner(resampled, True, rng, config, partial(_through_slices, protocol))
    head = head_image(label_map, rng, protocol)
    affine = _scan_affine(anatomy, protocol)
    shape = protocol.shape
    image, lesion = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    assert anatomy.from_atlas is not None
    world_to_head = label_map.to_world.inverse
    world_to_box = AffineTransform.shift(*(-s.start for s in BOX)) @ (anatomy.to_world @ anatomy.from_atlas).inverse
    grid = np.indices(shape, dtype=np.float32).reshape(3, -1)
    # how much of a voxel is taken from the simulated brain: all of it inside the rim, none outside
    weight = ndimage.gaussian_filter(resampled.near.astype(np.float32), 0.7)
    for part in (np.arange(protocol.sublevels) + 0.5) / protocol.sublevels - 0.5:
        world = affine[:3, :3] @ (grid + np.array([[0], [0], [part]])) + affine[:3, 3:]
        share = _look_up(weight, world_to_box, world, shape)
        inside = _look_up(brain, world_to_box, world, shape)
        image += share * inside + (1 - share) * _look_up(head, world_to_head, world, shape)
        lesion += _look_up(lesions.share, world_to_box, world, shape)
    image /= protocol.sublevels
    grey = np.clip(np.rint(_scanned(image, rng, protocol) * protocol.white_level), 0, 255).astype(np.uint8)
    source = SourceGrid(shape, affine)
    scan = Volume.from_source(grey, source)
    mask = Volume.from_source(lesion / protocol.sublevels, source).array > 0.5
    return scan, mask


def head_image(label_map: LabelMap, rng: np.random.Generator, protocol: Protocol) -> np.ndarray:
    """(D, H, W) float32 clean image of all but the brain, whose place is filled with CSF."""
    labels = label_map.labels
    table = np.full(int(labels.max()) + 1, HEAD[24], np.float32)
    table[0] = 0
    table[FIRST_OUTSIDE:] = 0
    for label, value in HEAD.items():
        if label < len(table):
            table[label] = value
    image = table[labels]
    scalp = (labels == SCALP) | (labels == SKIN)
    depth = ndimage.distance_transform_edt(scalp | (labels >= FIRST_OUTSIDE), label_map.spacing_mm)
    fat = (labels == SCALP) & (depth < protocol.fat_mm + SKIN_MM)
    image[fat] = protocol.fat
    patches = ndimage.gaussian_filter(rng.standard_normal(labels.shape, np.float32), PATCH_VOXELS)
    outside = labels >= FIRST_OUTSIDE
    image[outside] *= np.exp(PATCH_LOG_SD * patches[outside] / patches.std())
    return ndimage.gaussian_filter(image, BLUR_VOXELS)


def _through_slices(protocol: Protocol, image: np.ndarray) -> np.ndarray:
    """A (D, H, W) image as slices of the protocol's thickness leave it; their tilt makes no difference to a lesion."""
    inside, between = slice_profile(len(image), protocol.spacing_mm[2])
    return np.tensordot(between @ inside, image, axes=1).astype(np.float32)


def _scan_affine(anatomy: Anatomy, protocol: Protocol) -> np.ndarray:
    """(4, 4) file voxel -> world; the middle of the brain lies somewhat above the middle of the scan."""
    turn = Rotation.from_euler("xyz", protocol.angles_deg, degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.0, -1.0, 1.0]) @ np.diag(protocol.spacing_mm)
    middle = anatomy.to_world.apply(ndimage.center_of_mass(anatomy.brain_mask))
    centre = (np.array(protocol.shape) - 1) * (0.5, 0.5, 0.53)
    affine[:3, 3] = middle - affine[:3, :3] @ centre
    return affine


def _look_up(image: np.ndarray, to_image: AffineTransform, world: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`image` at (3, N) world points, linear, as an array of `shape`; 0 outside."""
    points = to_image.matrix[:3, :3] @ world + to_image.matrix[:3, 3:]
    return ndimage.map_coordinates(image, points, np.float32, order=1, prefilter=False).reshape(shape)


def _scanned(image: np.ndarray, rng: np.random.Generator, protocol: Protocol) -> np.ndarray:
    """Shading and noise on the scan's own grid (i, j, k)."""
    step_mm = 20.0  # the shading is smooth: it is drawn on a coarse grid
    extents = [n * s / step_mm for n, s in zip(image.shape, protocol.spacing_mm, strict=True)]
    coarse = rng.standard_normal([int(np.ceil(extent)) + 1 for extent in extents])
    smooth = ndimage.gaussian_filter(coarse, protocol.shading_mm / step_mm)
    nodes = [np.arange(n) * extent / n for n, extent in zip(image.shape, extents, strict=True)]
    shading = ndimage.map_coordinates(smooth / smooth.std(), np.meshgrid(*nodes, indexing="ij"), order=1)
    return rician(image * np.exp(protocol.shading * shading).astype(np.float32), protocol.noise, rng)
