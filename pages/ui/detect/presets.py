"""A setting under a name, saved as a file and loaded again; the same file serves the command line."""

import re

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.inputs.model import LEVELS, is_whole, load
from pages.ui.inputs.settings import EROSIONS, PERCENTILES, RATE, RATES, SIZES
from pages.ui.shell import keys
from uad_core.detect.presets import Preset, PresetError, command_line
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions


def load_preset() -> None:
    """The sidebar's loader: outside the fast part of the page, as a preset chooses the model, too."""
    with st.expander("Load a preset", icon=":material/bookmark:"):
        st.file_uploader(
            "Preset (JSON)", type="json", key=keys.PRESET, on_change=_take, max_upload_size=1,
            help="A file that this page saved. It sets the model and every control.",
        )  # fmt: skip
        if problem := st.session_state.get(keys.PRESET_PROBLEM):
            st.error(problem)


def save_preset(checkpoint: Checkpoint, config: DetectConfig, options: PrepareOptions, place: DeltaGenerator) -> None:
    """The setting as it stands: a file to download, and a command line."""
    suggested = f"{checkpoint.name} {config.percentile:g}"
    name = place.text_input("Name", suggested, max_chars=60, key="preset name", help="Of the preset.")
    try:
        data = Preset(name.strip(), checkpoint.name, config).to_json()
    except PresetError as error:
        place.error(str(error))
        return
    stem = re.sub(r"[^0-9A-Za-z]+", "-", name).strip("-") or "preset"
    place.download_button(
        "Save as a file", data, f"{stem}.json", "application/json", on_click="ignore", width="stretch",
        help="To load here again, or for: python -m uad_core detect SCAN --preset FILE --out FOLDER",
    )  # fmt: skip
    place.caption("The same on the command line:")
    place.code(command_line(checkpoint, config, options), language=None, wrap_lines=True)


def _take() -> None:
    """Set every control to the preset's value, or leave a sentence and the controls as they are."""
    upload = st.session_state[keys.PRESET]
    st.session_state[keys.PRESET_PROBLEM] = ""
    try:
        if upload is not None:
            _apply(Preset.from_json(upload.getvalue()))
    except PresetError as error:
        st.session_state[keys.PRESET_PROBLEM] = str(error)


def _apply(preset: Preset) -> None:
    """Raises PresetError for what this page cannot show."""
    config, post = preset.config, preset.config.postprocess
    if preset.model not in checkpoint_names():
        raise PresetError(f"This preset is for checkpoint {preset.model}, which is not here.")
    references = load(preset.model).calibration.references
    if config.reference not in (None, *references):
        raise PresetError(
            f"Checkpoint {preset.model} has no healthy reference of this preset's name; it has {', '.join(references)}."
        )
    for what, value, (low, high) in (
        ("percentile", config.percentile, PERCENTILES),
        ("false-discovery rate", config.false_discovery or RATE, RATES),
        ("erosion", post.erosion_mm, EROSIONS),
        ("minimum lesion size", post.min_lesion_mm3, SIZES),
    ):
        if not low <= value <= high:
            raise PresetError(
                f"This preset's {what} is {value:g}; this page goes from {low:g} to {high:g}. "
                "The command line takes it: --preset."
            )
    st.session_state.update(
        {
            keys.LEVELS: LEVELS[is_whole(preset.model)],
            keys.MODEL: preset.model,
            keys.PERCENTILE: config.percentile,
            keys.ABSOLUTE: config.threshold is not None,
            keys.THRESHOLD: config.threshold,
            keys.DISCOVERY: config.false_discovery is not None,
            keys.DISCOVERY_RATE: config.false_discovery or RATE,
            keys.LOOK: post.look,
            keys.SIGNED: post.signed,
            keys.MEDIAN_SIZE: post.median_size,
            keys.EROSION_MM: post.erosion_mm,
            keys.MIN_LESION_MM3: post.min_lesion_mm3,
        }
    )
    st.session_state.pop(keys.REFERENCE, None)  # None: the one that the checkpoint names first
    if config.reference is not None:
        st.session_state[keys.REFERENCE] = config.reference
