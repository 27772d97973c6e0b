"""What a lecturer shows: one voxel's arithmetic, a painted lesion, a walk through a latent space."""

from uad_core.teaching.detectability import INTENSITIES, Sighting, Sweep, sweep
from uad_core.teaching.latent import axis_walk, can_walk, fade, walk
from uad_core.teaching.measured import Measured, measured
from uad_core.teaching.paint import Spot, paint
from uad_core.teaching.repaint import repaint
from uad_core.teaching.voxel import VoxelStory, explain, telling_voxel

__all__ = [
    "INTENSITIES",
    "Measured",
    "Sighting",
    "Spot",
    "Sweep",
    "VoxelStory",
    "axis_walk",
    "can_walk",
    "explain",
    "fade",
    "measured",
    "paint",
    "repaint",
    "sweep",
    "telling_voxel",
    "walk",
]
