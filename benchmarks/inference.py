"""A model's pass over a whole brain in other arithmetic: is it faster, and is the mask the same?

`python -m benchmarks.inference [MODEL ...]`: 32 bits as shipped, against bf16 autocast, and against OpenVINO where that
is installed (`pip install openvino`; the project does not need it).
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from time import process_time
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.scan_steps import RAW_HEAD
from uad_core.atlas.masks import overlap
from uad_core.detect.presets import usual_config
from uad_core.models import AnomalyModel
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan

MODELS = ("marker-whole", "denoiser-whole", "sae3")
REPEATS = 3  # by turns


class Compiled(nn.Module):
    """Stands in for a model, with its pass over slices compiled by OpenVINO in 32 bits."""

    def __init__(self, checkpoint: Checkpoint, prepared: Prepared) -> None:
        super().__init__()
        import openvino

        model = checkpoint.model
        example = torch.zeros(1, 1 + len(model.context), *prepared.array.shape[1:])
        graph = openvino.convert_model(_Pass(model), example_input=example)
        self.compiled = openvino.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self.context, self.slices_at_once, self.scores = model.context, model.slices_at_once, model.scores

    def assess(self, slices: Tensor, on_progress: object = None) -> tuple[Tensor, Tensor | None]:
        """As a model's own."""
        found = [torch.from_numpy(array) for array in self.compiled(slices.contiguous().numpy()).values()]
        return found[0], found[1] if self.scores else None


class _Pass(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, slices: Tensor) -> tuple[Tensor, ...]:
        return tuple(part for part in self.model.assess(slices) if part is not None)  # type: ignore[operator]


def bench_inference(name: str) -> Iterator[str]:
    """One sentence for each other arithmetic: processor time against 32 bits, and how far the mask is the same."""
    checkpoint = load_checkpoint(name)
    prepared = prepare_scan(RAW_HEAD, checkpoint.slab, PrepareOptions(), lambda step, share: None)
    ways = {"32 bits": _with(checkpoint, prepared, "32"), "bf16": _with(checkpoint, prepared, "bf16")}
    try:
        compiled = replace(checkpoint, model=cast(AnomalyModel, Compiled(checkpoint, prepared)))
        ways["OpenVINO"] = lambda: reconstruct(prepared, compiled)
    except ImportError:
        yield "OpenVINO is not installed: its row is left out"
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    masks = {}
    for repeat in range(REPEATS + 1):
        for way, work in ways.items():
            before = process_time()
            found = work()
            if repeat:  # the first warms up
                seconds[way].append(process_time() - before)
            masks[way] = segment(found, usual_config(checkpoint)).mask
    exact, plain = masks["32 bits"], seconds["32 bits"]
    for way in list(ways)[1:]:
        ratios = sorted(a / b for a, b in zip(plain, seconds[way], strict=True))
        other = int(np.count_nonzero(masks[way] != exact))
        yield (
            f"{name}, {checkpoint.slab.count} levels, {way}: {np.median(ratios):.2f} times faster than 32 bits ("
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}; {np.median(plain):.2f} s of processor time); {other} voxels of the "
            f"mask of {exact.sum()} differ, Dice {overlap(masks[way], exact):.4f}"
        )


def _with(checkpoint: Checkpoint, prepared: Prepared, precision: str) -> Callable[[], Reconstruction]:
    def work() -> Reconstruction:
        with torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext():
            return reconstruct(prepared, checkpoint)

    return work


if __name__ == "__main__":
    for asked in sys.argv[1:] or MODELS:
        for line in bench_inference(asked):
            print(line, flush=True)
