"""Pictures of a plane, and what is drawn over them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy import ndimage

MASK_COLOUR = (213, 94, 0)  # vermilion and sky blue of Okabe and Ito, told apart by all eyes
TRUTH_COLOUR = (86, 180, 233)
VEIL = (0, 0, 0, 110)  # RGBA
VOTES = ((253, 231, 37), (94, 201, 98), (33, 145, 140), (59, 82, 139), (68, 1, 84))  # viridis, upside down
FINE = 3  # overlay pixels per voxel, so that an outline is thinner than a voxel


def grey_png(picture: np.ndarray, white: float = 1.0, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> bytes:
    """A slice as 8-bit grey, 0 black and `white` white; pixels that are not square are interpolated to squares.

    Args:
        picture: (rows, columns).
        pixel_mm: height and width of a pixel.
    """
    grey = (np.clip(np.asarray(picture, np.float32) / max(white, 1e-6), 0, 1) * 255).astype(np.uint8)
    return _png(_square(Image.fromarray(grey), pixel_mm, Image.Resampling.BILINEAR))


def overlay_png(
    mask: np.ndarray,
    truth: np.ndarray | None = None,
    opacity: float = 0.55,
    pixel_mm: tuple[float, float] = (1.0, 1.0),
    colour: tuple[int, int, int] = MASK_COLOUR,
    veiled: np.ndarray | None = None,
) -> bytes:
    """`mask` (rows, columns) bool filled, the outline of `truth` over it; all else is transparent.

    Args:
        veiled: (rows, columns) bool, darkened: nobody looked there.
        opacity: of the filling, [0, 1]; outlines are opaque.
    """
    fine = np.zeros((*(FINE * n for n in mask.shape), 4), np.uint8)
    if veiled is not None:
        fine[_finer(veiled)] = VEIL
    fine[_finer(mask)] = (*colour, round(255 * opacity))
    if truth is not None and truth.any():
        large = _finer(truth)
        fine[large & ~ndimage.binary_erosion(large)] = (*TRUTH_COLOUR, 255)
    return _png(_square(Image.fromarray(fine), pixel_mm, Image.Resampling.NEAREST))


def votes_png(votes: np.ndarray, models: int) -> bytes:
    """An overlay of a (rows, columns) count of `models`: more votes, darker; told apart by all eyes and in grey."""
    fine = np.zeros((*votes.shape, 4), np.uint8)
    for count in range(1, models + 1):
        fine[votes == count] = (*vote_colour(count, models), 255)
    return _png(Image.fromarray(fine))


def vote_colour(count: int, models: int) -> tuple[int, int, int]:
    """RGB of a pixel that `count` of `models` flag; 1 is yellow, all is dark blue."""
    at = (count - 1) / max(models - 1, 1) * (len(VOTES) - 1)
    low = min(int(at), len(VOTES) - 2)
    red, green, blue = (round(a + (at - low) * (b - a)) for a, b in zip(VOTES[low], VOTES[low + 1], strict=True))
    return red, green, blue


def _finer(mask: np.ndarray) -> np.ndarray:
    return mask.astype(bool).repeat(FINE, axis=0).repeat(FINE, axis=1)


def _square(image: Image.Image, pixel_mm: tuple[float, float], how: Image.Resampling) -> Image.Image:
    height_mm, width_mm = pixel_mm
    if abs(height_mm - width_mm) < 1e-3 * width_mm:
        return image
    least = min(height_mm, width_mm)
    size = (round(image.width * width_mm / least), round(image.height * height_mm / least))
    return image.resize(size, how)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
