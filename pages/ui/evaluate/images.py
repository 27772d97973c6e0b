"""One patient of an evaluation: scan and truth, each model's filtered residual and segmentation, and the figures."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import streamlit as st

from pages.ui.evaluate.table import draw_patient_table, plain
from pages.ui.shell import keys
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.tasks import done
from pages.ui.viewer.viewer import Listeners, Panel, PanelLayout, show_panels
from uad_core.evaluate.metrics_file import Metrics, PatientRow, model_rows
from uad_core.evaluate.records import by_patient, subjects
from uad_core.evaluate.review import Map, case_of, fullest, map_of
from uad_core.evaluate.rows import EvaluationSession, open_session
from uad_core.evaluate.score_case import Case
from uad_core.render.readout import file_values
from uad_core.render.views import Overlay, overlay_view, scan_view
from uad_core.runs.evaluation import EvaluationRequest, EvaluationRun

MOST = 4  # models side by side
OnShare = Callable[[float], None]
Result = TypeVar("Result")


def chosen_patient(name: str, names: Sequence[str]) -> str | None:
    """Who of the subjects `names` of evaluation `name` is looked at; the address carries a number, not a name."""
    key = f"{keys.PATIENT_OF} {name}"
    if key not in st.session_state:
        asked, _, number = st.query_params.get(keys.PATIENT, "").rpartition(".")
        is_one = asked == name and number.isdecimal() and 1 <= int(number) <= len(names)
        st.session_state[key] = names[int(number) - 1] if is_one else None
    patient: str | None = st.session_state[key]
    if patient in names:
        st.query_params[keys.PATIENT] = f"{name}.{names.index(patient) + 1}"
        return patient
    st.query_params.pop(keys.PATIENT, None)
    return None


def choose_patient(name: str, patient: str | None) -> None:
    """Show that patient's images; None goes back to the table."""
    st.session_state[f"{keys.PATIENT_OF} {name}"] = patient
    st.session_state.pop(keys.RESULTS["level"], None)


def draw_patient(evaluation: EvaluationRun, metrics: Metrics, patient: str) -> None:
    """All that there is to see of one patient."""
    records = by_patient(metrics, patient)
    shown = _steer(evaluation, metrics, patient)
    about = next(iter(records.values()))
    lesion = f"a patient, {about['truth_ml']:.1f} ml of lesion at the levels searched"
    who = "a subject without a lesion mask, taken as healthy" if about["healthy"] else lesion
    st.markdown(f"**{plain(patient)}**: {'simulated' if metrics['simulated'] else 'real'} scan of {who}.")
    pictures = st.container()
    draw_patient_table(records)
    with pictures:
        request = evaluation.request or _ask_for_folder(evaluation, metrics)
        if not shown:
            st.info("Choose at least one model.")
        elif request:
            if unlike := request.differs_from(metrics):
                st.warning(f"Run with settings that this page lacks ({', '.join(unlike)}): pictures may differ.")
            run = (evaluation.name, evaluation.status.progress.get("updated"))
            session, case, maps = load_pictures(run, request, patient, shown)
            if changed := session.changed(model_rows(metrics)):
                models = ", ".join(changed)
                st.warning(
                    f"Trained or calibrated anew since this evaluation: {models}. Pictures and figures may differ."
                )
            _show_slices(case, maps, records)


def _ask_for_folder(evaluation: EvaluationRun, metrics: Metrics) -> EvaluationRequest | None:
    """Of the scans of an evaluation that was run on the command line: its records name no path."""
    folder = st.text_input(
        "Folder of these scans", key=f"{keys.RESULTS['scans']} {evaluation.name}", placeholder="/path/to/cohort",
        help="This evaluation was run on the command line, and its records name no path. Where the cohort lies, its "
        "scans can be shown.", persist_state="session",
    )  # fmt: skip
    if not folder.strip():
        st.info("Its scans do not come with these figures. Where you have them, name their folder to see them.")
    path = Path(folder.strip())
    with suppress(RuntimeError):  # the home of nobody
        path = path.expanduser()
    return EvaluationRequest.from_metrics(path, evaluation.name, metrics) if folder.strip() else None


def _steer(evaluation: EvaluationRun, metrics: Metrics, patient: str) -> list[str]:
    """Back, to the neighbours, and which models to see."""
    names, rows = subjects(metrics), list(metrics["models"])
    index = names.index(patient)
    back, before, after, models = st.columns([1.2, 0.6, 0.6, 4], vertical_alignment="bottom")
    for place, label, icon, to, help_text in (
        (back, "All results", "arrow_back", None, "Back to table and charts."),
        (before, "", "chevron_left", index - 1, "The subject before."),
        (after, "", "chevron_right", index + 1, "The next subject."),
    ):
        off = to is not None and not 0 <= to < len(names)
        place.button(
            label, icon=f":material/{icon}:", on_click=choose_patient, help=help_text, disabled=off, width="stretch",
            args=(evaluation.name, None if to is None or off else names[to]), key=f"go {help_text}",
        )  # fmt: skip
    return models.multiselect(
        "Models", rows, rows[:MOST], max_selections=MOST, key=f"{keys.RESULTS['shown']} {evaluation.name}",
        help=f"Up to {MOST} rows of the table. Each reconstructs the scan once, which takes some seconds.",
    )  # fmt: skip


def load_pictures(
    run: tuple[object, ...], request: EvaluationRequest, patient: str, shown: Sequence[str]
) -> tuple[EvaluationSession, Case, list[Map]]:
    """Models, the patient's scan, and a map for each of the rows `shown`; waits for what is not in memory yet.

    Args:
        run: what tells this run of this evaluation from every other.
    """

    def loaded(kind: str, what: tuple[str, ...], step: str, work: Callable[[OnShare], Result]) -> Result:
        key = (kind, *run, request.cohort, *what)  # with the kind: a subject may have the name of a model

        def reporting(on_progress: OnProgress) -> Result:
            on_progress(step, 0.0)
            return work(lambda share: on_progress(step, share))

        return done(key, Work(reporting, f"{kind} of an evaluation", 5.0))

    session = loaded(
        "models", (), "loading models", lambda _: open_session(request.cohort, request.models, request.config)
    )
    case = loaded("case", (patient,), "preparing the scan", lambda _: case_of(session, patient))
    maps = [loaded("map", (patient, key), f"reconstructing with {key}", partial(map_of, session, case, key))
            for key in shown]  # fmt: skip
    return session, case, maps


@st.fragment
def _show_slices(case: Case, maps: Sequence[Map], records: Mapping[str, PatientRow]) -> None:
    """Scan and truth on the left, then each model's filtered residual over its segmentation, as the paper's Fig. 4."""
    levels = case.prepared.slab.levels
    if st.session_state.get(keys.RESULTS["level"]) not in levels:
        st.session_state[keys.RESULTS["level"]] = levels[fullest(case)]
    level = st.session_state[keys.RESULTS["level"]]
    index = level - levels[0]
    scan = scan_view(case.prepared, index)
    has_mask = "Truth, outlined" if case.subject.lesion else "No lesion mask"
    outline = overlay_view(case.prepared, index, Overlay(truth=case.truth))
    values = file_values(case.prepared, "axial", index)
    above, below = [Panel(scan, "Scan", values=values)], [Panel(scan, has_mask, outline)]
    for one in maps:
        key, residual = one.row.key, scan_view(case.prepared, index, one.values, one.white)
        above.append(Panel(residual, f"{key}: white is {one.white:.3g}", windowed=False))
        flagged = overlay_view(case.prepared, index, Overlay(one.mask, case.truth))
        below.append(Panel(scan, f"{key}: {_score(records[key])}", flagged))

    def move(to: int) -> None:
        st.session_state[keys.RESULTS["level"]] = to

    show_panels([*above, *below], "eval_slices", PanelLayout(200, len(above), level, levels), Listeners(move))
    if len(levels) > 1:
        st.slider(
            "Axial level", levels[0], levels[-1], key=keys.RESULTS["level"],
            help="Atlas millimetres above the lowest slice of the brain; the wheel and the arrow keys move it too.",
        )  # fmt: skip
    st.caption(
        "Above: filtered residuals, black 0. Below, orange: flagged, above the threshold from healthy scans; blue "
        "outline: the truth. Drag over a scan to change the grey window, double-click to reset it."
    )


def _score(record: PatientRow) -> str:
    if record["flagged_ml"] is None:
        return "no threshold"
    return f"{record['flagged_ml']:.2f} ml flagged" if record["dice"] is None else f"Dice {record['dice']:.3f}"
