"""The notebook runs as it stands, and draws what it says."""

import nbformat
from nbclient import NotebookClient

from uad_core.io.paths import ROOT

NOTEBOOK = ROOT / "examples" / "first_steps.ipynb"


def test_the_notebook_runs_and_draws_its_two_figures(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # streamlit sets it for its process, where a test imported it
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    (printed,) = [output.text for output in outputs if output.output_type == "stream"]
    assert " regions, " in printed
    assert any("peak_residual" in output.get("data", {}).get("text/plain", "") for output in outputs)
