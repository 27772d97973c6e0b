"""Marking: a U-Net that learns to find what was painted into healthy slices, and to draw the slice without it.

Foreign patches (Tan et al., MELBA 2022), painted lesions (Zavrtanik et al., ICCV 2021: DRAEM) and a randomised scanner
(Billot et al. 2023) in one. It judges each voxel by itself, so that the score is near a probability; the repaired slice
shows what a healthy brain would look like there. No lesion label is used.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from uad_core.atlas.space import BRAIN_FRAME, SLICE_SHAPE
from uad_core.models.contract import AnomalyModel, ModelSpec, Objective, OnProgress
from uad_core.models.parts.corruption import blobs
from uad_core.models.parts.painting import PaintConfig, paint, tissue_sd
from uad_core.models.parts.scanner import TISSUE, RandomScanner, move, recontrast
from uad_core.models.parts.unet import check_size, down_stages, through, up_stages

SEEN_FROM_SD = 0.7  # a change of so many sd of the tissue counts as marked to 63 % (1 - 1/e), one of half to 22 %
PAINTED_FROM = 0.002  # normalised grey that counts as painted
ALONE = 0.35  # share of the slices that are learnt without their neighbours
ONE_SIDED = 0.1  # share of the neighbours that are missing where others are there, as at the end of a slab
REPAIR_WEIGHT = 4.0  # of the repaired slice's l1 against the marking's terms
VALIDATION_BLOBS = (4, (1.5, 25.0), 0.3)  # count, radii, contrast: of the task that picks the epoch, never trained on
MARKED_FROM = 0.04  # change in normalised grey that the validation's marking should show


@dataclass(frozen=True)
class MarkingConfig:
    widths: tuple[int, ...] = (16, 32, 64, 96, 128)  # from half resolution downwards
    context: tuple[int, ...] = (-3, 3)  # levels that are seen beside each slice, in mm
    learning_rate: float = 2e-3
    brightness: float = 0.0  # of each normalised grey above tissue, in log odds: for too bright, against too dark


@dataclass(frozen=True, eq=False)
class _Task:
    """Healthy stacks (B, C, H, W) with anomalies in them, and what is to be found."""

    seen: Tensor  # (B, C, H, W)
    healthy: Tensor  # (B, 1, H, W): the slice as the same scanner shows it without them
    marks: Tensor  # (B, 2, H, W) in [0, 1]: too bright, too dark


class MarkingUNet(AnomalyModel):
    """(slice, its mirror image, its neighbours) -> too bright, too dark, and what is to be taken off.

    The mirror image puts the other hemisphere before every convolution: what is bright on both sides is mostly healthy.
    """

    scores = True
    frame = BRAIN_FRAME
    cell_px: int

    def __init__(self, config: MarkingConfig) -> None:
        super().__init__(config)
        widths = config.widths
        self.context = config.context
        self.cell_px = 2 ** len(widths)
        self.stem = nn.Conv2d(4 * (2 + len(self.context)), widths[0], 3, padding=1)
        self.down, self.up = down_stages(widths), up_stages(widths)
        self.head = nn.Conv2d(widths[0], 4 * 3, 3, padding=1)
        assert self.head.bias is not None
        nn.init.constant_(self.head.bias[:8], -3.0)  # of both marks: anomalies are rare

    def forward(self, slices: Tensor) -> Tensor:
        return self.assess(slices)[0]

    def reconstruct(self, slices: Tensor, on_progress: OnProgress | None = None) -> Tensor:
        return self.assess(slices, on_progress)[0]

    def assess(self, slices: Tensor, on_progress: OnProgress | None = None) -> tuple[Tensor, Tensor | None]:
        """(B, 1, H, W) as it would be healthy, and (B, 2, H, W) probabilities; each the mean over both flips."""
        return self._assess(slices, self.config.brightness)

    def _assess(self, slices: Tensor, brightness: float) -> tuple[Tensor, Tensor]:
        if tuple(slices.shape[2:]) != SLICE_SHAPE:
            return self._judge(slices, brightness)
        beyond = slices > 0
        beyond[..., BRAIN_FRAME[0], BRAIN_FRAME[1]] = False
        small = ~beyond.flatten(1).any(1)
        healthy, score = slices.new_zeros(len(slices), 1, *SLICE_SHAPE), slices.new_zeros(len(slices), 2, *SLICE_SHAPE)
        for some, (rows, columns) in ((small, BRAIN_FRAME), (~small, (slice(None), slice(None)))):
            if some.any():
                repaired, marked = self._judge(slices[some][..., rows, columns], brightness)
                healthy[some, :, rows, columns], score[some, :, rows, columns] = repaired, marked
        return healthy, score

    def _judge(self, slices: Tensor, brightness: float) -> tuple[Tensor, Tensor]:
        with self.as_trained():
            logits, taken_off = self._network(slices)
            turned_logits, turned_off = self._network(slices.flip(3))
            score = (logits.sigmoid() + turned_logits.sigmoid().flip(3)) / 2
            taken_off = (taken_off + turned_off.flip(3)) / 2
            middle = slices[:, :1]
            score = _weighed(score, brightness * (middle - TISSUE))
            return torch.where(middle > 0, middle - taken_off, 0), torch.where(middle > 0, score, 0)

    def objectives(self) -> list[Objective]:
        return [Objective("marking", list(self.parameters()), self.config.learning_rate, self._terms)]

    def validation(self, slices: Tensor) -> Tensor:
        """(B,) one less the soft Dice of what is marked where hills were put in: a task that it is not trained on."""
        with torch.random.fork_rng([slices.device] if slices.device.type == "cuda" else []):
            torch.manual_seed(0)
            middle = slices[:, :1]
            changed = torch.where(middle > 0, (middle + blobs(middle, *VALIDATION_BLOBS)).clamp(1e-3, 1), 0)
        score = self._assess(changed, brightness=0.0)[1]  # what is learnt is judged, not what is known beside it
        difference = changed - middle
        truth = torch.cat([difference > MARKED_FROM, difference < -MARKED_FROM], 1).to(score.dtype)
        return _dice_loss(score, truth)

    def _terms(self, slices: Tensor) -> dict[str, Tensor]:
        with torch.no_grad(), torch.autocast(slices.device.type, enabled=False):
            task = self._draw(slices.float())
        logits, taken_off = self._network(task.seen)
        brain = (task.seen[:, :1] > 0).float()
        entropy = functional.binary_cross_entropy_with_logits(logits, task.marks, reduction="none")
        repaired = (task.seen[:, :1] - taken_off - task.healthy).abs()
        area = brain.sum().clamp(min=1)
        return {
            "marking": (entropy * brain).sum() / area,
            "dice": 0.5 * _dice_loss(logits.sigmoid() * brain, task.marks).mean(),
            "repair": REPAIR_WEIGHT * (repaired * brain).sum() / area,
        }

    def _draw(self, slices: Tensor) -> _Task:
        """A scanner and anomalies for every stack."""
        middle, around = slices[:, :1], self._neighbours(slices)
        known = around.flatten(2).any(2)[..., None, None]
        stack = move(torch.cat([middle, torch.where(known, around, middle)], 1))
        healthy = recontrast(stack)
        inside = healthy > 0
        painted, acquire = paint(healthy, (0, *self.context), PaintConfig()), RandomScanner(healthy)
        change = acquire(painted)
        seen = acquire(healthy)
        seen = torch.where(inside, (seen + acquire.noise(seen)).clamp(min=1e-3), 0)
        spread = tissue_sd(seen[:, :1])
        size = change[:, :1] / (SEEN_FROM_SD * spread)
        size = size * (painted[:, :1].abs() > PAINTED_FROM)  # a sharpened edge rings beyond it
        marks = torch.cat([1 - torch.exp(-part.square()) for part in (size.clamp(min=0), size.clamp(max=0))], 1)
        alone = torch.rand(len(slices), 1, 1, 1, device=slices.device) < ALONE
        known = known & ~alone & (torch.rand(known.shape, device=slices.device) >= ONE_SIDED)
        painted_stack = torch.where(inside, (seen + change).clamp(1e-3, 1), 0)
        shown = torch.cat([painted_stack[:, :1], torch.where(known, painted_stack[:, 1:], 0)], 1)
        return _Task(shown, torch.where(inside[:, :1], seen[:, :1].clamp(max=1), 0), marks * inside[:, :1])

    def _network(self, slices: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, H, W) logits, too bright and too dark, and (B, 1, H, W) to be taken off."""
        check_size(slices, self.cell_px)
        middle = slices[:, :1]
        planes = torch.cat([middle, middle.flip(3), self._neighbours(slices)], 1)
        x = through(self.stem(functional.pixel_unshuffle(planes, 2)), self.down, self.up)
        found = functional.pixel_shuffle(self.head(x), 2).float()
        return found[:, :2], found[:, 2:]

    def _neighbours(self, slices: Tensor) -> Tensor:
        """The channels behind the first; 0 where a slice comes alone."""
        if slices.shape[1] > 1:
            return slices[:, 1:]
        return torch.zeros_like(slices).expand(-1, len(self.context), -1, -1)


def _weighed(score: Tensor, log_odds: Tensor) -> Tensor:
    """(B, 2, H, W) probabilities of too bright and too dark, the odds of the one raised, of the other lowered."""
    odds = torch.cat([log_odds, -log_odds], 1).exp()
    return score * odds / (1 - score + score * odds)


def _dice_loss(score: Tensor, truth: Tensor) -> Tensor:
    """(B,) one less the soft Dice of (B, 2, H, W) scores, both kinds of anomaly together."""
    met, both = (score * truth).sum((1, 2, 3)), (score.square() + truth.square()).sum((1, 2, 3))
    return 1 - (2 * met + 1) / (both + 1)


SPECS = (
    ModelSpec(
        name="marker",
        config=MarkingConfig(brightness=6.0),
        build=MarkingUNet,
        latent="none, U-Net",
        source="after Tan et al. 2022, Zavrtanik et al. 2021 and Billot et al. 2023",
        idea="Learns to mark anomalies painted into healthy slices of randomised scanners, and to draw them healthy.",
        weakness="Knows only what is painted: a healthy bright spot that training never showed is marked as well.",
        percentile=99.8,  # a score of 0.48; at 98, 0.14, much of a healthy head would be flagged
    ),
)
