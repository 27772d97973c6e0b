"""The images of an upload as stacks: slices that were made in one way, and so may be one scan.

A SeriesInstanceUID alone does not tell: it may be blank or shared by several scans, or differ from slice to slice (old
Canon and Toshiba scanners). So slices are kept apart by what differs in their headers. What must never differ within a
scan always splits; what may (the number of an acquisition, of an echo, of a repetition) splits only where the slices
make no even stack otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np

from uad_core.io.dicom.facts import Facts, with_what_was_lost
from uad_core.io.dicom.frames import Frame
from uad_core.io.dicom.geometry import is_even
from uad_core.io.dicom.headers import Image

Member = TypeVar("Member")
MIN_SLICES = 2  # a single slice has no third dimension
SAME = 0.02  # relative: times and sizes that differ by less are one, written with fewer digits
SAME_DIRECTION = 0.02  # of direction cosines


@dataclass(frozen=True, eq=False)
class Slice:
    """One frame of one image."""

    image: Image
    index: int  # of the frame in the image
    frame: Frame


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices that were made in one way, in the order of the upload."""

    slices: tuple[Slice, ...]
    siblings: tuple[Slice, ...]  # all slices of the same SeriesInstanceUIDs, this stack's among them

    @property
    def frames(self) -> list[Frame]:
        return [member.frame for member in self.slices]

    @property
    def images(self) -> list[Image]:
        """The images that the slices come from, each once."""
        return list(dict.fromkeys(member.image for member in self.slices))

    @property
    def first(self) -> Slice:
        return self.slices[0]


def split(images: Sequence[Image]) -> list[Stack]:
    """The stacks of all images that say where they lie, in an order that does not depend on that of the files."""
    slices = [Slice(image, k, frame) for image in images for k, frame in enumerate(image.frames)]
    by_series = _grouped(slices, lambda member: member.image.series)
    stacks = []
    for alike in _by_what_never_differs(slices):
        for series in _by_series(alike):
            siblings = chain.from_iterable(by_series[uid] for uid in dict.fromkeys(s.image.series for s in series))
            together = tuple(siblings)
            stacks += [Stack(tuple(part), together) for part in _even_parts(series)]
    return sorted(stacks, key=_order)


def with_one_identity(images: Sequence[Image]) -> list[Image]:
    """The images, with one patient and visit for all of an even stack of one series whose files mostly name others.

    So are scans in which names and dates were replaced file by file. Two patients under one UID are but two, and stay.
    """
    found = {id(image): image for image in images}
    for series, members in _grouped(images, lambda image: image.series).items():
        if series and is_even([frame for image in members for frame in image.frames]):
            patient, study = _joined([one.patient for one in members]), _joined([one.study for one in members])
            for one in members:
                found[id(one)] = replace(one, patient=patient or one.patient, study=study or one.study)
    return [found[id(image)] for image in images]


def _joined(named: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """All names in one, none of which is to be shown, where most files have another; else None."""
    different = dict.fromkeys(named)
    if len(different) <= MIN_SLICES or 2 * len(different) <= len(named):
        return None
    first, second = (" ".join(column) for column in zip(*different, strict=True))
    return first, second


def _by_what_never_differs(slices: Sequence[Slice]) -> list[list[Slice]]:
    facts = _facts(slices)
    studies = [member.image.study for member in slices]
    if len(slices) > MIN_SLICES and len(set(studies)) == len(slices):  # each its own, as where names were taken out
        studies = studies[:1] * len(slices)
    times = [_clusters([getattr(fact, name) for fact in facts]) for name in
             ("echo_ms", "inversion_ms", "flip_degrees", "b_value")]  # fmt: skip
    sizes = [_clusters([member.frame.spacing[axis] for member in slices]) for axis in (0, 1)]
    directions = _directions([member.frame.orientation for member in slices])
    keys = [
        (member.image.patient, study, member.image.shape, member.image.grey, member.image.inverted,
         fact.kind, fact.component, fact.texts, fact.body_part, fact.agent, direction, *measures)
        for member, study, fact, direction, *measures
        in zip(slices, studies, facts, directions, *times, *sizes, strict=True)
    ]  # fmt: skip
    place = dict(zip(map(id, slices), keys, strict=True))
    return list(_grouped(slices, lambda member: place[id(member)]).values())


def _facts(slices: Sequence[Slice]) -> list[Facts]:
    """The facts of each slice, with what was lost of them in a series that is one even stack."""
    found = {id(member): member.frame.facts for member in slices}
    for series, members in _grouped(slices, lambda member: member.image.series).items():
        if series and is_even([member.frame for member in members]):
            restored = with_what_was_lost([member.frame.facts for member in members])
            found.update(zip(map(id, members), restored, strict=True))
    return [found[id(member)] for member in slices]


def _by_series(slices: Sequence[Slice]) -> list[list[Slice]]:
    """By SeriesInstanceUID, unless each of several images has its own."""
    series = list(_grouped(slices, lambda member: member.image.series).values())
    if len(series) > MIN_SLICES and all(len(members) == 1 for members in series):
        return [list(slices)]
    return series


def _even_parts(slices: list[Slice]) -> list[list[Slice]]:
    """The slices as one stack if they make an even one, else by the first fact that splits them into even ones."""
    if is_even([member.frame for member in slices]):
        return [slices]
    for fact in (
        lambda member: member.frame.facts.temporal,
        lambda member: member.frame.facts.echo,
        lambda member: member.frame.facts.acquisition,
        lambda member: member.frame.facts.stack,
        lambda member: member.image.series_number,
        lambda member: member.frame.facts.repetition_ms,
        lambda member: member.frame.facts.frame_of_reference,
        lambda member: member.frame.facts.acquired,
    ):
        parts = list(_grouped(slices, fact).values())
        if len(parts) > 1 and all(is_even([member.frame for member in part]) for part in parts):
            return parts
    return [slices]


def _clusters(values: Sequence[float | None]) -> list[int]:
    """The number of the cluster of each value; neighbouring values of one cluster hardly differ."""
    known = sorted({value for value in values if value is not None})
    number, cluster = {}, 0
    for before, value in zip([None, *known], known, strict=False):
        cluster += before is not None and abs(value - before) > SAME * max(abs(value), abs(before))
        number[value] = cluster
    return [-1 if value is None else number[value] for value in values]


def _directions(orientations: Iterable[tuple[float, ...]]) -> list[int]:
    """The number of the first orientation that each one equals."""
    kinds: list[np.ndarray] = []
    numbers: dict[tuple[float, ...], int] = {}
    for orientation in (found := list(orientations)):
        if orientation not in numbers:
            alike = [n for n, kind in enumerate(kinds) if np.abs(kind - orientation).max() <= SAME_DIRECTION]
            if not alike:
                kinds.append(np.array(orientation))
            numbers[orientation] = alike[0] if alike else len(kinds) - 1
    return [numbers[orientation] for orientation in found]


def _grouped(members: Iterable[Member], key: Callable[[Member], Hashable]) -> dict[Hashable, list[Member]]:
    groups: dict[Hashable, list[Member]] = defaultdict(list)
    for member in members:
        groups[key(member)].append(member)
    return dict(groups)


def _order(stack: Stack) -> tuple[object, ...]:
    image, frame = stack.first.image, min(stack.frames, key=lambda frame: frame.position)
    numbers = min(member.image.number or 0 for member in stack.slices)
    return (image.series_number or 0, image.series, image.study, numbers, frame.facts.texts, frame.facts.kind,
            frame.position, len(stack.slices))  # fmt: skip
