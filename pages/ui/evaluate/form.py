"""The form that orders an evaluation, with the paper's values as defaults and units in every help text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.evaluate.progress import attempt
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.rows import PLAIN
from uad_core.evaluate.tables import counted
from uad_core.io.paths import ROOT
from uad_core.models.checkpoint import checkpoint_names
from uad_core.pipeline.postprocess import MEDIAN_SIZES
from uad_core.runs.evaluation import EVALUATIONS, MOST, EvaluationRequest, find_evaluable, start_evaluation
from uad_core.runs.request import NAME

AT_FIRST = ("denoiser", "intensity", "sae3", "svae")
BUNDLED = "data_samples"  # whose scans are simulated
SIGNS = {
    "own": "What suits each model",
    "absolute": "Absolute, as in the paper",
    "positive": "Positive: too bright only",
    "both": "Both, a row for each",
}
KEEP: Any = {"persist_state": "session"}  # what was typed survives another view and another page


def ask_for_cohort() -> None:
    """A cohort folder that lies in the project, or one by its path."""
    found = {str(folder): counts for folder, counts in find_evaluable().items()}
    st.selectbox(
        "Cohort", list(found), key="eval_cohort", format_func=lambda folder: _named(folder, found.get(folder, (0, 0))),
        help="Folders in this project that hold <subject>_FLAIR.nii.gz with <subject>_lesion.nii.gz for patients. "
        "The bundled samples are simulated.", **KEEP,
    )  # fmt: skip
    st.text_input(
        "Another cohort folder", key="eval_folder", placeholder="/path/to/cohort",
        help="Path of a folder on this machine: whole heads, prepared volumes or single prepared slices (PNG). "
        "If given, it is evaluated in place of the one above.", **KEEP,
    )  # fmt: skip


def ask_for_models() -> None:
    """Two to eight checkpoints, plain intensity among them if wanted."""
    names = [*checkpoint_names(), PLAIN]
    st.multiselect(
        "Models", names, [name for name in AT_FIRST if name in names], max_selections=MOST, key="eval_models",
        bind="query-params",
        help=f"Up to {MOST} checkpoints. Take intensity along: it is model 0, which all others have to beat. {PLAIN} "
        "is the scan itself as score, without a threshold. anogan searches for seconds a slice: minutes a head.",
    )  # fmt: skip
    st.caption(
        "All models see the same voxels: the axial levels that every one of them was trained on. Thresholds come from "
        "held-out healthy scans; no lesion mask has a say in them."
    )


def ask_for_settings() -> None:
    """Name and numbers, with the paper's as defaults."""
    places = st.columns([1.2, 1, 0.8, 1.4, 1, 1], vertical_alignment="bottom")
    places[0].text_input(
        "Name", key="eval_name", placeholder=_free_name(), max_chars=60,
        help="Of the evaluation's folder: letters, digits, - and _. Left empty, the grey one is taken.", **KEEP,
    )  # fmt: skip
    places[1].number_input(
        "Percentile", 50.0, 99.9, EvaluateConfig.percentile, 0.5, "%.1f", key="eval_percentile", bind="query-params",
        help="Per cent of healthy residuals that lie below the threshold. The paper: 98.",
    )  # fmt: skip
    places[2].selectbox(
        "Median size", MEDIAN_SIZES, MEDIAN_SIZES.index(EvaluateConfig.median_size), key="eval_median_size",
        bind="query-params", help="Voxels of 1 mm, edge of the cube; 1 switches the filter off. The paper: 5.",
    )  # fmt: skip
    places[3].selectbox(
        "Residual", SIGN_CHOICES, SIGN_CHOICES.index(EvaluateConfig.signed), key="eval_signed", bind="query-params",
        format_func=lambda sign: SIGNS[sign], help="Scan less reconstruction, in normalised intensity.",
    )  # fmt: skip
    places[4].number_input(
        "Limit", 1, 100_000, None, step=1, key="eval_limit", placeholder="all", bind="query-params",
        help="At most so many patients, and as many healthy subjects: the first by name.",
    )  # fmt: skip
    places[5].button(
        "Evaluate", type="primary", on_click=_start, width="stretch", icon=":material/play_arrow:",
        help="It runs in a process of its own: this page, and its server, may be closed. About 15 seconds a head and "
        "1 second a slice with four models on two cores.",
    )  # fmt: skip


def _start() -> None:
    """Start what the form says and go to its view, or leave a sentence and the form as it is."""
    keys = ("percentile", "median_size", "signed", "limit")
    given = {key: st.session_state[f"eval_{key}"] for key in keys}
    name = st.session_state["eval_name"].strip() or _free_name()
    attempt(
        lambda: start_evaluation(EvaluationRequest(_folder(), tuple(st.session_state["eval_models"]), name, **given))
    )


def _folder() -> Path:
    return Path(st.session_state["eval_folder"].strip() or st.session_state["eval_cohort"] or "")


def _free_name() -> str:
    """The cohort's, numbered where it is taken."""
    stem = _folder().name
    stem = stem if NAME.fullmatch(stem) else "cohort"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 10_000))]
    return next(name for name in names if not (EVALUATIONS / name).exists())


def _named(folder: str, counts: tuple[int, int]) -> str:
    patients, healthy = counted(counts[0], "patient"), counted(counts[1], "healthy subject")
    relative = Path(folder).relative_to(ROOT)
    return f"{relative}{', bundled, simulated' if str(relative) == BUNDLED else ''} ({patients}, {healthy})"
