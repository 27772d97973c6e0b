"""The controls of a detection, with the paper's values as defaults and units in every help text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from uad_core.atlas import PAPER_SLAB
from uad_core.checkpoint import CHECKPOINTS, Checkpoint, checkpoint_names, load_checkpoint
from uad_core.models import MODELS
from uad_core.pipeline import DetectConfig, Reconstruction
from uad_core.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig

PAPER = DetectConfig()
COMPARED = ("denoiser", "intensity", "sae3", "svae")  # at first
STRONGEST = "denoiser"  # offered first; by the table in the README
DEFAULTS = {
    "percentile": PAPER.percentile,
    "median_size": PAPER.postprocess.median_size,
    "min_lesion_mm3": PAPER.postprocess.min_lesion_mm3,
    "signed": MODELS[STRONGEST].signed,
}


@st.cache_resource(show_spinner=False, max_entries=32)
def _load_once(name: str, written: int) -> Checkpoint:
    return load_checkpoint(name)


def _load(name: str) -> Checkpoint:
    """The checkpoint, read again when a training has written it anew."""
    return _load_once(name, (CHECKPOINTS / f"{name}.json").stat().st_mtime_ns)


def pick_checkpoint() -> Checkpoint:
    """The sidebar's pickers of levels and model, with a sentence on the model's idea and on its weakness."""
    name = st.selectbox(
        "Model", _offered(), key="model", on_change=_suit, help="A checkpoint from the folder checkpoints/."
    )
    checkpoint = _load(name)
    st.caption(f"{checkpoint.spec.idea} {checkpoint.spec.weakness}")
    if checkpoint.learned is False:
        st.warning("This model did not learn: it redraws healthy brains worse than one median brain for all would.")
    return checkpoint


def pick_checkpoints() -> list[Checkpoint]:
    """The sidebar's pickers of levels and of two to six models."""
    offered = _offered()
    wanted = [name for name in COMPARED if name in offered] or offered[:3]
    chosen = st.multiselect(
        "Models", offered, default=wanted, max_selections=6, key="models",
        help="Two to six checkpoints. Each is shown with the residual that suits it.",
    )  # fmt: skip
    return [_load(name) for name in chosen]


def _offered() -> list[str]:
    """Names of the checkpoints for the levels that the user picks, the strongest first."""
    names = checkpoint_names()
    if not names:
        st.error("There is no checkpoint. Train one: python -m uad_core train --help")
        st.stop()
    whole = {name for name in names if _load(name).slab.count > PAPER_SLAB.count}
    levels = st.radio(
        "Levels", ("Middle slices", "Whole brain"), key="levels", horizontal=True, disabled=not whole,
        help="The paper's 20 middle slices, or all axial levels, which takes about a minute. "
        "Each model knows only the levels that it was trained on.",
    )  # fmt: skip
    return sorted((name for name in names if (name in whole) == (levels == "Whole brain")), key=_strongest_first)


def _strongest_first(name: str) -> tuple[bool, str]:
    return not name.startswith(STRONGEST), name


def _suit() -> None:
    """Another model, another residual: each has one that suits it."""
    st.session_state["signed"] = _load(st.session_state["model"]).spec.signed


def keep_setting() -> None:
    """Carry the sliders over a run that does not draw them, such as one that shows progress."""
    for key, value in DEFAULTS.items():
        st.session_state[key] = st.session_state.get(key, value)


def shared_sliders(places: Sequence[DeltaGenerator]) -> tuple[float, int, float]:
    """Percentile, median size in voxels and minimum lesion size in mm3: the three sliders of every tuning page."""
    percentile = places[0].slider(
        "Percentile of healthy residuals", 80.0, 99.9, step=0.1, key="percentile", format="%.1f",
        help="Per cent. So many voxels of healthy brains lie below the threshold; the rest is flagged in every scan, "
        "healthy ones too. The paper: 98.",
    )  # fmt: skip
    size = places[1].select_slider(
        "Median size", MEDIAN_SIZES, key="median_size",
        help="Voxels of 1 mm, edge of the cube; 1 switches the filter off. The paper: 5.",
    )  # fmt: skip
    smallest = places[2].slider(
        "Minimum lesion size", 0.0, 200.0, step=1.0, key="min_lesion_mm3", format="%d mm³",
        help="mm³. Connected components smaller than this are removed. The paper: 6.",
    )  # fmt: skip
    return percentile, size, smallest


def pick_setting(
    reconstruction: Reconstruction, sliders: Sequence[DeltaGenerator], more: DeltaGenerator
) -> DetectConfig:
    """The live chain's setting: three of its controls go into `sliders`, the rest into `more`."""
    percentile, size, smallest = shared_sliders(sliders)
    sign = more.radio(
        "Residual", SIGNS, key="signed", horizontal=True,
        help="absolute: |scan - reconstruction|, the paper's; positive: only what is brighter than expected. "
        "Choosing a model chooses what suits it.",
    )  # fmt: skip
    calibration = reconstruction.checkpoint.calibration
    names = list(calibration.references)
    reference = more.selectbox(
        "Healthy reference", names, index=names.index(calibration.default_reference), key="reference",
        format_func=_reference_name(reconstruction),
        help="The held-out healthy scans whose residuals give the percentile its meaning.",
    )  # fmt: skip
    more.button("Back to the paper's setting", on_click=_reset, width="stretch")
    return DetectConfig(percentile, None, reference, PostprocessConfig(sign, size, min_lesion_mm3=smallest))


def _reference_name(reconstruction: Reconstruction) -> Callable[[str], str]:
    references = reconstruction.checkpoint.calibration.references
    return lambda name: (
        f"{name} ({'simulated' if references[name].simulated else 'real'}, {references[name].scans} scans)"
    )


def _reset() -> None:
    st.session_state.update(DEFAULTS | {"signed": PAPER.postprocess.signed})
