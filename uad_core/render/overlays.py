"""Pictures of a plane, and what is drawn over them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from uad_core.render.colours import MASK_COLOUR, TRUTH_COLOUR, VEIL, vote_colour
from uad_core.render.png import decode, encode

FINE = 3  # overlay pixels per voxel, so that an outline is thinner than a voxel


def grey_png(picture: np.ndarray, white: float = 1.0, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> bytes:
    """A (rows, columns) slice in grey, 0 black and `white` white; pixels of (height, width) mm are made square."""
    grey = (np.clip(np.asarray(picture, np.float32) / max(white, 1e-6), 0, 1) * 255).astype(np.uint8)
    return encode(_square(Image.fromarray(grey), pixel_mm, Image.Resampling.BILINEAR))


def overlay_png(
    mask: np.ndarray,
    truth: np.ndarray | None = None,
    opacity: float = 0.55,
    pixel_mm: tuple[float, float] = (1.0, 1.0),
    colour: tuple[int, int, int] = MASK_COLOUR,
    veiled: np.ndarray | None = None,
) -> bytes:
    """`mask` (rows, columns) bool filled, the outline of `truth` over it, opaque; all else is transparent.

    `veiled`: (rows, columns) bool, darkened: no model searched there. `opacity`: of the filling, [0, 1].
    """
    fine = _finer(mask).astype(np.uint8)
    if veiled is not None:
        fine[_finer(veiled & ~mask)] = 2
    if truth is not None and truth.any():
        large = _finer(truth)
        fine[large & ~ndimage.binary_erosion(large)] = 3
    picture = _painted(fine, [(*colour, round(255 * opacity)), VEIL, (*TRUTH_COLOUR, 255)])
    return encode(_square(picture, pixel_mm, Image.Resampling.NEAREST))


def votes_png(votes: np.ndarray, models: int) -> bytes:
    """An overlay of a (rows, columns) count of `models`: more votes, darker; distinct to all eyes and in grey."""
    return encode(_painted(votes, [(*vote_colour(count, models), 255) for count in range(1, models + 1)]))


def stack(*overlays: bytes) -> bytes:
    """Overlays of one size in one, the last on top."""
    whole = decode(overlays[0]).convert("RGBA")
    for overlay in overlays[1:]:
        whole = Image.alpha_composite(whole, decode(overlay).convert("RGBA"))
    return encode(whole)


def _painted(numbers: np.ndarray, colours: Sequence[tuple[int, int, int, int]]) -> Image.Image:
    """RGBA `colours` where (rows, columns) `numbers` are 1, 2 and so on, nothing at 0; a palette is quick to encode."""
    picture = Image.fromarray(numbers.astype(np.uint8)).convert("P")
    picture.putpalette([value for colour in ((0, 0, 0, 0), *colours) for value in colour], "RGBA")
    return picture


def _finer(mask: np.ndarray) -> np.ndarray:
    return mask.astype(bool).repeat(FINE, axis=0).repeat(FINE, axis=1)


def _square(image: Image.Image, pixel_mm: tuple[float, float], how: Image.Resampling) -> Image.Image:
    height_mm, width_mm = pixel_mm
    if abs(height_mm - width_mm) < 1e-3 * width_mm:
        return image
    least = min(height_mm, width_mm)
    size = (round(image.width * width_mm / least), round(image.height * height_mm / least))
    return image.resize(size, how)
