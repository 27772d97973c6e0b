"""Pictures of slices as a radiologist expects them: grey first, overlay second, sides marked.

Slices are (H, W) with row 0 anterior and column 0 the patient's right: shown as they are, that is the radiological
convention, so R stands on the left of the picture.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from uad_core.atlas.masks import bounding_box
from uad_core.pipeline.median import filtered_slice
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.render.colours import MASK_COLOUR, STAMP_COLOUR, TRUTH_COLOUR
from uad_core.render.png import decode, encode

GREY_WINDOW = (0.0, 0.9)  # of normalised intensity; the brain's median is 0.5
RESIDUAL_LEVELS = 64  # grey steps of the filtered residual
SCALE = 2  # screen pixels per millimetre


def crop_box(brain_mask: np.ndarray, margin: int = 6) -> tuple[slice, slice]:
    """Rows and columns that hold the brain of a (D, H, W) mask at every level, plus `margin` pixels."""
    rows, columns = bounding_box(np.any(brain_mask, axis=0), margin)
    return rows, columns


def residual_picture(reconstruction: Reconstruction, config: PostprocessConfig, index: int) -> np.ndarray:
    """The filtered residual of one axial slice, cropped to the brain: (H, W) in grey steps, 1 at `residual_window`."""
    box = (index, *crop_box(reconstruction.prepared.brain_mask))
    top = reconstruction.residual_window(config)
    levels = np.linspace(0, top, RESIDUAL_LEVELS, endpoint=False)
    values = reconstruction.weighted(config.signed, config.look)[:, box[1], box[2]]
    filtered = filtered_slice(values, index, config.median_size, levels)
    shown: np.ndarray = filtered * reconstruction.inside(config.erosion_mm)[box] / top
    return shown


def marked_png(
    picture: np.ndarray,
    window: tuple[float, float] = GREY_WINDOW,
    mask: np.ndarray | None = None,
    truth: np.ndarray | None = None,
    opacity: float = 0.55,
) -> bytes:
    """A (H, W) slice for a page, enlarged, with its sides marked; `window` is what is shown black and what white.

    `mask`: (H, W) bool, filled in vermilion with `opacity`, [0, 1]; with it the picture is in colour. `truth`: (H, W)
    bool, outlined in sky blue.
    """
    pixels = _grey(picture, window)
    if mask is not None:
        colours = np.repeat(pixels[..., None], 3, axis=2).astype(np.float32)
        colours[mask] += opacity * (np.array(MASK_COLOUR, np.float32) - colours[mask])
        pixels = colours.astype(np.uint8)
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels).resize((width * SCALE, height * SCALE), Image.Resampling.BICUBIC)
    if mask is not None and truth is not None and truth.any():
        large = truth.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        outlined = np.array(image)
        outlined[large & ~ndimage.binary_erosion(large)] = TRUTH_COLOUR
        image = Image.fromarray(outlined)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=20)
    ink: int | tuple[int, int, int] = 255 if image.mode == "L" else (255, 255, 255)
    draw.text((5, image.height // 2), "R", fill=ink, font=font, anchor="lm")
    draw.text((image.width - 5, image.height // 2), "L", fill=ink, font=font, anchor="rm")
    return encode(image)


def stamped(image: Image.Image, text: str) -> Image.Image:
    """An RGB picture with a text on red along its lower edge, in letters that let all of it be read."""
    draw, size, foot = ImageDraw.Draw(image), 20, 4
    while size > 7 and draw.textlength(text, ImageFont.load_default(size=size)) > image.width - foot:
        size -= 1
    font = ImageFont.load_default(size=size)
    draw.rectangle((0, image.height - size - foot, image.width, image.height), fill=STAMP_COLOUR)
    draw.text((foot / 2, image.height - foot / 2), text, fill="white", font=font, anchor="ld")
    return image


def strip_png(pictures: Sequence[bytes], captions: Sequence[str]) -> bytes:
    """Pictures of one height side by side on black, a caption under each."""
    images = [decode(picture).convert("RGB") for picture in pictures]
    font, gap, foot = ImageFont.load_default(size=22), 8, 40
    width = sum(image.width for image in images) + gap * (len(images) - 1)
    strip = Image.new("RGB", (width, images[0].height + foot))
    draw, left = ImageDraw.Draw(strip), 0
    for image, caption in zip(images, captions, strict=True):
        strip.paste(image, (left, 0))
        draw.text((left + image.width / 2, image.height + foot / 2), caption, fill="white", font=font, anchor="mm")
        left += image.width + gap
    return encode(strip, compress_level=9)


def grid_png(slices: np.ndarray, columns: int, window: tuple[float, float] = GREY_WINDOW) -> bytes:
    """(N, H, W) slices side by side, `columns` in a row, in one grey window."""
    count, height, width = slices.shape
    rows = -(-count // columns)
    grid = np.zeros((rows * columns, height, width), np.uint8)
    grid[:count] = _grey(slices, window)
    grid = grid.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    return encode(grid, compress_level=9)


def _grey(picture: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    low, high = window
    scaled = (picture.astype(np.float32) - low) / max(high - low, 1e-6)
    return (scaled.clip(0, 1) * 255).astype(np.uint8)
