"""Charts of one cohort: residual histograms, precision-recall, Dice over percentile, patient by patient."""

import numpy as np
from matplotlib.figure import Figure

from uad_core.evaluate.metrics_file import BASELINE, model_rows
from uad_core.evaluate.records import by_row
from uad_core.experiment.contents import CohortResults
from uad_core.experiment.report.style import label_all, line_style, new_figure, small_multiples
from uad_core.render.colours import ANOMALOUS, NORMAL

COLUMNS = 4


def histograms(results: CohortResults) -> Figure:
    """Fig. 6: filtered residuals of normal and anomalous voxels, each of unit area, a panel a model."""
    models = {row.key: row for row in model_rows(results.metrics)}
    figure, axes = small_multiples(len(models), COLUMNS, 2.5, 1.9)
    for panel, (key, row) in zip(axes, models.items(), strict=True):
        curve, threshold = results.curves["models"][key], row.threshold
        normal, anomalous = np.array(curve["normal"], float), np.array(curve["anomalous"], float)
        edges = np.linspace(0, 1, len(normal) + 1)
        reached = np.cumsum(normal + anomalous) / max((normal + anomalous).sum(), 1)
        bottom, top = (edges[np.searchsorted(reached, share)] for share in (0.0005, 0.9995))
        for counts, colour in ((normal, NORMAL), (anomalous, ANOMALOUS)):
            if counts.sum():
                density = counts / counts.sum() / np.diff(edges)
                panel.stairs(density, edges, color=colour, fill=True, alpha=0.35)
                panel.stairs(density, edges, color=colour, linewidth=1.1)
        if threshold is not None:
            panel.axvline(threshold, color="black", linestyle="--", linewidth=0.9)
            top = max(top, 1.15 * threshold)
        panel.set(title=key, xlim=(bottom, min(top + 2 * edges[1], 1.0)), yscale="log")
    label_all(axes, min(COLUMNS, len(axes)), "filtered score", "density")
    return figure


def precision_recall(results: CohortResults) -> Figure:
    """All models in one chart, chance among them."""
    figure = new_figure(7.6, 4.0)
    panel = figure.subplots()
    for index, row in enumerate(model_rows(results.metrics)):
        curve, area = results.curves["models"][row.key], row.auprc_pooled.mean
        name = f"{row.key}  {area:.3f}" if area is not None else row.key
        panel.plot(curve["recall"], curve["precision"], **line_style(index), linewidth=1.5, label=name)
    chance = results.metrics["auprc_chance"]
    if chance is not None:
        panel.axhline(chance, color="0.6", linewidth=1, label=f"chance  {chance:.3f}")
    panel.set(xlabel="recall (share of lesion voxels found)", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    panel.grid(color="0.9")
    figure.legend(loc="outside right upper", title="pooled AUPRC", frameon=False, handlelength=3)
    return figure


def dice_by_percentile(results: CohortResults) -> Figure | None:
    """Mean Dice at every percentile of the healthy residuals, those used marked; None without thresholds."""
    rows = model_rows(results.metrics)
    if not any(row.dice_by_percentile for row in rows):
        return None
    figure = new_figure(7.6, 4.0)
    panel = figure.subplots()
    ticks: list[str] = []
    for index, row in enumerate(rows):
        if row.dice_by_percentile:
            ticks = list(row.dice_by_percentile)
            values = np.array(list(row.dice_by_percentile.values()), float)  # None as NaN
            panel.plot(range(len(values)), values, **line_style(index), marker="o", markersize=3, label=row.key)
    used = {f"{one:g}" for row in rows if (one := row.percentile) is not None}
    for working in sorted(used & set(ticks), key=float):
        panel.axvline(ticks.index(working), color="0.6", linewidth=1, label=f"used: {working}")
    panel.set_xticks(range(len(ticks)), ticks)
    panel.set(xlabel="percentile of healthy residuals (not to scale)", ylabel="Dice, mean over patients")
    panel.set_ylim(bottom=0)
    panel.grid(color="0.9")
    figure.legend(loc="outside right upper", frameon=False, handlelength=3)
    return figure


def scatter(results: CohortResults) -> Figure | None:
    """AUPRC of each patient, a model against model 0; None where model 0 or a second row is missing."""
    keys = [key for key in results.metrics["models"] if key != BASELINE]
    own = by_row(results.metrics, BASELINE)
    if not keys or not own:
        return None
    figure, axes = small_multiples(len(keys), COLUMNS, 2.3, 2.45)
    for panel, key in zip(axes, keys, strict=True):
        theirs = by_row(results.metrics, key)
        names = [name for name in own if name in theirs]
        x, y = [own[name] for name in names], [theirs[name] for name in names]
        panel.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        panel.scatter(x, y, s=14, color=NORMAL, alpha=0.6, linewidths=0, clip_on=False, zorder=3)
        ahead = sum(b > a for a, b in zip(x, y, strict=True))
        panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=f"{key}\nbetter in {ahead} of {len(names)}")
        panel.set_xticks((0, 0.5, 1))
        panel.set_yticks((0, 0.5, 1))
    label_all(axes, min(COLUMNS, len(axes)), "AUPRC of intensity", "AUPRC of model")
    return figure
