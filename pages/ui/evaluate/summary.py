"""An evaluation in plain sentences: what was evaluated, who loses to model 0, and what the figures mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from uad_core.evaluate.records import FEW, against_model_0
from uad_core.evaluate.tables import about, counted


def plain(text: str) -> str:
    """Text with names from file names in it, so that Markdown shows every letter of it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!$:~<>|])", r"\\\1", text)


def draw_heading(name: str, metrics: Mapping[str, Any]) -> None:
    """Its name, simulated or real said with it."""
    st.subheader(f"{name}: {'SIMULATED' if metrics['simulated'] else 'real'} scans", anchor=False)


def draw_about(metrics: Mapping[str, Any]) -> None:
    """What was evaluated, and who was left out."""
    first, *rest = about(metrics)
    st.markdown(plain(first))
    for sentence in rest:
        st.markdown(f":material/info: {plain(sentence)}")


def draw_sentences(metrics: Mapping[str, Any]) -> None:
    """Who loses to model 0, what models knew, and what the figures mean."""
    lines, models = [], metrics["models"].items()
    compared = [(key, against) for key, model in models if (against := against_model_0(model))]
    for place, icon in (("below", "trending_down"), ("above", "trending_up"), ("level", "trending_flat")):
        if named := "; ".join(f"**{key}** {against.words}" for key, against in compared if against.place == place):
            where = "Not told apart from" if place == "level" else place.capitalize()
            lines.append(f":material/{icon}: {where} model 0, by paired difference of AUPRC (95 % interval): {named}.")
    if lazy := ", ".join(f"**{key}**" for key, model in models if model.get("learned") is False):
        lines.append(f":material/warning: Did not learn, one median slice reconstructs healthy brains better: {lazy}.")
    if known := ", ".join(f"**{key}** {seen}" for key, model in models if (seen := sum(model["seen"].values()))):
        lines.append(f":material/warning: Subjects that were trained or calibrated on, or whose brain was: {known}.")
    if 0 < metrics["patients"] < FEW:
        patients = counted(metrics["patients"], "patient")
        lines.append(f":material/info: Only {patients} with lesions: an interval over so few says little.")
    if lines:
        st.markdown("  \n".join(lines))
    thresholds = {
        f"{model['reference']} ({'simulated' if model['reference_simulated'] else 'real'}, "
        f"{model['reference_scans']} scans)"
        for model in metrics["models"].values()
        if model["reference"]
    }
    st.caption(
        f"Thresholds: percentile {metrics['config']['percentile']:g} of each model's filtered residuals in healthy "
        f"scans held out of its training, {', '.join(sorted(thresholds)) or 'none here'}; no lesion mask had a say. "
        "Brackets: 95 % interval, bootstrap over patients; ± is the standard deviation over patients. A lesion is "
        "found when a tenth of it is flagged; a flagged region is right when a tenth of it is lesion. False positives: "
        "in healthy subjects that no model here was trained on. BEST CASE: the threshold was picked on the truth, "
        "which no user has."
    )
