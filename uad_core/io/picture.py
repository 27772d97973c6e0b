"""A picture of one slice, or of what was drawn on it, as grey values."""

from pathlib import Path

import numpy as np
from PIL import Image

from uad_core.io.volume import ScanError

DAMAGED = "The picture cannot be read; it is damaged. Copy or download it again."


def read_grey(path: Path) -> np.ndarray:
    """A picture as (H, W) float32; what is transparent is 0, whatever colour lies under it.

    Raises ScanError (unreadable) where the file is damaged or gone.
    """
    return _read(path, luminance=True)


def read_drawing(path: Path) -> np.ndarray:
    """A picture of a mask as (H, W) float32: of colours the strongest channel, so that red is as much as white.

    Raises ScanError (unreadable) where the file is damaged or gone.
    """
    return _read(path, luminance=False)


def _read(path: Path, luminance: bool) -> np.ndarray:
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode.startswith(("I", "F")):  # of 16 bits and more, which know no transparency
                return np.asarray(image.convert("F"), dtype=np.float32)
            clear = Image.new("RGBA", image.size, (0, 0, 0, 255))
            opaque = Image.alpha_composite(clear, image.convert("RGBA")).convert("RGB")
            if luminance:
                return np.asarray(opaque.convert("F"), dtype=np.float32)
            return np.asarray(opaque).max(axis=2).astype(np.float32)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises for bytes at random
        raise ScanError("unreadable", DAMAGED) from None
