"""Slices that are there twice: written anew by an archive, or packed in another way. One of each is enough."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from uad_core.io.dicom.headers import Image, pixel_data
from uad_core.io.volume import ScanError


def without_copies(images: Sequence[Image]) -> list[Image]:
    """The images, less those that show what an earlier one of their series shows, in the same place and made alike.

    Only images of one frame: their pixels are compared as they are stored.
    """
    alike: dict[Hashable, list[Image]] = defaultdict(list)
    for image in images:
        alike[_about(image)].append(image)
    copies = set()
    for same in alike.values():
        if len(same) > 1 and same[0].readable:
            seen: set[bytes] = set()
            for image in same:
                try:
                    data = pixel_data(image)
                except ScanError:  # such as a spectrum; if it belongs to the scan, that is refused where it is read
                    continue
                if data in seen:
                    copies.add(id(image))
                seen.add(data)
    return [image for image in images if id(image) not in copies]


def _about(image: Image) -> Hashable:
    """What copies have in common; unique for an image that is none."""
    if len(image.frames) != 1:
        return id(image)
    frame = image.frames[0]
    made = (image.series, image.study, image.patient, image.number, image.shape, image.signed, image.bits)
    return (*made, replace(frame, facts=replace(frame.facts, acquired="")))
