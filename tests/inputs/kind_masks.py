"""What the values of a mask mean: lesions, a brain, or no mask at all."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from tests.support.dicom_files import zipped
from tests.support.input_case import NOTED, READ, REFUSED, InputCase
from tests.support.odd_images import (
    AFFINE,
    LESION,
    SHAPE,
    ball,
    brain_case,
    clean,
    distance,
    file,
    mask_case,
    mgh,
    voxels,
)
from uad_core.io.marks import lesion_marks
from uad_core.io.nifti import read_lesions
from uad_core.io.picture import read_drawing, read_grey

KIND = "Masks and pictures"
SHARE = np.clip(3.5 - distance(), 0, 1)  # one half and more is LESION
SHARE = np.where(LESION, np.maximum(SHARE, 0.5), np.minimum(SHARE, 0.49)).astype(np.float32)
BRAIN_SHARE = np.clip(gaussian_filter(ball(9).astype(np.float32), 1), 0, 1)
BRAIN_SHARE = np.where(ball(9), np.maximum(BRAIN_SHARE, 0.5), np.minimum(BRAIN_SHARE, 0.44)).astype(np.float32)
SECOND, THIRD = ball(2, (4, 5, 15)), ball(1, (19, 17, 4))
MANY = np.zeros(SHAPE, np.int16)
MANY[2:-2:3, 2:-2:3, 2:-2:3] = np.arange(1, 1 + MANY[2:-2:3, 2:-2:3, 2:-2:3].size).reshape(7, 6, 6)
SHARES, LABELS = ["shares from 0 to", "one half and more"], ["labels", "all of them were taken as lesion"]
IGNORE, UNCLEAR = ["Label 2", "neither lesion nor healthy"], ["is not clear"]
NO_MASK, TURNED = ["This is no mask"], ["other way round"]


def in_file(make):
    """A row whose mask comes in another format or packing."""

    def run(folder):
        found = read_lesions(make(), clean())
        np.testing.assert_array_equal(clean().to_source(found.inside), LESION)
        return found.notes

    return run


def picture(paint, right, **save):
    """A row of a mask that is drawn as a picture: a disc of which the inside has to be marked."""
    rows, columns = np.mgrid[:40, :50]
    disc = (rows - 20) ** 2 + (columns - 25) ** 2 <= 64

    def run(folder):
        paint(disc).save(folder / "sub-1_lesion.png", **save)
        found = lesion_marks(read_drawing(folder / "sub-1_lesion.png"))
        np.testing.assert_array_equal(found.inside, disc)
        return found.notes

    return run


def of(values, mode=None):
    return Image.fromarray(np.asarray(values, np.uint8), mode)


def smooth(disc):
    """A circle with soft edges, which the drawing program made of the disc."""
    large = Image.new("L", (disc.shape[1] * 8, disc.shape[0] * 8))
    ImageDraw.Draw(large).ellipse([8 * 16.5, 8 * 11.5, 8 * 34.5, 8 * 29.5], fill=255)
    edges = np.asarray(large.resize(disc.shape[::-1], Image.Resampling.BOX)).astype(int)
    edges = np.where(disc, np.maximum(edges, 128), np.minimum(edges, 120))
    return Image.fromarray(np.dstack([edges, 0 * edges, 0 * edges]).astype(np.uint8))


def slice_with(transparent):
    """A slice whose surroundings are transparent over a colour."""

    def run(folder):
        rows, columns = np.mgrid[:40, :50]
        brain = (rows - 20) ** 2 + (columns - 25) ** 2 <= 150
        grey = np.where(brain, 100 + rows, transparent).astype(np.uint8)
        alpha = np.where(brain, 255, 0).astype(np.uint8)
        Image.fromarray(np.dstack([grey] * 3 + [alpha])).save(folder / "slice.png")
        np.testing.assert_array_equal(read_grey(folder / "slice.png"), np.where(brain, 100 + rows, 0))
        return ()

    return run


def palette_of_black(disc):
    image = of(disc).convert("P")
    image.putpalette([0] * 768)
    return image


def refuse(values):
    def run(folder):
        Image.fromarray(values.astype(np.uint8)).save(folder / "mask.png")
        return lesion_marks(read_drawing(folder / "mask.png")).notes

    return run


DISC = (np.mgrid[:40, :50][0] - 20) ** 2 + (np.mgrid[:40, :50][1] - 25) ** 2 <= 64
OTHER = (np.mgrid[:40, :50][0] - 20) ** 2 + (np.mgrid[:40, :50][1] - 40) ** 2 <= 25
CASES = [
    mask_case("0 and 1", LESION.astype(np.uint8)),
    mask_case("0 and 255", LESION * np.uint8(255)),
    mask_case("0 and 100", LESION * np.uint8(100)),
    mask_case("0.99999 for 1", LESION * np.float32(0.99999)),
    mask_case("no lesion", np.zeros(SHAPE, np.uint8), marked=np.zeros(SHAPE, bool)),
    mask_case("shares from 0 to 1", SHARE, NOTED, SHARES),
    mask_case("shares from 0 to 255", np.round(SHARE * 255).astype(np.uint8), NOTED, SHARES),
    mask_case("per cent in steps of 5", np.round(SHARE * 20).astype(np.uint8) * 5, NOTED, SHARES),
    mask_case("per cent in steps of 25, where one half counts", np.select(
        [ball(2.0), LESION, ball(4)], [100, 50, 25]).astype(np.uint8), NOTED, SHARES),
    mask_case("per cent as floats", SHARE * 100, NOTED, SHARES),
    mask_case("shares that overshoot, as splines do", np.where(LESION & ~ball(2), 1.07, np.where(
        ball(4) & ~LESION, -0.06, SHARE)).astype(np.float32)),
    mask_case("shares that never reach one half", SHARE * 0.4, REFUSED, NO_MASK),
    mask_case("label 2 to be ignored, as in the WMH challenge", LESION + 2 * (SECOND | THIRD).astype(np.uint8),
              NOTED, IGNORE, ignored=SECOND | THIRD),
    mask_case("label 2 alone", 2 * LESION.astype(np.uint8), REFUSED, UNCLEAR),
    mask_case("labels 1 and 2, one region each", LESION + 2 * SECOND.astype(np.uint8), REFUSED, UNCLEAR),
    mask_case("labels 1 and 255, one void", LESION + 255 * SECOND.astype(np.int16), REFUSED, UNCLEAR),
    mask_case("label 1 for the brain, 2 for the lesions", ball(8) + (SECOND | THIRD | LESION) * np.uint8(1), REFUSED,
              UNCLEAR),
    mask_case("label 2 where two raters agree, 1 where they do not",
              sum(part.astype(np.uint8) for part in (LESION, ball(2), SECOND, ball(1, (4, 5, 15)))), REFUSED, UNCLEAR),
    mask_case("three numbered lesions", LESION + 2 * SECOND.astype(np.uint8) + 3 * THIRD.astype(np.uint8), READ, (),
              marked=LESION | SECOND | THIRD),
    mask_case("252 numbered lesions", MANY, READ, (), marked=MANY > 0),
    mask_case("parts of a tumour, as in BraTS", np.select([ball(1), ball(2), LESION], [4, 1, 2]).astype(np.uint8),
              NOTED, LABELS),
    mask_case("drawn the other way round", (~LESION).astype(np.uint8), REFUSED, TURNED),
    mask_case("drawn the other way round, 0 and 255", np.where(LESION, 0, 255).astype(np.uint8), REFUSED, TURNED),
    mask_case("everything is lesion", np.ones(SHAPE, np.uint8), REFUSED, TURNED),
    mask_case("-1 for lesion", -LESION.astype(np.int16), REFUSED, NO_MASK),
    mask_case("1.5 for lesion", LESION * np.float32(1.5), REFUSED, NO_MASK),
    mask_case("the scan itself", voxels(), REFUSED, NO_MASK),
    mask_case("the scan from 0 to 1", voxels() / np.float32(voxels().max()), REFUSED, NO_MASK),
    mask_case("the scan in 8 bits", (voxels() / 4).astype(np.uint8), REFUSED, NO_MASK),
    mask_case("NaN outside the lesion", np.where(LESION, 1, np.nan).astype(np.float32)),
    brain_case("a brain mask from 0 to 1", BRAIN_SHARE),
    brain_case("a brain mask in per cent, in steps of 5", (np.floor(BRAIN_SHARE * 20 + 1e-4) * 5).astype(np.uint8)),
    brain_case("a brain mask from 0 to 255", np.round(BRAIN_SHARE * 255).astype(np.uint8)),
    brain_case("tissue labels as a brain mask", np.select([ball(5), ball(7), ball(9)], [3, 2, 1]).astype(np.uint8)),
    brain_case("a brain mask of 1 inside and 2 outside", np.where(ball(9), 1, 2).astype(np.uint8), REFUSED, NO_MASK),
    brain_case("a brain mask drawn the other way round", (~ball(9)).astype(np.uint8), REFUSED, TURNED),
    brain_case("a scan as a brain mask", voxels(), REFUSED, NO_MASK),
    InputCase("a mask as MGH", in_file(lambda: mgh(LESION.astype(np.uint8)))),
    InputCase("a mask in a zip", in_file(lambda: zipped({"mask.nii.gz": file(LESION.astype(np.uint8))}))),
    InputCase("a mask of another scan", in_file(lambda: file(LESION.astype(np.uint8), AFFINE + 3 * np.eye(4, k=3))),
              REFUSED, ("elsewhere in space",)),
    InputCase("a picture, white on black", picture(lambda disc: of(disc * 255), READ)),
    InputCase("a picture, red on black", picture(lambda disc: of(np.dstack([disc * 255, 0 * disc, 0 * disc])), READ)),
    InputCase("a picture, blue on black", picture(lambda disc: of(np.dstack([0 * disc, 0 * disc, disc * 255])), READ)),
    InputCase("a picture, dark red", picture(lambda disc: of(np.dstack([disc * 90, 0 * disc, 0 * disc])), READ)),
    InputCase("a picture, red on transparent white", picture(lambda disc: of(np.dstack(
        [0 * disc + 255, 255 * ~disc, 255 * ~disc, 255 * disc])), READ)),
    InputCase("a picture, red with soft edges", picture(smooth, NOTED), NOTED, tuple(SHARES)),
    InputCase("a picture, black on transparent", picture(lambda disc: of(np.dstack(
        [0 * disc, 0 * disc, 0 * disc, 255 * disc])), READ)),
    InputCase("a picture with a palette that is all black", picture(palette_of_black, READ)),
    *(InputCase(f"a picture, {what}", refuse(DISC[..., None] * np.array(first) + OTHER[..., None] * np.array(second)),
                REFUSED, ("several colours",))
      for what, first, second in (("red and green", (255, 0, 0), (0, 255, 0)),
                                  ("red and blue", (255, 0, 0), (0, 0, 255)),
                                  ("yellow beside white", (255, 255, 0), (255, 255, 255)))),
    InputCase("a picture of 1 bit", picture(lambda disc: of(disc * 255).convert("1"), READ)),
    InputCase("a picture with a palette", picture(lambda disc: of(disc * 255).convert("P"), READ)),
    InputCase("a picture, black on white", refuse(np.where(DISC, 0, 255)), REFUSED, tuple(TURNED)),
    InputCase("a picture, red on white", refuse(np.dstack([0 * DISC + 255, 255 * ~DISC, 255 * ~DISC])), REFUSED,
              ("several colours",)),
    InputCase("a slice with white under transparent pixels", slice_with(255)),
    InputCase("a slice with grey under transparent pixels", slice_with(90)),
]  # fmt: skip
