"""How often is the light on the contrast wrong? `python -m benchmarks.contrast_lights [LABEL_MAPS] [--heads]`.

From label maps (phantoms where none are given) brains are simulated in FLAIR and in other contrasts, with ventricles as
they are, slit and wide; stripped at 1 mm, as slices of 5 mm and as voxels of 2 mm; with `--heads` as raw heads too. An
inverted FLAIR is its largest value less each. Printed for each contrast: how many lights have each colour. Of FLAIR all
should be green, of the others none; diffusion weighting cannot be known by its grey values, and is shown for honesty.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.contrasts import SEQUENCES, SequenceContrast
from tools.raw_head import scan_head
from uad_core.atlas.space import ATLAS_AFFINE, PAPER_SLAB, WHOLE_BRAIN
from uad_core.cohorts.simulate.anatomy import soften
from uad_core.cohorts.simulate.cohort import load_anatomy
from uad_core.cohorts.simulate.label_map import LabelMap, read_label_map
from uad_core.cohorts.simulate.phantom import phantom
from uad_core.cohorts.simulate.subject import SimulationConfig, simulate_subject
from uad_core.commands.simulate import label_maps_in
from uad_core.io.affine import AffineTransform
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess import crop_levels, infer_config, prepare
from uad_core.quality.contrast import contrast

FLAIR, LESIONS, INVERTED = "FLAIR", "FLAIR with lesions", "FLAIR, inverted"
CONTRASTS = (FLAIR, LESIONS, INVERTED, *SEQUENCES)
VENTRICLES = {"own": 0, "slit": -2, "wide": 4}  # voxels that are taken off, or added all around
BLOCKS = {"1 mm": (1, 1, 1), "slices of 5 mm": (5, 1, 1), "voxels of 2 mm": (2, 2, 2)}
LATERAL, INTO = ((4, 2), (43, 41)), (2, 41, 10, 11, 12, 13, 49, 50, 51, 52)  # FreeSurfer: ventricle, white; what gives
COLOURS = ("green", "amber", "red", "grey")
Lights = dict[tuple[str, str], Counter[str]]


def main() -> None:
    """Print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("label_maps", type=Path, nargs="?", help="folder of FreeSurfer-style label maps")
    parser.add_argument("--most", type=int, default=5, help="label maps at most (default: %(default)s)")
    parser.add_argument("--heads", action="store_true", help="raw heads too, about 20 s each")
    options = parser.parse_args()
    maps = [read_label_map(path) for path in label_maps_in(options.label_maps)] if options.label_maps else []
    chosen = (maps or [phantom(seed) for seed in range(options.most)])[: options.most]
    lights: Lights = defaultdict(Counter)
    for label_map in chosen:
        for contrast_name, form, severities in lights_of(label_map, tuple(VENTRICLES), options.heads):
            lights[contrast_name, form].update(severities)
        print(f"after {label_map.name}:", *table(lights), sep="\n", flush=True)


def lights_of(label_map: LabelMap, ventricles: Sequence[str], heads: bool) -> Iterator[tuple[str, str, list[str]]]:
    """(contrast, form, severities at the paper's levels and at all) of one brain."""
    config = SimulationConfig()
    own = load_anatomy(label_map, config)
    for index, size in enumerate(ventricles):
        resized = replace(label_map, labels=resize_ventricles(label_map.labels, VENTRICLES[size]))
        anatomy = own if size == "own" else replace(soften(resized, config.soften_mm), from_atlas=own.from_atlas)
        for number, name in enumerate(CONTRASTS):
            rng = np.random.default_rng([number, index])
            used = (
                config if name in (FLAIR, LESIONS, INVERTED) else replace(config, contrast=SequenceContrast(name=name))
            )
            subject = simulate_subject(anatomy, name == LESIONS, rng, used)
            image = subject.flair.astype(np.float32)
            if name == INVERTED:
                image = np.where(subject.brain_mask, image.max() + 1 - image, 0)
            for form, block in BLOCKS.items():
                yield name, form, severities(coarser(image, block))
            if heads:
                scan, _ = scan_head(resized, anatomy, rng, used)
                yield name, "whole head", severities(inverted(scan) if name == INVERTED else scan)


def severities(scan: Volume) -> list[str]:
    """At the paper's levels and at all; none for a scan that is refused, which is right for what is no FLAIR."""
    try:
        prepared = prepare(scan, replace(infer_config(scan), slab=WHOLE_BRAIN))
    except ScanError:
        return []
    return [contrast(levels).severity for levels in (crop_levels(prepared, PAPER_SLAB), prepared)]


def resize_ventricles(labels: np.ndarray, steps: int) -> np.ndarray:
    """FreeSurfer labels with lateral ventricles that lost or gained that many voxels on each side."""
    changed = labels.copy()
    for ventricle, white in LATERAL:
        inside = labels == ventricle
        if steps < 0:
            changed[inside & ~ndimage.binary_erosion(inside, iterations=-steps)] = white
        elif steps > 0:
            changed[ndimage.binary_dilation(inside, iterations=steps) & np.isin(labels, INTO)] = ventricle
    return changed


def coarser(image: np.ndarray, block: tuple[int, int, int]) -> Volume:
    """An image on the atlas grid, averaged over blocks of voxels."""
    cut = tuple(slice(0, length - length % size) for length, size in zip(image.shape, block, strict=True))
    shape = [part for length, size in zip(image.shape, block, strict=True) for part in (length // size, size)]
    means = image[cut].reshape(shape).mean(axis=(1, 3, 5))
    scale = np.diag([*map(float, block), 1.0])
    scale[:3, 3] = [(size - 1) / 2 for size in block]
    return Volume.from_canonical(means, (AffineTransform(ATLAS_AFFINE) @ AffineTransform(scale)).matrix)


def inverted(scan: Volume) -> Volume:
    return replace(scan, array=scan.array.max() - scan.array)


def table(lights: Lights) -> list[str]:
    """One line a contrast and form."""
    lines = [f"{'contrast':26s}{'form':18s}" + "".join(f"{colour:>8s}" for colour in COLOURS)]
    for (name, form), counts in sorted(lights.items(), key=lambda pair: (CONTRASTS.index(pair[0][0]), pair[0][1])):
        lines.append(f"{name:26s}{form:18s}" + "".join(f"{counts[colour]:8d}" for colour in COLOURS))
    return lines


if __name__ == "__main__":
    main()
