"""Settings of an evaluation."""

from dataclasses import dataclass
from typing import Literal

from uad_core.atlas.space import Slab, slab_name
from uad_core.io.command_words import changed
from uad_core.pipeline.postprocess import SIGNS, Look, PostprocessConfig, Sign
from uad_core.pipeline.segment import HIGHEST_RATE

PERCENTILES = (80.0, 90.0, 95.0, 97.0, 98.0, 99.0, 99.5, 99.8, 99.9)
Signs = Literal["absolute", "positive", "both", "own"]
ALWAYS = ("median_size", "signed")  # named in a command even at their defaults
SIGN_CHOICES: tuple[Signs, ...] = ("absolute", "positive", "both", "own")


@dataclass(frozen=True)
class EvaluateConfig:
    """The chain is that of `detect`; the percentile is of the healthy scans that a checkpoint was calibrated on."""

    percentile: float | None = None  # of the healthy residuals, [0, 100]; None: the one that suits each model
    percentiles: tuple[float, ...] = PERCENTILES  # at which Dice is shown as well
    signed: Signs = "own"  # "own": the sign of each model's spec; "both": a row for each
    reference: str | None = None  # healthy cohort behind the percentile; None: one of the cohort's own kind
    median_size: int = PostprocessConfig.median_size
    erosion_mm: float = PostprocessConfig.erosion_mm
    min_lesion_mm3: float = PostprocessConfig.min_lesion_mm3
    look: Look = PostprocessConfig.look  # of the masks named there, a cohort has none of the user's own
    false_discovery: float | None = None  # per cent; raises the working threshold in each scan, see `DetectConfig`
    slab: Slab | None = None  # None: the levels that the models were trained on
    limit: int | None = None  # at most so many patients, and so many healthy subjects
    resamples: int = 2000  # of the bootstrap over patients
    seed: int = 2018

    def __post_init__(self) -> None:
        self.postprocess("absolute")
        if self.signed not in SIGN_CHOICES:
            raise ValueError(f"The residual's sign must be one of {', '.join(SIGN_CHOICES)}, not {self.signed}.")
        if not all(0 <= percentile <= 100 for percentile in (self.percentile_of(0.0), *self.percentiles)):
            raise ValueError("Percentiles must lie in [0, 100].")
        if self.false_discovery is not None and not 0 < self.false_discovery <= HIGHEST_RATE:
            raise ValueError(f"The false-discovery rate must lie above 0 and at most at {HIGHEST_RATE} per cent.")
        if self.look == "own-mask":
            raise ValueError("A cohort has no mask of the user's own to look within.")
        if self.limit is not None and self.limit < 1:
            raise ValueError("Limit must be at least 1.")

    def options(self) -> dict[str, object]:
        """Of `python -m uad_core evaluate`. Raises ValueError for axial levels that have no name there."""
        options = changed(self, EvaluateConfig(), ALWAYS)
        return options | {"slab": slab_name(self.slab) if self.slab else None}

    def postprocess(self, signed: Sign) -> PostprocessConfig:
        return PostprocessConfig(signed, self.median_size, self.erosion_mm, self.min_lesion_mm3, self.look)

    def percentile_of(self, own: float) -> float:
        """The percentile of a model whose spec names `own`."""
        return own if self.percentile is None else self.percentile

    def signs(self, own: Sign) -> tuple[Sign, ...]:
        """The signs to evaluate a model at, whose spec names `own`."""
        if self.signed == "both":
            return SIGNS
        return (own if self.signed == "own" else self.signed,)
