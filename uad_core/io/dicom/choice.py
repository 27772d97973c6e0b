"""Which of the stacks in an upload is the scan: an original magnitude FLAIR of the head, or what the user picks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uad_core.io.dicom.headers import Image, pixel_data
from uad_core.io.dicom.judgement import Judgement, judge_all
from uad_core.io.dicom.series import MIN_SLICES, SAME_DIRECTION, Stack, with_one_identity
from uad_core.io.limits import EXPORT_AGAIN
from uad_core.io.volume import ScanError

PART = 2 / 3  # of an equally good stack, in the same places: fewer slices are a part, as of a scan that was stopped
STUB_MM, STUB = 60.0, 1 / 3  # less of a head, and of the widest FLAIR, is a scan that was stopped
SAME_PLACE_MM = 0.1
PRIVATE = 3  # letters of a word that may be the patient's name or number
PICK = "Pick one from the list of series, or give its files alone."


@dataclass(frozen=True)
class SeriesEntry:
    """A line of the list from which a user picks. Attributes: `number`, from 1; `title`, which may quote a header."""

    number: int
    title: str
    slices: int
    reason: str
    chosen: bool
    is_flair: bool = False  # by its header, a FLAIR of the head

    def __str__(self) -> str:
        mark = "*" if self.chosen else " "
        return f"{mark} {self.number:3}  {self.slices:4} slices  {self.title}: {self.reason}"


def magnetic_resonance(images: Sequence[Image]) -> list[Image]:
    """The MR images of one patient. Raises ScanError: no_image, not_mr, several_patients."""
    if not images:
        none = "There is no DICOM image in the upload."
        raise ScanError("no_image", f"{none} Give the files of one MR series, or a zip of them.")
    series = {image.series for image in images if image.modality == "MR" and image.series}
    resonance = [image for image in images if image.modality == "MR" or image.series in series]
    if not resonance:
        raise ScanError("not_mr", "The images are not MR. Give a FLAIR series of an MR scanner.")
    resonance = with_one_identity(resonance)
    if len({image.patient[0] for image in resonance}) > 1:
        raise ScanError("several_patients", "The upload holds images of several patients. Give one series of one.")
    return resonance


def candidates(stacks: Sequence[Stack]) -> list[Stack]:
    """Those that can be a volume, if there are any: snapshots, in colour and single ones, don't count beside them."""
    volumes = [stack for stack in stacks if stack.first.image.grey and len(stack.slices) >= MIN_SLICES]
    return volumes or list(stacks)


def choose(stacks: Sequence[Stack], wanted: int | None = None) -> tuple[int, tuple[str, ...]]:
    """The index of the stack that is the scan, and notes on the choice. `wanted`: the number that the user picked.

    Raises ScanError: several_series, where none or several of equal rank are FLAIRs; not_the_scan, where the only one
    shows no head; no_such_series.
    """
    judged = judge_all(stacks)
    if wanted is not None:
        if not 1 <= wanted <= len(stacks):
            counted = "There is 1 series" if len(stacks) == 1 else f"There are {len(stacks)} series"
            raise ScanError("no_such_series", f"{counted} in the upload. Give a number from 1 to {len(stacks)}.")
        return wanted - 1, _notes(judged, wanted - 1, "was picked")
    if len(stacks) == 1:
        if judged[0].unfit:
            wrong = f"By its header the series is no scan of the head: {judged[0].unfit}."
            raise ScanError("not_the_scan", f"{wrong} Give the FLAIR, or pick this series by its number, 1.")
        return 0, _notes(judged, 0, "")
    index = _best(stacks, judged)
    return index, _notes(judged, index, "was taken")


def entries(stacks: Sequence[Stack], wanted: int | None = None) -> tuple[SeriesEntry, ...]:
    """The list that shows the choice, or the user's own."""
    try:
        chosen = choose(stacks, wanted)[0]
    except ScanError:
        chosen = -1
    judged = judge_all(stacks)
    return tuple(
        SeriesEntry(n + 1, _title(stack), len(stack.slices), one.reason, n == chosen, one.is_flair)
        for n, (stack, one) in enumerate(zip(stacks, judged, strict=True))
    )


def _best(stacks: Sequence[Stack], judged: Sequence[Judgement]) -> int:
    there = f"The upload holds {len(stacks)} series"
    fit = [n for n, judgement in enumerate(judged) if not judgement.unfit]
    flairs = [n for n in fit if judged[n].is_flair]
    if not flairs and len(fit) == 1 and judged[fit[0]].flair is None:
        flairs = fit  # says nothing about itself, and the others are no scans
    if not flairs:
        raise ScanError("several_series", f"{there}, and which of them is the FLAIR is not clear. {PICK}")
    if len({stacks[n].first.image.study for n in flairs}) > 1:
        raise ScanError("several_series", f"{there} with FLAIRs of several visits. {PICK}")
    widest = max(_extent_mm(stacks[n]) for n in flairs)
    whole = [n for n in flairs if _extent_mm(stacks[n]) >= min(STUB_MM, STUB * widest)]
    if any(_continues(stacks[n], stacks[other]) for n in flairs if n not in whole for other in whole):
        raise ScanError("mixed_slices", f"{there}, of which one continues another where that ends. {EXPORT_AGAIN}")
    flairs = whole
    highest = max(judged[n].rank for n in flairs)
    best = [n for n in flairs if judged[n].rank == highest]
    best = [n for n in best if not any(_is_part(stacks[n], stacks[other]) for other in best)]
    best = _distinct(stacks, best) if len(best) > 1 else best
    if len(best) > 1:
        raise ScanError("several_series", f"{there}, and {len(best)} of them are equally good FLAIRs. {PICK}")
    return best[0]


def _notes(judged: Sequence[Judgement], index: int, how: str) -> tuple[str, ...]:
    one = judged[index]
    if len(judged) > 1:
        return (f"Of {len(judged)} series number {index + 1} {how}: {one.reason}.",)
    doubts = [] if one.flair != 0 else ["By its name or timing the series is no FLAIR."]
    if one.unfit:
        doubts.append(f"By its header the series is no scan of the head: {one.unfit}. It was read as you asked.")
    if one.agent and not one.unfit:
        doubts.append("The series was taken after a contrast agent, which lets more than lesions shine.")
    return tuple(doubts)


def _title(stack: Stack) -> str:
    """What the series is called in viewers: its number and description, cut short, without a word of the patient's."""
    image, texts = stack.first.image, stack.first.frame.facts.texts
    words = re.split(r"([^\W_]+)", next((text for text in texts if text), "no name"))
    name = "".join(word for word in words if len(word) < PRIVATE or word.upper() not in "".join(image.patient))[:60]
    return name if image.series_number is None else f"series {image.series_number}, {name}"


def _distinct(stacks: Sequence[Stack], indices: Sequence[int]) -> list[int]:
    """Of several stacks that show the same in the same places, as where a series was sent twice, the first."""
    shown = [_shown(stacks[n]) for n in indices]
    return [n for place, n in enumerate(indices) if shown[place] not in shown[:place]]


def _shown(stack: Stack) -> set[tuple[object, ...]]:
    """Where its slices lie, and their voxels, as they are stored."""
    stored = {id(image): pixel_data(image) for image in stack.images}
    slices = ((member.frame, member.index, stored[id(member.image)]) for member in stack.slices)
    return {(frame.position, frame.slope, frame.intercept, index, data) for frame, index, data in slices}


def _extent_mm(stack: Stack) -> float:
    """From its first slice to its last."""
    positions = np.array([frame.position for frame in stack.frames])
    return float(np.linalg.norm(positions.max(axis=0) - positions.min(axis=0)))


def _continues(stack: Stack, whole: Stack) -> bool:
    """Whether slices of the same kind lie where the next ones of `whole` would."""
    first, other = whole.first, stack.first
    turned = np.abs(np.subtract(first.frame.orientation, other.frame.orientation)).max()
    if first.image.shape != other.image.shape or turned > SAME_DIRECTION:
        return False
    normal = np.cross(first.frame.orientation[:3], first.frame.orientation[3:])
    places = [np.array([frame.position for frame in one.frames]) for one in (whole, stack)]
    heights, more = (np.sort(one @ normal) for one in places)
    step, apart = float(np.median(np.diff(heights))), places[1][0] - places[0][0]
    beside = np.linalg.norm(apart - normal * (apart @ normal)) > step
    gap = max(more[0] - heights[-1], heights[0] - more[-1])
    return bool(not beside and 0.5 * step < gap < 1.5 * step)


def _is_part(stack: Stack, whole: Stack) -> bool:
    """Whether a stack shows no more than some of the slices that another one shows in the same places."""
    if len(stack.slices) > PART * len(whole.slices):
        return False
    places = np.array([frame.position for frame in whole.frames])
    apart = [np.abs(places - frame.position).max(axis=1).min() for frame in stack.frames]
    return bool(max(apart) <= SAME_PLACE_MM)
