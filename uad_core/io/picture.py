"""A picture of one slice, or of what was drawn on it, as grey values."""

from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.io.volume import ScanError

LEAST_LIGHT = 100  # of 255: darker is antialiasing, or noise of a JPEG
MOST_TURN, MOST_OTHER = np.pi / 6, 0.05  # of hues that are one, and the share of what is marked that may have another
DAMAGED = "The picture cannot be read; it is damaged. Copy or download it again."


def read_grey(path: Path) -> np.ndarray:
    """A picture as (H, W) float32; what is transparent is 0, whatever colour lies under it.

    Raises ScanError (unreadable) where the file is damaged or gone.
    """
    return _read(path, luminance=True)


def read_drawing(path: Path) -> np.ndarray:
    """A picture of a mask as (H, W) float32: of colours the strongest channel, so that red is as much as white.

    Black drawn on what is transparent is the drawing, and so are the places of a palette that is black altogether.
    Raises ScanError: unreadable, where the file is damaged or gone; not_a_mask, where it is drawn in several colours.
    """
    return _read(path, luminance=False)


def _read(path: Path, luminance: bool) -> np.ndarray:
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith(("I", "F")):  # of 16 bits and more, which know no transparency
                return np.asarray(image.convert("F"), dtype=np.float32)
            clear = Image.new("RGBA", image.size, (0, 0, 0, 255))
            coloured = image.convert("RGBA")
            opaque = Image.alpha_composite(clear, coloured).convert("RGB")
            if luminance:
                return np.asarray(opaque.convert("F"), dtype=np.float32)
            colours, alpha = np.asarray(opaque), np.asarray(coloured)[..., 3]
            if not colours.any():
                black = np.asarray(image) if image.mode == "P" and alpha.min() == 255 else alpha
                return black.astype(np.float32) if np.ptp(black) else np.zeros(black.shape, np.float32)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises for bytes at random
        raise ScanError("unreadable", DAMAGED) from None
    if _has_several_colours(colours):
        several = "The mask is drawn in several colours, and which of them is lesion is not clear."
        raise ScanError("not_a_mask", f"{several} Draw the lesions in one colour on black.")
    return colours.max(axis=2).astype(np.float32)


def _has_several_colours(colours: np.ndarray) -> bool:
    """Whether (H, W, 3) uint8 holds more than one hue, or one beside white; what antialiasing mixes in is faint."""
    values = colours.astype(int)
    high, low = values.max(axis=2), values.min(axis=2)
    marked = high > LEAST_LIGHT
    coloured = marked & (high - low > high / 2)
    if not coloured.any():
        return False
    red, green, blue = values[coloured].T
    angles = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    turn = np.angle(np.exp(1j * (angles - np.angle(np.exp(1j * angles).sum()))))
    other = np.count_nonzero(np.abs(turn) > MOST_TURN) + np.count_nonzero(marked & ~coloured)
    return bool(other > MOST_OTHER * np.count_nonzero(marked))
