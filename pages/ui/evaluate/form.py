"""The form that starts an evaluation, with the paper's values as defaults; and the view of one that is under way."""

from pathlib import Path

import streamlit as st

from pages.ui.inputs.settings import PAPER, PLACES
from pages.ui.runs import view
from pages.ui.runs.view import KEEP
from pages.ui.shell import keys
from uad_core.evaluate.config import SIGN_CHOICES, EvaluateConfig
from uad_core.evaluate.rows import PLAIN
from uad_core.evaluate.tables import counted
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.models import COMPARED
from uad_core.models.checkpoint import checkpoint_names
from uad_core.pipeline.postprocess import LOOKS_WITHOUT_MASK, MEDIAN_SIZES
from uad_core.runs.background_run import NAME
from uad_core.runs.evaluation import ADDED, KEPT, MOST, EvaluationRequest, EvaluationRun

ASKED = keys.EVALUATE
SIGNS = {"own": "What suits each model", "absolute": "Absolute, as in the paper",
         "positive": "Positive: too bright only", "both": "Both, a row for each"}  # fmt: skip


def ask_for_cohort() -> None:
    """A cohort folder that lies in the project, or one by its path."""
    found = {folder: counts for folder, counts in view.cohorts_in_project().items() if counts[0]}

    def named(folder: str) -> str:
        patients, healthy = found.get(folder, (0, 0))
        bundled = ", bundled, simulated" if Path(folder) == SAMPLES else ""
        numbers = f"{counted(patients, 'patient')}, {counted(healthy, 'healthy subject')}"
        return f"{Path(folder).relative_to(ROOT)}{bundled} ({numbers})"

    folders = sorted(found, key=lambda folder: (Path(folder) != SAMPLES, folder))
    st.selectbox(
        "Cohort", folders, key=ASKED["cohort"], format_func=named, **KEEP,
        help="Folders in this project that hold <subject>_FLAIR.nii.gz with <subject>_lesion.nii.gz for patients. "
        "The bundled samples are simulated.",
    )  # fmt: skip
    view.ask_for_folder(ASKED["folder"], ": whole heads, prepared volumes or single prepared slices (PNG). If given, "
                        "it replaces the one above.")  # fmt: skip


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
    places = st.columns([1.2, 1, 0.8, 1.4, 1], vertical_alignment="bottom")
    view.ask_for_name(places[0], ASKED["name"], _free_name(), "the evaluation's folder")
    places[1].number_input(
        "Percentile", 50.0, 99.9, None, 0.5, "%.1f", key=ASKED["percentile"], placeholder="each model's",
        bind="query-params", help="Per cent of healthy residuals that lie below the threshold. Empty: what suits each "
        f"model, as on the page Detect. The paper: {PAPER.percentile:g}.",
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
    look, rate, start = st.columns([2.2, 2.4, 2], vertical_alignment="bottom")
    look.selectbox(
        "Where to look", LOOKS_WITHOUT_MASK, format_func=lambda name: PLACES[name], key=ASKED["look"],
        bind="query-params", help="For white-matter disease the score is lowered by the atlas's probability of white "
        "matter, deep grey matter and ventricles: better for MS, harmful for stroke.",
    )  # fmt: skip
    rate.number_input(
        "False-discovery rate", 1.0, 50.0, None, 1.0, "%.0f", key=ASKED["false_discovery"], placeholder="none",
        bind="query-params", help="Per cent. Raises the percentile's threshold in each scan; flags nothing "
        "where nothing stands out from the healthy reference.",
    )  # fmt: skip
    start.button(
        "Evaluate", type="primary", on_click=_start, width="stretch", icon=":material/play_arrow:",
        help="It runs in its own process: this page and its server may be closed. About 15 seconds a head and "
        "1 second a slice with four models on two cores.",
    )  # fmt: skip


def _start() -> None:
    """Start what the form says and go to its view, or leave a sentence and the form as it is."""
    given = {key: st.session_state[ASKED[key]] for key in (*KEPT, *ADDED)}
    name, models = st.session_state[ASKED["name"]].strip() or _free_name(), tuple(st.session_state[ASKED["models"]])

    def start() -> EvaluationRun:
        return EvaluationRun.start(EvaluationRequest(_folder(), models, name, EvaluateConfig(**given)))

    view.attempt(EvaluationRun, start)


def _folder() -> Path:
    return Path(st.session_state[ASKED["folder"]].strip() or st.session_state[ASKED["cohort"]] or "")


def _free_name() -> str:
    """The cohort's, unless an evaluation has it."""
    stem = _folder().name if NAME.fullmatch(_folder().name) else "cohort"
    return view.free_name(stem, lambda name: (EvaluationRun.home / name).exists())


def draw_progress(evaluation: EvaluationRun) -> None:
    """Where it stands, in one line over a bar, or why it ended; stop, or start again."""
    progress, state = evaluation.status.progress, evaluation.state
    if state == "failed":
        st.error(evaluation.status.message, icon=":material/error:")
    elif state == "interrupted":
        st.warning("Interrupted: its process is gone.", icon=":material/warning:")
    elif state == "stopped":
        st.info("Stopped. Of an unfinished evaluation nothing is kept.")
    if evaluation.is_active:
        parts, share = [view.state_name(evaluation)], 0.0
        if state != "starting" and (total := progress.get("total", 0)):
            done = progress.get("done", 0)
            parts.append(f"{done} of {total} subjects")
            share = done / total
        if state == "evaluate" and (left := progress.get("seconds_left")) is not None:
            parts.append(f"{left:.0f} s left" if left < 90 else f"{left / 60:.0f} min left")
        st.progress(min(share, 1.0), text=" · ".join(parts))
    view.offer_stop(evaluation, "Ends it at once; only its settings are kept.")
    view.offer_resume(evaluation, "Start again", "With the same settings, from the beginning.")
    if not evaluation.is_active:
        view.offer_deletion(evaluation)
    if evaluation.log():
        view.draw_log(evaluation)
