"""The one way from a picture to a PNG file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure  # which takes 0.5 s to load


def encode(image: Image.Image | np.ndarray, compress_level: int = 1) -> bytes:
    """A PNG of an image, or of uint8 pixels. `compress_level`: 1 is fast, for a viewer; 9 is small, for a file."""
    buffer = io.BytesIO()
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def decode(png: bytes) -> Image.Image:
    """The way back."""
    return Image.open(io.BytesIO(png))


def encode_figure(figure: Figure) -> bytes:
    """A matplotlib figure at its own resolution on white; the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    return buffer.getvalue()
