"""The controls of a detection, with the paper's values as defaults and units in every help text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from uad_core.checkpoint import Checkpoint, checkpoint_names, load_checkpoint
from uad_core.models import MODELS
from uad_core.pipeline import DetectConfig, Reconstruction
from uad_core.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig

PAPER = DetectConfig()
DEFAULTS = {
    "percentile": PAPER.percentile,
    "median_size": PAPER.postprocess.median_size,
    "min_lesion_mm3": PAPER.postprocess.min_lesion_mm3,
    "signed": PAPER.postprocess.signed,
}


@st.cache_resource(show_spinner=False, max_entries=4)
def _load(name: str) -> Checkpoint:
    return load_checkpoint(name)


def pick_checkpoint() -> Checkpoint:
    """The sidebar's model picker, with one sentence on the model and on its weakness."""
    names = checkpoint_names()
    if not names:
        st.error("There is no checkpoint. Train one: python -m uad_core train --help")
        st.stop()
    checkpoint = _load(st.selectbox("Model", names, key="model", help="A checkpoint from the folder checkpoints/."))
    spec = MODELS[checkpoint.record["model"]]
    st.caption(f"{spec.idea} {spec.weakness}")
    return checkpoint


def keep_setting() -> None:
    """Carry the sliders over a run that does not draw them, such as one that shows progress."""
    for key, value in DEFAULTS.items():
        st.session_state[key] = st.session_state.get(key, value)


def pick_setting(
    reconstruction: Reconstruction, sliders: Sequence[DeltaGenerator], more: DeltaGenerator
) -> DetectConfig:
    """The live chain's setting: three of its controls go into `sliders`, the rest into `more`."""
    percentile = sliders[0].slider(
        "Percentile of healthy residuals", 80.0, 99.9, step=0.1, key="percentile", format="%.1f",
        help="Per cent. So many voxels of healthy brains lie below the threshold; the rest is flagged in every scan, "
        "healthy ones too. The paper: 98.",
    )  # fmt: skip
    size = sliders[1].select_slider(
        "Median size", MEDIAN_SIZES, key="median_size",
        help="Voxels of 1 mm, edge of the cube; 1 switches the filter off. The paper: 5.",
    )  # fmt: skip
    smallest = sliders[2].slider(
        "Minimum lesion size", 0.0, 200.0, step=1.0, key="min_lesion_mm3", format="%d mm³",
        help="mm³. Connected components smaller than this are removed. The paper: 6.",
    )  # fmt: skip
    sign = more.radio(
        "Residual", SIGNS, key="signed", horizontal=True,
        help="absolute: |scan - reconstruction|, the paper's; positive: only what is brighter than expected.",
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
    st.session_state.update(DEFAULTS)
