"""The controls of a detection, with the paper's values as defaults and units in every help text.

Their values stand in the address (`bind`), so that a link carries the setting and a reload keeps it. A control
whose value is to change by code must be drawn in the same run, or its address would win; so every tuning page
draws its controls before it waits for anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.shell import keys
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, Look, PostprocessConfig, Sign
from uad_core.pipeline.segment import HIGHEST_RATE, DetectConfig

PAPER = DetectConfig()
POST = PAPER.postprocess
# what was set on one page, or in one chapter, holds in the next, and stands in the address
KEEP: Any = {"bind": "query-params", "persist_state": "session"}
SUITS = "suits the model"
RATE = 5.0  # per cent, of false discoveries at first
PERCENTILES, EROSIONS, SIZES, RATES = (
    (80.0, 99.99),
    (0.0, 8.0),
    (0.0, 200.0),
    (1.0, float(HIGHEST_RATE)),
)  # what the sliders reach
PLACES = {"everywhere": "everywhere", "white-matter": "white-matter disease", "own-mask": "within my own mask"}
DEFAULTS = {keys.PERCENTILE: PAPER.percentile, keys.MEDIAN_SIZE: POST.median_size, keys.SIGNED: POST.signed,
            keys.MIN_LESION_MM3: POST.min_lesion_mm3, keys.EROSION_MM: POST.erosion_mm,
            keys.ABSOLUTE: False, keys.DISCOVERY: False, keys.LOOK: POST.look}  # fmt: skip


def percentile_slider(
    place: DeltaGenerator, key: str = keys.PERCENTILE, first: float = PAPER.percentile, of: str = "", **more: Any
) -> float:
    """Of the healthy residuals, those `of` one model if named; `more` goes to the slider."""
    return place.slider(
        f"Percentile{of or ' of healthy residuals'}", *PERCENTILES, first, 0.01, "%.2f", key=key, bind="query-params",
        **more, help="Per cent. So many voxels of healthy brains lie below the threshold; the rest is flagged in every "
        f"scan, healthy ones too. The paper: {PAPER.percentile:g}.",
    )  # fmt: skip


def follow_the_model(key: str, suits: float) -> None:
    """Before a slider is drawn: one that was never moved goes from what suited another model to what suits this one."""
    suited, value = f"{keys.SUITED} {key}", st.session_state.get(key)
    if value is not None and value != st.session_state.get(suited, suits):
        st.session_state[suited] = None  # moved, whatever it suits later
    else:
        st.session_state[suited] = suits
        if value not in (None, suits):
            st.session_state[key] = suits


def median_slider(
    place: DeltaGenerator, key: str = keys.MEDIAN_SIZE, first: int = POST.median_size, of: str = " size", **more: Any
) -> int:
    """Edge of the median's cube in voxels; `more` goes to the slider."""
    help_text = f"Voxels of 1 mm, edge of the cube; 1 switches the filter off. The paper: {POST.median_size}."
    return place.select_slider(f"Median{of}", MEDIAN_SIZES, first, key=key, bind="query-params", **more, help=help_text)


def size_slider(place: DeltaGenerator) -> float:
    """Minimum region size in mm3."""
    return place.slider(
        "Minimum region size", *SIZES, POST.min_lesion_mm3, 1.0, "%d mm³", key=keys.MIN_LESION_MM3, bind="query-params",
        help=f"mm³. Connected components smaller than this are removed. The paper: {POST.min_lesion_mm3:g}.",
    )  # fmt: skip


def pick_setting(checkpoint: Checkpoint, sliders: Sequence[DeltaGenerator], more: DeltaGenerator) -> DetectConfig:
    """The live chain's setting: threshold and sizes go into three `sliders`, the rest into `more`."""
    suits, (app, paper) = checkpoint.spec.percentile, more.columns(2)
    own = DEFAULTS | {keys.PERCENTILE: suits, keys.SIGNED: SUITS, f"{keys.SUITED} {keys.PERCENTILE}": suits}
    app.button(
        "App defaults", on_click=st.session_state.update, args=(own,), width="stretch",
        help=f"What suits {checkpoint.name}: percentile {suits:g}, {checkpoint.spec.signed} residual; the rest as in "
        "the paper.",
    )  # fmt: skip
    offer_reset(paper)
    absolute = more.toggle(
        "Absolute threshold", key=keys.ABSOLUTE, bind="query-params", help="A residual, in normalised intensity, in "
        "place of a percentile. Dragging the line in the histogram beyond the percentile's reach switches this on.",
    )  # fmt: skip
    discovery = more.toggle(
        "False-discovery rate", key=keys.DISCOVERY, bind="query-params", disabled=absolute, help="Beside the "
        "percentile, whose threshold it raises where too much would be false: flags nothing where nothing in this scan "
        "stands out from the healthy reference. It assumes that the scan's healthy voxels are like the reference's "
        "(same kind of scanner and of people).",
    )  # fmt: skip
    threshold = _threshold_box(sliders[0]) if absolute else None
    # out of force they are still drawn: what is not drawn is gone after a reload
    follow_the_model(keys.PERCENTILE, suits)
    percentile = percentile_slider(more if absolute or discovery else sliders[0], first=suits, disabled=absolute)
    rate = _rate_slider(sliders[0] if discovery and not absolute else more, disabled=absolute or not discovery)
    size, smallest = median_slider(sliders[1]), size_slider(sliders[2])
    sign = more.radio(
        "Residual", (SUITS, *SIGNS), key=keys.SIGNED, bind="query-params", horizontal=True,
        help="absolute: |scan - reconstruction|, the paper's; positive: only what is brighter than expected. "
        f"Recommended for {checkpoint.name}: {checkpoint.spec.signed}.",
    )  # fmt: skip
    look = more.selectbox(
        "Where to look", list(PLACES), key=keys.LOOK, bind="query-params", format_func=lambda name: PLACES[name],
        help="White-matter disease (MS, small vessels): the score is lowered by the atlas's probability of white "
        "matter, deep grey matter and ventricles. It misses lesions of the cortex: not for stroke. Your own mask is "
        "loaded on the page Scan.",
    )  # fmt: skip
    erosion = more.slider(
        "Erosion of the brain mask", *EROSIONS, POST.erosion_mm, 0.5, "%.1f mm", key=keys.EROSION_MM,
        bind="query-params", help="mm, in plane. Takes off the rim that imperfect skull stripping leaves. "
        f"Default: {POST.erosion_mm:g}.",
    )  # fmt: skip
    reference = _reference_box(checkpoint, more)
    signed = checkpoint.spec.signed if sign is None or sign == SUITS else cast(Sign, sign)
    post = PostprocessConfig(signed, size, erosion, smallest, cast(Look, look))
    return DetectConfig(percentile, threshold, reference, post, rate if discovery else None)


def _reference_box(checkpoint: Checkpoint, place: DeltaGenerator) -> str:
    """By name alone, so that a link means the same when scans were added; one that is not there is said."""
    references, usual = checkpoint.calibration.references, checkpoint.calibration.default_reference
    asked = st.query_params.get(keys.REFERENCE, usual)
    name = place.selectbox(
        "Healthy reference", list(references), list(references).index(usual), key=keys.REFERENCE, bind="query-params",
        help="The held-out healthy scans whose residuals give the percentile its meaning.",
    )  # fmt: skip
    if asked not in references:
        place.warning(f"{checkpoint.name} has no healthy reference of the name that was asked for; {name} is used.")
    kind = "simulated" if references[name].simulated else "real"
    place.caption(f"{name}: {kind}, {references[name].scans} scans.")
    return name


def _rate_slider(place: DeltaGenerator, disabled: bool) -> float:
    return place.slider(
        "False-discovery rate", *RATES, RATE, 1.0, "%d %%", key=keys.DISCOVERY_RATE, bind="query-params",
        disabled=disabled, help="Per cent. So many of the flagged voxels may be healthy ones, on average.",
    )  # fmt: skip


def offer_reset(place: DeltaGenerator, more: Mapping[str, Any] | None = None) -> None:
    """One click back to the paper's setting; `more` are the values of further controls by key."""

    def reset() -> None:
        there = {key: value for key, value in (more or {}).items() if key in st.session_state}
        st.session_state.update(DEFAULTS | there)

    place.button(
        "Paper's setting", on_click=reset, width="stretch",
        help=f"Percentile {PAPER.percentile:g}, median {POST.median_size}, erosion {POST.erosion_mm:g} mm, components "
        f"from {POST.min_lesion_mm3:g} mm³, {POST.signed} residual.",
    )  # fmt: skip


def set_threshold(value: float, percentile: float) -> None:
    """From a callback: make `value` the threshold, `percentile` of the healthy voxels lie below it.

    The percentile's slider moves there; where it does not reach so far, or where a threshold is set already, the value
    itself is set.
    """
    low, high = PERCENTILES
    if not st.session_state.get(keys.ABSOLUTE) and low <= percentile <= high:
        st.session_state.update({keys.PERCENTILE: round(percentile, 2), keys.DISCOVERY: False})
    else:
        st.session_state.update({keys.ABSOLUTE: True, keys.THRESHOLD: round(min(max(value, 0.0), 1.0), 4)})


def _threshold_box(place: DeltaGenerator) -> float:
    """The absolute threshold. Its address is written here, not bound: it must follow the line that is dragged."""
    kept = st.session_state.get(keys.THRESHOLD)
    if kept is None:
        try:
            kept = min(max(float(st.query_params.get(keys.THRESHOLD, "")), 0.0), 1.0)
        except ValueError:
            kept = 0.1
    st.session_state[keys.THRESHOLD_BOX] = kept

    def take() -> None:
        st.session_state[keys.THRESHOLD] = st.session_state[keys.THRESHOLD_BOX]

    value = place.number_input(
        "Threshold", 0.0, 1.0, step=0.005, format="%.4f", key=keys.THRESHOLD_BOX, on_change=take,
        help="Filtered residual in normalised intensity (brain tissue lies at 0.5). Voxels above it are flagged.",
    )  # fmt: skip
    st.session_state[keys.THRESHOLD] = value
    st.query_params[keys.THRESHOLD] = f"{value:.4f}"
    return float(value)
