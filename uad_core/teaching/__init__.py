"""What a lecturer shows: one voxel's arithmetic, a painted lesion, a walk through a latent space."""

from uad_core.teaching.latent import axis_walk, can_walk, draws_brains, fade, sample_near, walk
from uad_core.teaching.paint import PaintedLesion, paint, repaint
from uad_core.teaching.pictures import close_up_voxel, found_view, montage, painted_view, voxel_pixel
from uad_core.teaching.results import Results, results
from uad_core.teaching.sweep import INTENSITIES, Sweep, sweep
from uad_core.teaching.voxel import VoxelExplanation, arithmetic, default_voxel, explain

__all__ = ["INTENSITIES", "PaintedLesion", "Results", "Sweep", "VoxelExplanation", "arithmetic", "axis_walk",
           "can_walk", "close_up_voxel", "default_voxel", "draws_brains", "explain", "fade", "found_view", "montage",
           "paint", "painted_view", "repaint", "results", "sample_near", "sweep", "voxel_pixel", "walk"]  # fmt: skip
