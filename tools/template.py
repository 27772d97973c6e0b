"""The FLAIR template that ships with the project: the mean of simulated brains, in SRI24's space.

Every anatomy is registered affinely to a target in that space (SRI24's T2), and averaged. Then each is bent towards the
running mean and averaged again, which sharpens the folds that all of them share. The mean of the bends is taken out, so
that the average keeps the place, size and shape that the affine registrations gave it (Guimond, Meunier and Thirion,
Comput Vis Image Underst 77 (2000) 192).

The files that ship were made from SynthSeg's 20 training label maps (Billot et al. 2023) when partial volume was 0.7 mm
and the tissue contrast a first guess; a rebuild with today's values has the same brain (Dice 0.995).
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from uad_core.atlas.space import ATLAS_AFFINE, ATLAS_SHAPE
from uad_core.atlas.template import TEMPLATE_FILE, TISSUES, TISSUES_FILE
from uad_core.cohorts.simulate.anatomy import Anatomy, soften
from uad_core.cohorts.simulate.contrast import FlairContrast
from uad_core.cohorts.simulate.deform import BOX, STEP, Deformation, Resampled, node_shape, resample
from uad_core.cohorts.simulate.label_map import read_image, read_label_map
from uad_core.cohorts.simulate.tissues import ATLAS_TISSUE
from uad_core.commands.simulate import label_maps_in
from uad_core.io.nifti import write_nifti
from uad_core.io.volume import Volume


@dataclass(frozen=True)
class TemplateConfig:
    """How the template is made. 20 anatomies take about 15 minutes on two cores, and 2 GB."""

    soften_mm: float = 0.55  # partial volume of the label maps
    rounds: int = 2  # of bending; 0 leaves the affine average
    demons_step: int = 2  # atlas voxels (mm) between the nodes where demons work
    demons_iterations: int = 40
    demons_sigma: float = 1.5  # smoothing of the field after each iteration, in nodes
    white_level: int = 140  # grey value of white matter in the file; the brightest tissue stays below 255


@dataclass(frozen=True, eq=False)
class Template:
    """(D, H, W) on the atlas grid: `flair` float32 with white matter near 1, `tissues` uint8 as in `TISSUES`."""

    flair: np.ndarray
    tissues: np.ndarray

    @property
    def brain_mask(self) -> np.ndarray:
        return self.tissues > 0


def build_template(
    label_maps: Sequence[Path],
    target: Volume,
    config: TemplateConfig = TemplateConfig(),
    contrast: FlairContrast = FlairContrast(),
) -> Iterator[tuple[str, Template | None]]:
    """Yields (what was done, the template after the round that just ended, else None)."""
    values = contrast.means()
    anatomies: list[Anatomy] = []
    for path in label_maps:
        anatomy = soften(read_label_map(path), config.soften_mm)
        anatomies.append(anatomy.located(values, target, target.array > 0))
        yield f"{anatomy.name}: registered to the target", None
    fields = [np.zeros((3, *node_shape())) for _ in anatomies]
    mean = _average([resample(a, Deformation(f)) for a, f in zip(anatomies, fields, strict=True)], values)
    yield "affine average", mean
    for index in range(config.rounds):
        for i, anatomy in enumerate(anatomies):
            affine = resample(anatomy, Deformation.identity())
            fields[i] = _bend(mean.flair[BOX], affine.dense(affine.mixture(values)) * affine.brain, config)
            yield f"{anatomy.name}: bent to the mean, round {index + 1}", None
        centre = np.mean(fields, axis=0)
        fields = [field - centre for field in fields]
        mean = _average((resample(a, Deformation(f)) for a, f in zip(anatomies, fields, strict=True)), values)
        yield f"average after round {index + 1}", mean


def _average(subjects: Iterator[Resampled] | Sequence[Resampled], values: np.ndarray) -> Template:
    """The mean image, and in each voxel the tissue that has the largest share of all."""
    box_shape = tuple(s.stop - s.start for s in BOX)
    image, brain = np.zeros(box_shape, np.float32), np.zeros(box_shape, np.float32)
    shares = np.zeros((len(TISSUES) + 1, *box_shape), np.float32)
    count = 0
    for subject in subjects:
        count += 1
        image[subject.near] += subject.mixture(values)
        brain += subject.brain
        for tissue, share in zip(ATLAS_TISSUE, subject.maps, strict=True):
            shares[tissue][subject.near] += share
    shares[1] += shares[0]  # inside the brain's outline what no tissue claims is CSF
    inside = ndimage.binary_fill_holes(brain > count / 2)
    template = Template(np.zeros(ATLAS_SHAPE, np.float32), np.zeros(ATLAS_SHAPE, np.uint8))
    template.flair[BOX] = np.where(inside, image / count, 0)
    template.tissues[BOX] = np.where(inside, shares[1:].argmax(axis=0) + 1, 0)
    return template


def _bend(fixed: np.ndarray, moving: np.ndarray, config: TemplateConfig) -> np.ndarray:
    """(3, d, h, w) displacement on the nodes of `deform`, in atlas voxels, that lays `moving` on `fixed`."""
    step = config.demons_step

    def coarse(array: np.ndarray) -> sitk.Image:
        smooth = ndimage.gaussian_filter(array, step / 2)[::step, ::step, ::step]
        image = sitk.GetImageFromArray(smooth.astype(np.float32))
        image.SetSpacing([float(step)] * 3)
        image.SetOrigin([float(s.start) for s in BOX][::-1])
        return image

    demons = sitk.DiffeomorphicDemonsRegistrationFilter()
    demons.SetNumberOfIterations(config.demons_iterations)
    demons.SetStandardDeviations(config.demons_sigma)
    demons.SetMaximumUpdateStepLength(1.0)
    field = demons.Execute(coarse(fixed), coarse(moving))
    grid = [0.0] * 3, [float(STEP)] * 3, np.eye(3).ravel().tolist()
    nodes = sitk.Resample(field, node_shape()[::-1], sitk.Transform(), sitk.sitkLinear, *grid)
    return np.moveaxis(sitk.GetArrayFromImage(nodes), -1, 0)[::-1].astype(np.float64)


def write_template(template: Template, config: TemplateConfig = TemplateConfig()) -> None:
    """Writes the two files that `uad_core.atlas.template` reads: uint8, compressed."""
    grey = np.clip(np.rint(template.flair * config.white_level), 0, 255).astype(np.uint8)
    grey[template.brain_mask] = np.maximum(grey[template.brain_mask], 1)  # `> 0` is the brain
    grid = Volume.from_canonical(template.flair, ATLAS_AFFINE)
    write_nifti(TEMPLATE_FILE, grey, grid)
    write_nifti(TISSUES_FILE, template.tissues, grid)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--label-maps", type=Path, required=True, metavar="FOLDER", help="of FreeSurfer-style label maps"
    )
    parser.add_argument(
        "--target", type=Path, required=True, metavar="FILE", help="image in the space wanted: SRI24's late.nii.gz"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Build, printing how it goes."""
    for sentence, average in build_template(label_maps_in(options.label_maps), read_image(options.target)):
        print(sentence)
        if average:
            write_template(average)
