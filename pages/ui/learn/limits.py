"""The last chapter: what was measured, where it fails, and what the checkpoints were trained on."""

from typing import Any

import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.learn.charts import draw_scores
from pages.ui.learn.frame import LESSON
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.teaching import results

LEARNED = {True: "yes", False: "no: one median brain for all does better", None: "nothing to learn"}


def draw_limits() -> None:
    """Figures first, then reasons, method and checkpoints."""
    table = results()
    scored = [column for column in table.columns[1:] if table.scores(column)] if table else []
    if table and scored:
        suits = next((column for column in scored if "positive" in column), scored[0])
        column = st.selectbox(
            "Score", scored, scored.index(suits), key="lesson_score",
            help="A column of the README's table. AUPRC and Dice lie between 0 and 1; higher is better.",
        )  # fmt: skip
        draw_scores(table, str(column))
        with st.expander("How this was measured, and what did not reproduce"):
            st.markdown("\n\n".join([table.data, table.figures, *(f"- {finding}" for finding in table.findings)]))
    st.markdown("**Where it fails**")
    st.markdown(LESSON["fails"])
    with st.expander("The method in five steps"):
        st.markdown(LESSON["method"])
    st.markdown("**Checkpoints, and what they were trained on**")
    st.dataframe([_row(load(name)) for name in checkpoint_names()], hide_index=True)


def _row(checkpoint: Checkpoint) -> dict[str, Any]:
    record, spec = checkpoint.record, checkpoint.spec
    cohorts = [
        f"{entry['cohort']} ({'simulated' if entry['simulated'] else 'real'}, {len(entry['subjects'])} subjects, "
        f"{len(entry['held_out'])} held out)"
        for entry in record["trained_on"]
    ]
    return {
        "checkpoint": checkpoint.name,
        "learned": LEARNED[checkpoint.learned],
        "epochs": record["epochs"],
        "minutes": round(record["seconds"] / 60),
        "levels": f"{checkpoint.slab.first} to {checkpoint.slab.levels[-1]}",
        "trained on": "; ".join(cohorts),
        "latent": spec.latent,
        "source": spec.source,
        "idea": spec.idea,
        "weakness": spec.weakness,
    }
