"""The chapters on the painted lesion: who sees it, from which grey on, and why not before."""

import math
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.inputs.scan import prepared_scan
from pages.ui.inputs.selected_scan import bundled
from pages.ui.inputs.settings import KEEP
from pages.ui.learn.charts import draw_drawn, draw_found
from pages.ui.learn.frame import quick_models
from pages.ui.learn.sweep_jobs import HEALTHY, looks_at, wait
from pages.ui.shell import keys
from pages.ui.viewer.charts import COLOURS
from pages.ui.viewer.viewer import Click, Listeners, Panel, PanelLayout, show_panels
from uad_core.atlas.space import PAPER_SLAB
from uad_core.models import COMPARED
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.pipeline.postprocess import Sign
from uad_core.preprocess import Prepared
from uad_core.render.views import slice_voxel
from uad_core.teaching import INTENSITIES, PaintedLesion, Sweep, close_up_voxel, found_view, painted_view, voxel_pixel

AT_FIRST = PaintedLesion((11, 134, 100), radius_mm=5.0, softness_mm=2.0)  # in even white matter of that scan
MOST = 3
NO_GAP = "Intensity only ranks voxels, and a model that marks goes by a score of its own, not by this gap."
FIRST_MODELS = COMPARED[:MOST]


def draw_paint(signed: Sign) -> None:
    """Place a lesion, move its grey, watch who sees it."""
    bar = st.columns(3)
    with bar[0]:
        grey = _grey_slider()
    bar[1].slider(
        "Radius", 1.0, 12.0, AT_FIRST.radius_mm, 0.5, "%.1f mm", key=keys.LESSON["radius"], **KEEP,
        help="mm, to where the edge is half lesion, half tissue. Every change makes the models reconstruct.",
    )  # fmt: skip
    bar[2].slider(
        "Softness", 0.0, 6.0, AT_FIRST.softness_mm, 0.5, "%.1f mm", key=keys.LESSON["softness"], **KEEP,
        help="mm, width of the edge over which lesion turns into tissue; 0 is a sharp edge.",
    )  # fmt: skip
    pictures, side = st.columns([1.25, 1], gap="medium")
    with side:
        checkpoints = _pick_models()
    prepared, lesion = prepared_scan(bundled(HEALTHY), PAPER_SLAB), _lesion()
    if not lesion.truth(prepared).any():  # at the rim, and made smaller since
        st.session_state[keys.LESSON["place"]] = AT_FIRST.centre
        st.session_state.pop(keys.LESSON["paint_slice"], None)
        lesion = _lesion()
    index = int(st.session_state.get(keys.LESSON["paint_slice"], lesion.centre[0]))
    looks = looks_at(checkpoints, lesion, signed, (grey, index))
    done = looks.sweeps
    with pictures:
        _draw_painted(prepared, lesion, grey, index)
    with side:
        if not checkpoints:
            st.info("Choose at least one model above.")
        _draw_found(prepared, lesion, grey, index, [(one.name, looks.shown.get(one.name)) for one in checkpoints])
        if done:
            found = [(one.model, one.seen_from()) for one in done]
            when = [f"never by {name}" if at is None else f"from grey {at:g} on by {name}" for name, at in found]
            st.caption(f"Half of it is found {', '.join(when)}.")
    if done:
        draw_found(done, _colours(), grey)
    wait(looks, len(done))


def draw_grey(signed: Sign) -> None:
    """The same sweeps, looked at from the model's side."""
    chosen = _chosen_models()
    checkpoints = [one for one in chosen if one.spec.reconstructs and not one.model.scores]
    grey = _grey_slider()
    if not checkpoints:
        st.info(f"Choose a model that reconstructs the scan in chapter Paint. {NO_GAP}")
        return
    if left_out := [one.name for one in chosen if one not in checkpoints]:
        st.caption(f"Without {' and '.join(left_out)}. {NO_GAP}")
    looks = looks_at(checkpoints, _lesion(), signed)
    if done := looks.sweeps:
        draw_drawn(done, _colours(), grey)
        for one in done:
            point = one.points[INTENSITIES.index(grey)]
            st.markdown(
                f"**{one.model}**: painted {grey:.2f}, drawn {point.drawn:.2f}. Largest filtered residual "
                f"{point.peak:.3f} {'>' if point.peak > one.threshold else '≤'} the threshold, {one.threshold:.3f}."
            )
    wait(looks, len(done))


def _lesion() -> PaintedLesion:
    """As the session has it."""
    names = (keys.LESSON["place"], keys.LESSON["radius"], keys.LESSON["softness"])
    firsts = (AT_FIRST.centre, AT_FIRST.radius_mm, AT_FIRST.softness_mm)
    return PaintedLesion(*(st.session_state.get(name, first) for name, first in zip(names, firsts, strict=True)))


def _grey_slider() -> float:
    return st.select_slider(
        "Grey of the lesion", INTENSITIES, 0.7, key=keys.LESSON["grey"], **KEEP,
        help="Normalised intensity: 0 is black, healthy tissue lies near 0.5, this scan's brightest voxels near 1.",
    )  # fmt: skip


def _pick_models() -> list[Checkpoint]:
    names = quick_models()
    st.multiselect(
        "Models", names, [name for name in FIRST_MODELS if name in names] or names[:MOST], key=keys.LESSON["watched"],
        **KEEP, max_selections=MOST,
        help="Up to three models. Each reconstructs the touched slices in twelve greys, in some seconds.",
    )  # fmt: skip
    chosen = _chosen_models()
    if untaught := [one.name for one in chosen if one.learned is False]:
        st.caption(f":material/warning: Did not learn: {', '.join(untaught)}")
    return chosen


def _chosen_models() -> list[Checkpoint]:
    known = checkpoint_names()
    return [load(name) for name in st.session_state.get(keys.LESSON["watched"], FIRST_MODELS) if name in known]


def _colours() -> dict[str, str]:
    """A model keeps its colour from chapter to chapter, and while others are still at work."""
    return dict(zip((one.name for one in _chosen_models()), COLOURS, strict=False))


def _draw_painted(prepared: Prepared, lesion: PaintedLesion, grey: float, index: int) -> None:
    """The painted scan; a click places the lesion."""
    scan, outline, _ = painted_view(prepared, lesion, grey, index)
    cross = voxel_pixel(prepared, lesion.centre) if index == lesion.centre[0] else None
    _show(
        [Panel(scan, f"{HEALTHY}, painted in grey {grey:g}", outline, cross=cross)], (490, 1), prepared, lesion, index
    )
    if st.session_state.pop(keys.LESSON["missed"], False):
        st.caption(":material/warning: There is no brain where you clicked; the lesion stays where it was.")
    st.caption(f"Axial level {prepared.slab.levels[index]} of {HEALTHY} (simulated). Blue: the lesion.")


def _draw_found(
    prepared: Prepared, lesion: PaintedLesion, grey: float, index: int, sweeps: Sequence[tuple[str, Sweep | None]]
) -> None:
    """What each model flags in a close-up of the lesion; a click there places it, too."""
    _, _, near = painted_view(prepared, lesion, grey, index)
    panels = []
    for name, one in sweeps:
        number = next((n for n, point in enumerate(one.points if one else ()) if point.intensity == grey), None)
        if one is None or number is None:
            panels.append(Panel(near, f"{name}: working"))
            continue
        share, of = one.points[number].share, "found" if len(one.points) > 1 else "found here"
        title = f"{name}: flagged before" if math.isnan(share) else f"{name}: {100 * share:.0f} % {of}"
        panels.append(Panel(near, title, found_view(prepared, lesion, one, number, index)))
    if panels:
        _show(panels, (150, 2), prepared, lesion, index)
        st.caption("Vermilion: flagged since it was painted. Yellow: flagged before.")


def _show(
    panels: Sequence[Panel], size: tuple[int, int], prepared: Prepared, lesion: PaintedLesion, index: int
) -> None:
    """Panels of (height, columns); wheel and click move slice and lesion. The close-ups are those in two columns."""
    levels = prepared.slab.levels
    whole = size[1] == 1

    def turn(level: int) -> None:
        st.session_state[keys.LESSON["paint_slice"]] = level - levels[0]

    def place(click: Click) -> None:
        at = (index, click.column, click.row)
        centre = slice_voxel(prepared, *at) if whole else close_up_voxel(prepared, lesion, *at)
        on_brain = replace(lesion, centre=centre).truth(prepared).any()
        st.session_state.update({keys.LESSON["place"]: centre} if on_brain else {keys.LESSON["missed"]: True})

    layout = PanelLayout(size[0], size[1], levels[index], levels, tools=False)
    show_panels(panels, "paint" if whole else "close-ups", layout, Listeners(turn, place))
