"""`make readme`: the README's measured figures, from docs/results.json."""

from textwrap import fill

from uad_core.io.paths import ROOT
from uad_core.teaching.results import Results, results

README = ROOT / "README.md"
BEGIN, END = "<!-- results: `make readme` writes this part from docs/results.json -->", "<!-- end of results -->"
WIDTH = 120
NOT_COMPARED = ("best case", "slice views")  # columns in which no model is ahead of another by merit


def with_results(text: str, measured: Results) -> str:
    """A README's text with the part between `BEGIN` and `END` made anew. Raises ValueError where it has none."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the README has no place for the results")
    return f"{before}{BEGIN}\n{markdown(measured)}\n{END}{after}"


def markdown(measured: Results) -> str:
    """Data, command, meaning, table, findings."""
    best = [_best(measured, column) for column in measured.columns]
    lines = ["| " + " | ".join(measured.columns) + " |", "|" + "---|" * len(measured.columns)]
    for row in measured.rows:
        cells = (f"**{cell}**" if row[0] in ahead else cell for cell, ahead in zip(row, best, strict=True))
        lines.append("| " + " | ".join(cells) + " |")
    findings = [_wrapped(f"- {finding}", "  ") for finding in measured.findings]
    parts = (
        _wrapped(measured.data),
        f"```\n{_wrapped(measured.command, '    ').replace(chr(10), f' {chr(92)}{chr(10)}')}\n```",
        _wrapped(measured.figures),
        "\n".join(lines),
        "What this says, and what of the paper did not reproduce here:",
        "\n".join(findings),
    )
    return "\n\n".join(parts)


def _best(measured: Results, column: str) -> set[str]:
    """The models with the column's highest number."""
    scores = {} if column.endswith(NOT_COMPARED) or column == measured.columns[0] else measured.scores(column)
    return {name for name, score in scores.items() if score == max(scores.values())}


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, WIDTH - 2, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    if (measured := results()) is not None:
        README.write_text(with_results(README.read_text(), measured))
