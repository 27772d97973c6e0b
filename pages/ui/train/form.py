"""The form that starts a training, with the paper's values as defaults and units in every help text."""

from pathlib import Path

import streamlit as st

from pages.ui.runs.view import KEEP, ask_for_folder, ask_for_name, attempt, cohorts_in_project, free_name
from pages.ui.shell import keys
from uad_core.atlas.space import PAPER_SLAB, SLABS, WHOLE_BRAIN
from uad_core.evaluate.tables import counted
from uad_core.io.paths import CHECKPOINTS, ROOT, SAMPLES
from uad_core.models import MODELS
from uad_core.runs.training import TrainingRun, TrainRequest
from uad_core.train.config import TrainConfig

ASKED = keys.TRAIN
TOY = SAMPLES / "toy_cohort"
SLAB_LABELS = {"paper": f"The paper's {PAPER_SLAB.count} slices", "whole": "Whole brain"}
SCHEDULES = {"plain": "Constant, as in the paper", "cosine": "Falling to 0 (cosine)"}


def ask_for_data() -> None:
    """Cohort folders: those that lie in the project, and one by its path."""
    found = cohorts_in_project()
    st.multiselect(
        "Cohorts in this project", list(found), key=ASKED["cohorts"], placeholder="Choose one or more",
        format_func=lambda folder: f"{Path(folder).relative_to(ROOT)} "
        f"({counted(found.get(folder, (0, 0))[1], 'healthy subject')})",
        help="Folders of <subject>_FLAIR.nii.gz. Subjects with a lesion mask are left out. At least 2 healthy ones "
        "are needed in one of them; the paper has 83.", **KEEP,
    )  # fmt: skip
    ask_for_folder(ASKED["folder"], ". It is used together with those chosen above.")


def ask_for_model() -> None:
    """The model with its idea and its weakness."""
    names = list(MODELS)
    help_text = "All models with their numbers of parameters: python -m uad_core models."
    name = st.selectbox("Model", names, names.index(TrainConfig.model), key=ASKED["model"], help=help_text, **KEEP)
    spec = MODELS[name]
    st.markdown(f"{spec.idea} {spec.weakness}")
    st.caption(f"{spec.source}. Latent {spec.latent}.")


def ask_for_settings() -> None:
    """Name and numbers, with the paper's as defaults."""
    first, second = st.columns(4), st.columns(4, vertical_alignment="bottom")
    ask_for_name(first[0], ASKED["name"], _free_name(), "the run and its checkpoint")
    numbers = (
        ("Epochs", "epochs", 1, 100_000, f"Passes over all training slices. The paper: {TrainConfig.epochs}."),
        ("Batch size", "batch_size", 1, 1024, f"Slices in each step of learning. The paper: {TrainConfig.batch_size}."),
        ("Seed", "seed", 0, 2**31 - 1, "Same seed and same data: same weights, bit for bit on a CPU. A whole number."),
    )
    for column, (label, key, low, high, help_text) in zip(first[1:], numbers, strict=True):
        value = getattr(TrainConfig, key)
        column.number_input(label, low, high, value, step=1, key=ASKED[key], help=help_text, **KEEP)
    second[0].number_input(
        "Time limit (minutes)", 0.1, 100_000.0, None, step=10.0, key=ASKED["minutes"], placeholder="none",
        format="%.1f", help="Training ends, with a checkpoint, after the epoch in which this time is over.", **KEEP,
    )  # fmt: skip
    second[1].selectbox(
        "Slices", SLAB_LABELS, format_func=lambda key: SLAB_LABELS[key], key=ASKED["slab"],
        help=f"Axial levels of the atlas, 1 mm each: {PAPER_SLAB.count} around the middle of the brain, or all "
        f"{WHOLE_BRAIN.count}.", **KEEP,
    )  # fmt: skip
    second[2].selectbox(
        "Learning rate", SCHEDULES, format_func=lambda key: SCHEDULES[key], key=ASKED["schedule"],
        help="Each model has its own learning rates; this sets how they change over the epochs.", **KEEP,
    )  # fmt: skip
    problem = _problem(*_asked_for())
    second[3].button(
        "Start training", type="primary", on_click=_start, width="stretch", disabled=bool(problem),
        help="It runs in its own process: this page and its server may be closed.",
    )  # fmt: skip
    if problem:
        (st.error if _asked_for()[0] else st.info)(problem)


def offer_toy_cohort() -> None:
    """One click fills the form with what a class can watch to its end."""
    filled = {
        "cohorts": [str(TOY)],
        "folder": "",
        "model": "sae3",
        "epochs": 200,
        "minutes": 2.0,
        "name": "",
        "slab": "paper",
    }
    st.button(
        "Fill in two minutes with the toy cohort", icon=":material/school:", on_click=st.session_state.update,
        args=({ASKED[key]: value for key, value in filled.items()},),
        help="One slice each of 40 simulated healthy brains, which ship with the project: enough to see a model learn, "
        "too few for a model that is any good.",
    )  # fmt: skip


def _asked_for() -> tuple[tuple[str, ...], str]:
    """Cohort folders and name, as the form has them now."""
    folders = [*st.session_state[ASKED["cohorts"]], st.session_state[ASKED["folder"]].strip()]
    return tuple(folder for folder in folders if folder), st.session_state[ASKED["name"]].strip() or _free_name()


@st.cache_data(ttl=5, show_spinner=False)
def _problem(folders: tuple[str, ...], name: str) -> str:
    """Why a training could not start; "" where it could."""
    try:
        TrainingRun.check(_request(folders, name, TrainConfig()))
    except ValueError as error:
        return str(error)
    return ""


def _request(folders: tuple[str, ...], name: str, config: TrainConfig) -> TrainRequest:
    return TrainRequest(tuple(map(Path, folders)), name, config)


def _start() -> None:
    """Start what the form says and go to its view, or leave a sentence and the form as it is."""
    fields = ("model", "epochs", "batch_size", "seed", "minutes", "slab", "schedule")
    given = {key: st.session_state[ASKED[key]] for key in fields}
    given["slab"] = SLABS[given["slab"]]
    attempt(TrainingRun, lambda: TrainingRun.start(_request(*_asked_for(), TrainConfig(**given))))


def _free_name() -> str:
    """The model's, unless a checkpoint or a run has it."""
    return free_name(
        st.session_state[ASKED["model"]],
        lambda name: (CHECKPOINTS / f"{name}.json").exists() or (TrainingRun.home / name).exists(),
    )
