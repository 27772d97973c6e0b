"""Models on a cohort with lesion masks: tables and charts of the experiment, and the images of each patient."""

from functools import partial

import streamlit as st

from pages.ui.evaluate import charts, form, table
from pages.ui.evaluate.images import choose_patient, chosen_patient, draw_patient
from pages.ui.evaluate.patients import draw_patients
from pages.ui.runs.view import draw_problem, offer_deletion, offer_rename, pick
from pages.ui.shell.page import banner, start_page
from uad_core.evaluate.records import subjects
from uad_core.runs.evaluation import EvaluationRun, MeasuredEvaluation


def ask() -> None:
    """The form of a new evaluation."""
    st.subheader("New evaluation", anchor=False)
    st.caption(
        "Several models on all patients of a cohort, compared with the lesion masks: what each model finds, how "
        "certain that is, and whether it is better than the brightness of the scan itself."
    )
    cohort, models = st.columns(2, gap="medium")
    with cohort:
        form.ask_for_cohort()
    with models:
        form.ask_for_models()
    form.ask_for_settings()
    draw_problem(EvaluationRun)


def watch(evaluation: EvaluationRun) -> None:
    """Drawn again every second while it is under way; the whole page when its state has changed."""
    now = EvaluationRun.read(evaluation.folder)
    if now.state != evaluation.state:
        st.rerun()
    draw_problem(EvaluationRun)
    form.draw_progress(now)


def show(evaluation: EvaluationRun) -> None:
    """The results, or one patient's images."""
    metrics, curves = evaluation.metrics(), evaluation.curves()
    if not metrics or not curves:
        st.error("The records of this evaluation are damaged. Run it again.", icon=":material/error:")
        offer_deletion(evaluation)
        return
    st.subheader(f"{evaluation.name}: {'SIMULATED' if metrics['simulated'] else 'real'} scans", anchor=False)
    if patient := chosen_patient(evaluation.name, subjects(metrics)):
        draw_patient(evaluation, metrics, patient)
        return
    table.draw_about(metrics)
    table.draw_table(metrics)
    table.draw_sentences(metrics)
    if metrics["patients"]:
        charts.draw_legend(curves)
        residuals, precision, dice = st.columns(3, gap="medium")
        with residuals:
            charts.draw_residuals(metrics, curves)
        with precision:
            charts.draw_precision_recall(metrics, curves)
        with dice:
            charts.draw_dice(metrics)
    else:
        st.info("No subject has a lesion at these levels; only false positives are shown.")
    seen = "images" if evaluation.request else "figures, and its images where you have the scans"
    draw_patients(metrics, partial(choose_patient, evaluation.name), seen)
    table.offer_files(evaluation, metrics)
    if isinstance(evaluation, MeasuredEvaluation):
        st.caption("This evaluation ships with the project; the scans behind it do not.")
    else:
        with st.container(horizontal=True):
            offer_rename(evaluation)
            offer_deletion(evaluation)


start_page()
with st.sidebar:
    evaluations = [*EvaluationRun.all(), *MeasuredEvaluation.all()]
    chosen = pick(EvaluationRun, evaluations, lambda run: run.is_active or run.state == "done")
if chosen is None:
    ask()
elif chosen.state == "done":
    show(chosen)
else:
    st.subheader(chosen.name, anchor=False)
    st.fragment(run_every=1 if chosen.is_active else None)(watch)(chosen)
banner()
