"""Which scans, which models; and the study as a job that outlives a reload."""

from pathlib import Path

import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.runs import view
from pages.ui.shell import keys
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.tasks import begin, wait_for
from uad_core.cohorts.find import RunError, usable_cohort
from uad_core.evaluate.setting_study import LEAST, MOST, SettingStudy, study_settings
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.io.volume import ScanError
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import checkpoint_names

ASKED = keys.CHOOSE
SECONDS = 30.0  # a scan, at first


def ask() -> tuple[str, tuple[str, ...]]:
    """The folder and the models' names, as the form has them."""
    st.markdown(
        f"Bring {LEAST} to {MOST} scans of your own scanner with reference masks, in a folder on this machine: "
        "`<subject>_FLAIR.nii.gz` with `<subject>_lesion.nii.gz`. Every percentile and median of the models is tried."
    )
    cohort, models, start = st.columns([2, 2, 1], vertical_alignment="bottom")
    with cohort:
        found = {name: counts for name, counts in view.cohorts_in_project().items() if counts[0] >= LEAST}
        st.selectbox(
            "Cohort", sorted(found, key=lambda name: (Path(name) != SAMPLES, name)), key=ASKED["cohort"], **view.KEEP,
            format_func=lambda name: f"{Path(name).relative_to(ROOT)} ({found.get(name, (0, 0))[0]} patients)",
            help="Folders in this project with enough patients.",
        )  # fmt: skip
        view.ask_for_folder(ASKED["folder"], ". If given, it replaces the one above.")
    names = checkpoint_names()
    with models:
        st.multiselect(
            "Models", names, [name for name in (STRONGEST, "intensity") if name in names], max_selections=6,
            key=ASKED["models"], help="One to six checkpoints, of the same axial levels.", **view.KEEP,
        )  # fmt: skip
    start.button(
        "Try all settings", type="primary", icon=":material/tune:", disabled=not all(_wanted()), width="stretch",
        on_click=_start, help="About half a minute a scan. The page may be left meanwhile.",
    )  # fmt: skip
    return _wanted()


def _wanted() -> tuple[str, tuple[str, ...]]:
    folder = st.session_state[ASKED["folder"]].strip() or st.session_state[ASKED["cohort"]] or ""
    return folder, tuple(st.session_state[ASKED["models"]])


def _start() -> None:
    """What the form has at the click: it may come before the page has drawn what was typed last."""
    st.session_state[keys.CHOOSE_ASKED] = _wanted()


def studied(folder: str, models: tuple[str, ...]) -> SettingStudy:
    """The study; progress until it is there, and a sentence where it cannot be made."""
    checkpoints = [load(name) for name in models]

    def work(on_progress: OnProgress) -> SettingStudy:
        try:
            return study_settings(usable_cohort(Path(folder)), checkpoints, on_progress)
        except RunError as error:
            raise ScanError("cohort", str(error)) from None

    key = ("settings", folder, tuple(checkpoint.identity for checkpoint in checkpoints))
    return wait_for(begin(key, Work(work, "try settings", SECONDS * MOST)))
