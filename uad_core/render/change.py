"""What changed between two dates, as an overlay."""

from uad_core.pipeline.change import TwoDates
from uad_core.preprocess import Prepared
from uad_core.render.colours import BLUE, GREEN, MASK_COLOUR, rgb
from uad_core.render.overlays import overlay_png, stack
from uad_core.render.slices import crop_box

OPACITY = 0.6


def change_overlay(prepared: Prepared, dates: TwoDates, index: int) -> bytes:
    """Slice `index`, cropped to the brain: regions by what became of them.

    In the mask's own colour those new or enlarged, in green those resolved or shrunk, in blue the stable ones.
    """
    box = (index, *crop_box(prepared.brain_mask))
    came, went, stable = (
        dates.mask_of(*names)[box] for names in (("new", "enlarged"), ("resolved", "shrunk"), ("stable",))
    )
    return stack(
        overlay_png(stable, opacity=0.35, colour=rgb(BLUE)),
        overlay_png(went, opacity=OPACITY, colour=rgb(GREEN)),
        overlay_png(came, opacity=OPACITY, colour=MASK_COLOUR),
    )
