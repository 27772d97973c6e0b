"""A small picture of a detection, to look over hundreds of them on one page."""

import numpy as np
from PIL import Image

from uad_core.detect.from_file import Detection
from uad_core.detect.lights import stamp_of
from uad_core.render.png import decode, encode
from uad_core.render.slices import crop_box, marked_png, stamped

WIDTH_PX, COLOURS = 180, 64


def thumbnail(found: Detection) -> bytes:
    """The slice with most marked voxels as a PNG of about 10 kB; where nothing is marked, one with most brain."""
    prepared, mask = found.reconstruction.prepared, found.segmentation.mask
    counted = mask if mask.any() else found.reconstruction.searched
    index = int(np.argmax(np.count_nonzero(counted, axis=(1, 2))))
    rows, columns = crop_box(prepared.brain_mask)
    picture = marked_png(prepared.array[index, rows, columns], mask=mask[index, rows, columns])
    image = decode(picture)
    height = round(image.height * WIDTH_PX / image.width)
    small = image.resize((WIDTH_PX, height), Image.Resampling.LANCZOS).convert("RGB")
    if doubt := stamp_of(found.lights):
        small = stamped(small, doubt)
    return encode(small.quantize(COLOURS), compress_level=9)
