"""The columns of a table of models, and a table as tab-separated or fixed-width text; `render.html` has HTML."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uad_core.evaluate.metrics_file import Figure, ModelRow
from uad_core.render.html import BEST, Cell, Table

NONE = "–"


@dataclass(frozen=True)
class Column:
    """A column: its `heading`, a `short` one for a terminal, and its cell in a row."""

    key: str
    heading: str
    short: str
    cell: Callable[[ModelRow], Cell]


def number(value: float | None, digits: int = 3) -> str:
    """A dash where there is no figure."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """`[0.381, 0.440]`; empty where there is none."""
    return "" if low is None or high is None else f"[{number(low, digits)}, {number(high, digits)}]"


def spread(figure: Figure, digits: int = 3, deviation: bool = True) -> Cell:
    """`0.412 ± 0.103` over `[0.381, 0.440]`."""
    if figure.mean is None:
        return Cell(NONE)
    std = f" ± {number(figure.std, digits)}" if deviation and figure.std is not None else ""
    return Cell(number(figure.mean, digits) + std, interval(figure.low, figure.high, digits))


def _difference(figure: str) -> Callable[[ModelRow], Cell]:
    return lambda row: spread(row.differences.get(figure, Figure()))


def _by_size(false_regions: str) -> Callable[[ModelRow], Cell]:
    def cell(row: ModelRow) -> Cell:
        return Cell(
            " / ".join(number(share, 2) for share in row.recall_by_size.get(false_regions, {}).values()) or NONE
        )

    return cell


COLUMNS = {
    column.key: column
    for column in (
        Column("key", "Model", "model", lambda row: Cell(row.key)),
        Column("signed", "Residual", "residual", lambda row: Cell(row.signed or "none")),
        Column("auprc_pooled", "AUPRC, pooled", "AUPRC pooled", lambda row: spread(row.auprc_pooled)),
        Column("auprc", "AUPRC, mean ± sd", "AUPRC mean", lambda row: spread(row.auprc)),
        Column("dice", "Dice, mean ± sd", "Dice", lambda row: spread(row.dice)),
        Column("lesion_recall", "Lesion recall", "recall", lambda row: Cell(number(row.lesion_recall.mean))),
        Column("lesion_precision", "Lesion precision", "precision",
               lambda row: Cell(number(row.lesion_precision.mean))),
        Column("lesion_f1", "Lesion F1", "lesion F1", lambda row: Cell(number(row.lesion_f1.mean))),
        Column("recall_at_1", "Lesions found at 1 false region a scan: < 50 / 50 to 200 / > 200 mm³",
               "found at 1 false: <50/50-200/>200", _by_size("1")),
        Column("recall_at_5", "Lesions found at 5 false regions a scan", "at 5 false", _by_size("5")),
        Column("flagged_ml", "Flagged, ml", "flagged ml", lambda row: Cell(number(row.flagged_ml.mean, 2))),
        Column("false_positive_ml", "False positives in healthy scans, ml", "healthy ml",
               lambda row: spread(row.false_positive_ml, 2, deviation=False)),
        Column("auprc_difference", "AUPRC less model 0's", "AUPRC - model 0", _difference("auprc")),
        Column("dice_difference", "Dice less model 0's", "Dice - model 0", _difference("dice")),
        Column("seconds", "Seconds a slice", "s/slice", lambda row: Cell(number(row.seconds_per_slice))),
        Column("best_dice", f"{BEST} Dice, mean ± sd", f"{BEST} Dice", lambda row: spread(row.best_dice)),
        Column("best_dice_pooled", f"{BEST} Dice, one threshold", f"{BEST} pooled",
               lambda row: Cell(number(row.best_dice_pooled))),
    )
}  # fmt: skip


def table(columns: Sequence[Column], rows: Iterable[ModelRow], short: bool = False) -> Table:
    """A row a model."""
    headings = [column.short if short else column.heading for column in columns]
    return Table(headings, [[column.cell(row) for column in columns] for row in rows])


def fixed_width(table: Table, intervals: bool = False) -> str:
    """For a terminal: columns padded with spaces, intervals behind their figures or left out."""
    rows = [[Cell(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows]
    cells = [[" ".join(cell).rstrip() if intervals else cell.text for cell in row] for row in rows]
    lines = [list(table.headings), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def tab_separated(records: Sequence[Mapping[str, Any]]) -> str:
    """A line a record below one of column names, in the order in which they occur first; n/a where there is nothing."""
    text, columns = io.StringIO(), list(dict.fromkeys(column for record in records for column in record))
    writer = csv.DictWriter(text, columns, restval="n/a", dialect="excel-tab", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({
            key: f"{value:.6g}" if isinstance(value, float) else str(value)
            for key, value in record.items() if value not in (None, "")
        })  # fmt: skip
    return text.getvalue()


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Nested values as columns of their own; the two ends of an interval as `_low` and `_high`."""
    columns: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            columns |= {f"{key}_{inner}": item for inner, item in flat(value).items()}
        elif isinstance(value, list) and len(value) == 2:
            columns[f"{key}_low"], columns[f"{key}_high"] = value
        else:
            columns[key] = value
    return columns
