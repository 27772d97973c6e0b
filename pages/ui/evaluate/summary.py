"""An evaluation in plain sentences: what was evaluated, who loses to model 0, and what the figures mean."""

import re

import streamlit as st

from uad_core.evaluate.glossary import explanation
from uad_core.evaluate.metrics_file import Metrics, model_rows
from uad_core.evaluate.records import FEW, against_model_0
from uad_core.evaluate.tables import about, counted


def plain(text: str) -> str:
    """Text with names from file names in it, so that Markdown shows every letter of it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!$:~<>|])", r"\\\1", text)


def draw_heading(name: str, metrics: Metrics) -> None:
    """Its name, simulated or real said with it."""
    st.subheader(f"{name}: {'SIMULATED' if metrics['simulated'] else 'real'} scans", anchor=False)


def draw_about(metrics: Metrics) -> None:
    """What was evaluated, and who was left out."""
    first, *rest = about(metrics)
    st.markdown(plain(first))
    for sentence in rest:
        st.markdown(f":material/info: {plain(sentence)}")


def draw_sentences(metrics: Metrics) -> None:
    """Who loses to model 0, what models knew, and what the figures mean."""
    lines, rows = [], model_rows(metrics)
    compared = [(row.key, against) for row in rows if (against := against_model_0(row))]
    for verdict, icon in (("below", "trending_down"), ("above", "trending_up"), ("level", "trending_flat")):
        if named := "; ".join(f"**{key}** {against.words}" for key, against in compared if against.verdict == verdict):
            where = "No difference shown to" if verdict == "level" else verdict.capitalize()
            lines.append(f":material/{icon}: {where} model 0, by paired difference of AUPRC (95 % interval): {named}.")
    if unlearned := ", ".join(f"**{row.key}**" for row in rows if row.learned is False):
        lines.append(f":material/warning: Worse than the median training slice: {unlearned}.")
    if known := ", ".join(f"**{row.key}** {seen}" for row in rows if (seen := sum(row.seen.values()))):
        lines.append(f":material/warning: Subjects that were trained or calibrated on, or whose brain was: {known}.")
    if 0 < metrics["patients"] < FEW:
        patients = counted(metrics["patients"], "patient")
        lines.append(f":material/info: Only {patients} with lesions: an interval over so few says little.")
    if lines:
        st.markdown("  \n".join(lines))
    st.caption(plain(explanation(metrics)))
