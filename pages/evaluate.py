"""Models on a cohort with lesion masks: tables and charts of the experiment, and the images of each patient."""

from functools import partial

import streamlit as st

from pages.ui.evaluate.charts import draw_dice, draw_legend, draw_precision_recall, draw_residuals
from pages.ui.evaluate.form import ask_for_cohort, ask_for_models, ask_for_settings
from pages.ui.evaluate.images import choose_patient, chosen_patient, draw_patient
from pages.ui.evaluate.patients import draw_patients
from pages.ui.evaluate.progress import draw_progress, offer_actions
from pages.ui.evaluate.summary import draw_about, draw_heading, draw_sentences
from pages.ui.evaluate.table import draw_table, offer_files
from pages.ui.runs.view import draw_problem, offer_deletion, pick
from pages.ui.shell.page import banner, start_page
from uad_core.evaluate.records import subjects
from uad_core.runs.evaluation import EvaluationRun


def main() -> None:
    start_page()
    with st.sidebar:
        chosen = pick(EvaluationRun, EvaluationRun.all(), lambda run: run.is_active or run.state == "done")
    if chosen is None:
        _ask()
    elif chosen.state == "done":
        _show(chosen)
    else:
        st.subheader(chosen.name, anchor=False)
        st.fragment(run_every=1 if chosen.is_active else None)(_watch)(chosen)
    banner()


def _ask() -> None:
    st.subheader("New evaluation", anchor=False)
    st.caption(
        "Several models on all patients of a cohort, compared with the lesion masks: what each model finds, how "
        "certain that is, and whether it is better than the brightness of the scan itself."
    )
    cohort, models = st.columns(2, gap="medium")
    with cohort:
        ask_for_cohort()
    with models:
        ask_for_models()
    ask_for_settings()
    draw_problem(EvaluationRun)


def _watch(evaluation: EvaluationRun) -> None:
    """Drawn again every second while it is under way; the whole page when its state has changed."""
    now = EvaluationRun.read(evaluation.folder)
    if now.state != evaluation.state:
        st.rerun()
    draw_problem(EvaluationRun)
    draw_progress(now)
    offer_actions(now)


def _show(evaluation: EvaluationRun) -> None:
    metrics, curves = evaluation.metrics(), evaluation.curves()
    if not metrics or not curves:
        st.error("The records of this evaluation are damaged. Run it again.", icon=":material/error:")
        offer_deletion(evaluation)
        return
    draw_heading(evaluation.name, metrics)
    if patient := chosen_patient(evaluation.name, subjects(metrics)):
        draw_patient(evaluation, metrics, patient)
        return
    draw_about(metrics)
    draw_table(metrics)
    draw_sentences(metrics)
    if metrics["patients"]:
        draw_legend(curves)
        residuals, precision, dice = st.columns(3, gap="medium")
        with residuals:
            draw_residuals(metrics, curves)
        with precision:
            draw_precision_recall(metrics, curves)
        with dice:
            draw_dice(metrics)
    else:
        st.info("No subject has a lesion at these levels; only false positives are shown.")
    draw_patients(metrics, partial(choose_patient, evaluation.name))
    offer_files(evaluation, metrics)
    offer_deletion(evaluation)


main()
