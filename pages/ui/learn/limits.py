"""The last chapter: what was measured, where it fails, and what the checkpoints were trained on."""

from typing import Any

import streamlit as st

from pages.ui.inputs.model import load
from pages.ui.learn.charts import draw_scores
from pages.ui.shell import keys
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.teaching import results

LEARNED = {True: "yes", False: "no: one median brain for all does better", None: "nothing to learn"}
STEPS = """
1. **Prepare**: remove the skull, register to the atlas, smooth noise away, set brain tissue to 0.5, cut axial slices of
   256 x 256 mm.
2. **Reconstruct**: the model reconstructs each slice. Once per scan.
3. **Residual**: |scan - reconstruction|, then a median over a small cube against the residue of folds.
4. **Threshold**: a percentile of the same filtered residual in healthy scans that the model never saw.
5. **Clean up**: a thin rim of the brain and components of a few cubic millimetres are dropped.

Baur, Wiestler, Albarqouni and Navab 2018, [arXiv 1804.04488](https://arxiv.org/abs/1804.04488).
"""
FAILS = """
- Lesions as grey as cortex leave no residual.
- A wide bottleneck reconstructs large lesions as well as healthy tissue.
- Scanners, contrasts and slice thickness that the model never saw raise the residual everywhere.
- Poor skull stripping lights up the rim.
- A percentile flags its share of every brain, healthy ones too; an empty mask says only that no voxel lies above the
  threshold.
"""


def draw_limits() -> None:
    """Figures first, then reasons, method and checkpoints."""
    table = results()
    scored = [column for column in table.columns[1:] if table.scores(column)] if table else []
    if table and scored:
        suits = next((column for column in scored if "positive" in column), scored[0])
        column = st.selectbox(
            "Score", scored, scored.index(suits), key=keys.LESSON_SCORE,
            help="A column of the README's table. AUPRC and Dice lie between 0 and 1; higher is better.",
        )  # fmt: skip
        draw_scores(table, str(column))
        with st.expander("How this was measured, and what did not reproduce"):
            st.markdown("\n\n".join([table.data, table.figures, *(f"- {finding}" for finding in table.findings)]))
    st.markdown("**Where it fails**")
    st.markdown(FAILS)
    with st.expander("The method in five steps"):
        st.markdown(STEPS)
    st.markdown("**Checkpoints, and what they were trained on**")
    st.dataframe([_row(load(name)) for name in checkpoint_names()], hide_index=True)


def _row(checkpoint: Checkpoint) -> dict[str, Any]:
    record, spec = checkpoint.record, checkpoint.spec
    cohorts = "; ".join(
        f"{entry['cohort']} ({'simulated' if entry['simulated'] else 'real'}, {len(entry['subjects'])} subjects, "
        f"{len(entry['held_out'])} held out)"
        for entry in record["trained_on"]
    )
    return {
        "checkpoint": checkpoint.name,
        "learned": LEARNED[checkpoint.learned],
        "epochs": record["epochs"],
        "minutes": round(record["seconds"] / 60),
        "levels": f"{checkpoint.slab.first} to {checkpoint.slab.levels[-1]}",
        "trained on": cohorts,
        "latent": spec.latent,
        "source": spec.source,
        "idea": spec.idea,
        "weakness": spec.weakness,
    }
