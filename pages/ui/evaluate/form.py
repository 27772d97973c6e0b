"""The form that starts an evaluation, with the paper's values as defaults and units in every help text."""

from pathlib import Path

import streamlit as st

from pages.ui.runs.view import KEEP, attempt, cohorts_in_project, free_name
from pages.ui.shell import keys
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.rows import PLAIN
from uad_core.evaluate.tables import counted
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.models import COMPARED
from uad_core.models.checkpoint import checkpoint_names
from uad_core.pipeline.postprocess import MEDIAN_SIZES
from uad_core.runs.background_run import NAME
from uad_core.runs.evaluation import MOST, EvaluationRequest, EvaluationRun

ASKED = keys.EVALUATE
SIGNS = {
    "own": "What suits each model",
    "absolute": "Absolute, as in the paper",
    "positive": "Positive: too bright only",
    "both": "Both, a row for each",
}


def ask_for_cohort() -> None:
    """A cohort folder that lies in the project, or one by its path."""
    found = {folder: counts for folder, counts in cohorts_in_project().items() if counts[0]}
    folders = sorted(found, key=lambda folder: (Path(folder) != SAMPLES, folder))
    st.selectbox(
        "Cohort", folders, key=ASKED["cohort"], format_func=lambda folder: _named(folder, found.get(folder, (0, 0))),
        help="Folders in this project that hold <subject>_FLAIR.nii.gz with <subject>_lesion.nii.gz for patients. "
        "The bundled samples are simulated.", **KEEP,
    )  # fmt: skip
    st.text_input(
        "Another cohort folder", key=ASKED["folder"], placeholder="/path/to/cohort",
        help="Path of a folder on this machine: whole heads, prepared volumes or single prepared slices (PNG). "
        "If given, it replaces the one above.", **KEEP,
    )  # fmt: skip


def ask_for_models() -> None:
    """Two to eight checkpoints, plain intensity among them if wanted."""
    names = [*checkpoint_names(), PLAIN]
    st.multiselect(
        "Models", names, [name for name in COMPARED if name in names], max_selections=MOST, key=ASKED["models"],
        bind="query-params",
        help=f"Up to {MOST} checkpoints. Include intensity: it is model 0, the baseline that the others have to beat. "
        f"{PLAIN} scores the intensity of the scan itself, without a threshold. anogan needs seconds for a slice, "
        "minutes for a head.",
    )  # fmt: skip
    st.caption(
        "All models see the same voxels: the axial levels that every one of them was trained on. Thresholds come from "
        "held-out healthy scans; lesion masks are not used for them."
    )


def ask_for_settings() -> None:
    """Name and numbers, with the paper's as defaults."""
    places = st.columns([1.2, 1, 0.8, 1.4, 1, 1], vertical_alignment="bottom")
    places[0].text_input(
        "Name", key=ASKED["name"], placeholder=_free_name(), max_chars=60,
        help="Of the evaluation's folder: letters, digits, - and _. If empty, the suggested name is used.", **KEEP,
    )  # fmt: skip
    places[1].number_input(
        "Percentile", 50.0, 99.9, EvaluateConfig.percentile, 0.5, "%.1f", key=ASKED["percentile"], bind="query-params",
        help=f"Per cent of healthy residuals that lie below the threshold. The paper: {EvaluateConfig.percentile:g}.",
    )  # fmt: skip
    places[2].selectbox(
        "Median size", MEDIAN_SIZES, MEDIAN_SIZES.index(EvaluateConfig.median_size), key=ASKED["median_size"],
        bind="query-params", help="Voxels of 1 mm, edge of the cube; 1 switches the filter off. "
        f"The paper: {EvaluateConfig.median_size}.",
    )  # fmt: skip
    places[3].selectbox(
        "Residual", SIGN_CHOICES, SIGN_CHOICES.index(EvaluateConfig.signed), key=ASKED["signed"], bind="query-params",
        format_func=lambda sign: SIGNS[sign], help="Scan minus reconstruction, in normalised intensity.",
    )  # fmt: skip
    places[4].number_input(
        "Limit", 1, 100_000, None, step=1, key=ASKED["limit"], placeholder="all", bind="query-params",
        help="Largest number of patients, and of healthy subjects: the first by name.",
    )  # fmt: skip
    places[5].button(
        "Evaluate", type="primary", on_click=_start, width="stretch", icon=":material/play_arrow:",
        help="It runs in its own process: this page and its server may be closed. About 15 seconds a head and "
        "1 second a slice with four models on two cores.",
    )  # fmt: skip


def _start() -> None:
    """Start what the form says and go to its view, or leave a sentence and the form as it is."""
    fields = ("percentile", "median_size", "signed", "limit")
    given = {key: st.session_state[ASKED[key]] for key in fields}
    name, models = st.session_state[ASKED["name"]].strip() or _free_name(), tuple(st.session_state[ASKED["models"]])
    attempt(
        EvaluationRun,
        lambda: EvaluationRun.start(EvaluationRequest(_folder(), models, name, EvaluateConfig(**given))),
    )


def _folder() -> Path:
    return Path(st.session_state[ASKED["folder"]].strip() or st.session_state[ASKED["cohort"]] or "")


def _free_name() -> str:
    """The cohort's, unless an evaluation has it."""
    stem = _folder().name if NAME.fullmatch(_folder().name) else "cohort"
    return free_name(stem, lambda name: (EvaluationRun.home / name).exists())


def _named(folder: str, counts: tuple[int, int]) -> str:
    patients, healthy = counted(counts[0], "patient"), counted(counts[1], "healthy subject")
    bundled = ", bundled, simulated" if Path(folder) == SAMPLES else ""
    return f"{Path(folder).relative_to(ROOT)}{bundled} ({patients}, {healthy})"
