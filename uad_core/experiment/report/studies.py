"""Charts across cohorts: the size of the latent, training curves, simulated against real."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from uad_core.evaluate.format import number
from uad_core.experiment.contents import CohortResults, ModelCard, Realism
from uad_core.experiment.report.style import label_all, line_style, new_figure, small_multiples
from uad_core.render.colours import ON_PAPER
from uad_core.render.html import Table

LATENT_MODELS = ("sae1", "sae2", "sae3", "dae")
NOT_TERMS = {"epoch", "validation", "images_per_second"}
COLUMNS = 4


def latent_rows(cohorts: Sequence[CohortResults], cards: Sequence[ModelCard]) -> list[dict[str, Any]]:
    """One record a model of the study that has a checkpoint: latent, healthy error, AUPRC by cohort."""
    rows = []
    for card in cards:
        if card.name in LATENT_MODELS and card.latents is not None:
            row = {"model": card.name, "latent": card.latent, "values": card.latents}
            row["healthy_l1"] = card.record.get("healthy_l1")
            for results in cohorts:
                row[f"auprc {results.name}"] = results.metrics["models"].get(card.name, {}).get("auprc_pooled")
            rows.append(row)
    return sorted(rows, key=lambda row: LATENT_MODELS.index(row["model"]))


def latent_study(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The table of those records, None without any, and the models of the study that are missing."""
    missing = [name for name in LATENT_MODELS if name not in {row["model"] for row in rows}]
    if not rows:
        return {"table": None, "missing": missing}
    areas = [key for key in rows[0] if key.startswith("auprc ")]
    headings = ["Model", "Latent", "Numbers", "Healthy l1", *(f"AUPRC, {key.removeprefix('auprc ')}" for key in areas)]
    lines = []
    for row in rows:
        about = [row["model"], row["latent"], f"{row['values']:,}", number(row["healthy_l1"], 4)]
        lines.append([*about, *(number(row[key]) for key in areas)])
    return {"table": Table(headings, lines), "missing": missing}


def latent_chart(rows: Sequence[dict[str, Any]]) -> Figure:
    """Healthy error and AUPRC of each latent, the smallest on the left."""
    rows = sorted(rows, key=lambda row: row["values"])
    cohorts = [key for key in rows[0] if key.startswith("auprc ") and any(row[key] is not None for row in rows)]
    figure = new_figure(10.2, 3.3)
    left, right = figure.subplots(1, 2)
    left.set_ylabel("healthy l1 error (normalised intensity)")
    right.set_ylabel("pooled AUPRC")
    _points(left, [row["healthy_l1"] for row in rows], 0, "")
    for index, key in enumerate(cohorts):
        _points(right, [row[key] for row in rows], index, key.removeprefix("auprc "))
    for panel in (left, right):
        panel.set_xticks(range(len(rows)), [f"{row['model']}\n{row['latent']}\n= {row['values']:,}" for row in rows])
        panel.set_xlim(-0.5, len(rows) - 0.5)
        panel.set_ylim(0, 1.12 * panel.get_ylim()[1])
        panel.grid(color="0.9", axis="y")
    if cohorts:
        figure.legend(*right.get_legend_handles_labels(), loc="outside right upper", title="cohort", frameon=False)
    return figure


def _points(panel: Axes, values: Sequence[float | None], index: int, name: str) -> None:
    shown = np.array(values, float)  # None as NaN
    mark, colour = "os^Dv"[index % 5], ON_PAPER[index % len(ON_PAPER)]
    panel.plot(range(len(shown)), shown, linestyle="none", marker=mark, color=colour, label=name)


def training_curves(cards: Sequence[ModelCard]) -> Figure | None:
    """Weighted terms of every training, an epoch a point; None where no checkpoint has a curve."""
    shown = [card for card in cards if card.record.get("loss_curve")]
    if not shown:
        return None
    terms = list(dict.fromkeys(term for card in shown for row in card.record["loss_curve"] for term in row))
    terms = [term for term in terms if term not in NOT_TERMS]
    figure, axes = small_multiples(len(shown), COLUMNS, 2.5, 2.0)
    for panel, card in zip(axes, shown, strict=True):
        curve = card.record["loss_curve"]
        epochs = [row["epoch"] + 1 for row in curve]
        for term in [*terms, "validation"]:
            values = np.array([row.get(term) for row in curve], float)  # None as NaN
            if (values > 0).any():
                values[values <= 0] = np.nan
                style = line_style(terms.index(term) + 1 if term in terms else 0)
                panel.plot(epochs, values, **style, marker="o", markersize=3, linewidth=1.2, label=term)
        panel.set(title=card.name, yscale="log")
        panel.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
        panel.set_xlim(min(epochs) - 0.4, max(epochs) + 0.4)
    label_all(axes, min(COLUMNS, len(axes)), "epoch", "weighted loss")
    handles = {name: line for a in axes for line, name in zip(*a.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside right upper", frameon=False)
    return figure


def realism_charts(realism: Realism) -> Figure:
    """Intensity densities and radial power spectra, simulated dashed, real solid."""
    figure = new_figure(9.4, 3.4)
    left, right = figure.subplots(1, 2)
    for index, name in enumerate(realism.densities):
        kind, dashes = ("simulated", "--") if name in realism.simulated else ("real", "-")
        style = {"color": ON_PAPER[(index * 4 + 5) % len(ON_PAPER)], "linestyle": dashes}
        label = f"{name} ({kind}, {realism.counts[name]} slices)"
        left.plot(realism.centres, realism.densities[name], **style, label=label)
        low, middle, high = realism.spectra[name][:, 1:]
        right.fill_between(realism.frequencies[1:], low, high, color=style["color"], alpha=0.18, linewidth=0)
        right.plot(realism.frequencies[1:], middle, **style)
    left.set(xlabel="normalised intensity", ylabel="density of brain voxels", xlim=(0, 1), ylim=(0, None))
    right.set(xlabel="spatial frequency (cycles per mm)", ylabel="power (normalised intensity²)", yscale="log")
    for panel in (left, right):
        panel.grid(color="0.9")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", frameon=False, ncols=2)
    return figure


def distances(realism: Realism) -> Table:
    """How far simulated and real slices are apart, two real cohorts, and two halves of one real cohort."""
    headings = ("Pair", "Earth mover's distance of intensities", "Spectra apart, dB", "Separated (AUC; .5 is a guess)")
    return Table(headings, [[row["pair"], row["intensity"], row["db"], row["auc"]] for row in realism.distances])
