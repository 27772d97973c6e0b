"""`python -m benchmarks.shading`: does evening out undo shading, and does it leave lesions alone?

On the bundled raw head, or on FLAIR files of the user's: the mask of each shaded head against that of the head as it
came, and lesions put into it, found with and without the step. All with one model at one threshold.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.shading_cases import Head, lesions, shadings
from uad_core.atlas.masks import overlap
from uad_core.atlas.space import PAPER_SLAB
from uad_core.detect.presets import usual_config
from uad_core.io.paths import SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import erode
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess import Prepared, infer_config, prepare
from uad_core.preprocess.brain_extraction import filled, strip
from uad_core.preprocess.infer import tissue
from uad_core.preprocess.shading import estimate_shading


def main() -> None:
    """Print a table a head as it comes, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", nargs="*", type=Path, default=[SAMPLES / "sub-rawms03_FLAIR.nii.gz"])
    parser.add_argument("--model", default=STRONGEST)
    parser.add_argument("--lesions", type=int, default=1, help="sets of lesions a head (default: %(default)s)")
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.model)
    table: dict[str, list[Sequence[float]]] = defaultdict(list)
    for path in options.scans:
        head = _head(path)
        for name, figures in (*_shaded(head, checkpoint), *_with_lesions(head, checkpoint, options.lesions)):
            print(path.name, name, *(f"{figure:.3f}" for figure in figures), flush=True)
            table[name].append(figures)
    print("\nmeans over heads")
    for name, rows in table.items():
        print(name, *(f"{figure:.3f}" for figure in np.mean(rows, axis=0)))


def _head(path: Path) -> Head:
    scan = read_scan(path)
    config = replace(infer_config(scan), slab=PAPER_SLAB)
    brain = strip(scan) if config.strip else filled(tissue(scan))
    prepared = prepare(scan, config, brain)
    start = perf_counter()
    estimate_shading(scan, brain, prepared.transform)
    print(path.name, f"{perf_counter() - start:.2f} s for the field")
    return Head(prepared, brain)


def _again(head: Head, factor: np.ndarray, shading: bool) -> Prepared:
    """The head times `factor`, prepared anew but for the brain mask."""
    scan = replace(head.prepared.scan, array=(head.prepared.scan.array * factor).astype(np.float32))
    return prepare(scan, replace(head.prepared.config, shading=shading), head.brain)


def _mask(prepared: Prepared, checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """The lesion mask and the filtered score, (D, 256, 256)."""
    config, made = usual_config(checkpoint), reconstruct(prepared, checkpoint)
    post = config.postprocess
    score = filtered(made.weighted(post.signed, post.look), made.inside(post.erosion_mm), post.median_size)
    return segment(made, config).mask, score


def _shaded(head: Head, checkpoint: Checkpoint) -> list[tuple[str, tuple[float, ...]]]:
    """Name; Dice to the head as it came without and with the step, ml with it, spread and dispute of the field."""
    rows: list[tuple[str, tuple[float, ...]]] = []
    plain = _again(head, np.ones(1), shading=True)
    clean, _ = _mask(plain, checkpoint)
    raw, _ = _mask(_again(head, np.ones(1), shading=False), checkpoint)
    rows.append(("as it came", (overlap(raw, clean), 1.0, clean.sum() / 1000, *_about(plain))))
    for name, factor in shadings(head):
        without, _ = _mask(_again(head, factor, shading=False), checkpoint)
        evened = _again(head, factor, shading=True)
        mask, _ = _mask(evened, checkpoint)
        rows.append((name, (overlap(without, raw), overlap(mask, clean), mask.sum() / 1000, *_about(evened))))
    return rows


def _about(prepared: Prepared) -> tuple[float, float]:
    field = prepared.shading
    return (field.spread, field.disputed) if field else (0.0, 0.0)


def _with_lesions(head: Head, checkpoint: Checkpoint, sets: int) -> list[tuple[str, tuple[float, ...]]]:
    """Name; AUPRC without and with the step, recall without and with it."""
    rows: list[tuple[str, tuple[float, ...]]] = []
    for seed in range(sets):
        for name, factor, truth in lesions(head, seed):
            seen = head.prepared.to_slab(truth)
            inside = head.prepared.brain_mask & erode(head.prepared.brain_mask, 2)
            if np.count_nonzero(seen & inside) < 20:
                continue
            figures = []
            for shading in (False, True):
                mask, score = _mask(_again(head, factor, shading), checkpoint)
                precision = average_precision_score((seen & inside)[inside], score[inside])
                figures.append((precision, np.count_nonzero(mask & seen) / np.count_nonzero(seen)))
            (before, recall_before), (after, recall) = figures
            rows.append((name, (before, after, recall_before, recall)))
    return rows


if __name__ == "__main__":
    main()
