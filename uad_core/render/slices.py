"""Pictures of slices as a radiologist expects them: grey first, overlay second, sides marked.

Slices are (H, W) with row 0 anterior and column 0 the patient's right: shown as they are, that is
the radiological convention, so R stands on the left of the picture.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from uad_core.atlas.masks import bounding_box
from uad_core.pipeline.median import filtered_slice
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import Segmentation
from uad_core.render.overlays import MASK_COLOUR, TRUTH_COLOUR

GREY_WINDOW = (0.0, 0.9)  # of normalised intensity; the brain's median is 0.5
RESIDUAL_LEVELS = 64  # grey steps of the filtered residual
SCALE = 2  # screen pixels per millimetre


def crop_box(brain_mask: np.ndarray, margin: int = 6) -> tuple[slice, slice]:
    """Rows and columns that hold the brain of a (D, H, W) mask at every level, plus `margin` pixels."""
    rows, columns = bounding_box(np.any(brain_mask, axis=0), margin)
    return rows, columns


def slice_pictures(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: PostprocessConfig,
    index: int,
    truth: np.ndarray | None = None,
    opacity: float = 0.55,
) -> tuple[bytes, bytes, bytes, bytes]:
    """PNGs of one axial slice, cropped to the brain: scan, reconstruction, filtered residual, overlay.

    Args:
        index: slice of the slab.
        truth: (D, 256, 256) bool reference mask, drawn as an outline.
        opacity: of the mask, [0, 1].
    """
    prepared = reconstruction.prepared
    box = (index, *crop_box(prepared.brain_mask))
    scan, reconstructed = prepared.array[box], reconstruction.array[box]
    low, high = GREY_WINDOW
    outline = truth[box] if truth is not None else None
    return (
        grey_png(scan, low, high),
        grey_png(reconstructed, low, high),
        grey_png(residual_picture(reconstruction, config, index), 0, 1),
        overlay_png(scan, low, high, segmentation.mask[box], outline, opacity),
    )


def residual_picture(reconstruction: Reconstruction, config: PostprocessConfig, index: int) -> np.ndarray:
    """The filtered residual of one axial slice, cropped to the brain: (H, W) in grey steps, 1 at `residual_window`."""
    box = (index, *crop_box(reconstruction.prepared.brain_mask))
    top = reconstruction.residual_window(config)
    levels = np.linspace(0, top, RESIDUAL_LEVELS, endpoint=False)
    values = reconstruction.residual(config.signed)[:, box[1], box[2]]
    filtered = filtered_slice(values, index, config.median_size, levels)
    shown: np.ndarray = filtered * reconstruction.inside(config.erosion_mm)[box] / top
    return shown


def strip_png(pictures: Sequence[bytes], captions: Sequence[str]) -> bytes:
    """Pictures of one height side by side on black, a caption under each."""
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    font, gap, foot = ImageFont.load_default(size=22), 8, 40
    width = sum(image.width for image in images) + gap * (len(images) - 1)
    sheet = Image.new("RGB", (width, images[0].height + foot))
    draw, left = ImageDraw.Draw(sheet), 0
    for image, caption in zip(images, captions, strict=True):
        sheet.paste(image, (left, 0))
        draw.text((left + image.width / 2, image.height + foot / 2), caption, fill="white", font=font, anchor="mm")
        left += image.width + gap
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def grey_png(picture: np.ndarray, low: float, high: float) -> bytes:
    """A (H, W) slice in the grey window from `low` (black) to `high` (white), with its sides marked."""
    return _finish(_enlarge(_grey(picture, low, high)))


def overlay_png(
    picture: np.ndarray, low: float, high: float, mask: np.ndarray, truth: np.ndarray | None, opacity: float
) -> bytes:
    """The same with `mask` (H, W) bool filled in vermilion and the outline of `truth` in sky blue."""
    colours = np.repeat(_grey(picture, low, high)[..., None], 3, axis=2).astype(np.float32)
    colours[mask] += opacity * (np.array(MASK_COLOUR, np.float32) - colours[mask])
    image = _enlarge(colours.astype(np.uint8))
    if truth is not None and truth.any():
        large = truth.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        pixels = np.array(image)
        pixels[large & ~ndimage.binary_erosion(large)] = TRUTH_COLOUR
        image = Image.fromarray(pixels)
    return _finish(image)


def grid_png(slices: np.ndarray, columns: int, low: float, high: float) -> bytes:
    """(N, H, W) slices side by side, `columns` in a row, in one grey window."""
    count, height, width = slices.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:count] = _grey(slices, low, high)
    sheet = sheet.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="PNG")
    return buffer.getvalue()


def _grey(picture: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = (picture.astype(np.float32) - low) / max(high - low, 1e-6)
    return (scaled.clip(0, 1) * 255).astype(np.uint8)


def _enlarge(pixels: np.ndarray) -> Image.Image:
    height, width = pixels.shape[:2]
    return Image.fromarray(pixels).resize((width * SCALE, height * SCALE), Image.Resampling.BICUBIC)


def _finish(image: Image.Image) -> bytes:
    """Mark the patient's right and left, and encode."""
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=20)
    ink: int | tuple[int, int, int] = 255 if image.mode == "L" else (255, 255, 255)
    middle = image.height // 2
    draw.text((5, middle), "R", fill=ink, font=font, anchor="lm")
    draw.text((image.width - 5, middle), "L", fill=ink, font=font, anchor="rm")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
