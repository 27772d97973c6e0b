"""Where the project's own files lie: each path once."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SAMPLES = ROOT / "data_samples"  # scans that ship with the project
TWO_DATES = tuple(SAMPLES / "two_dates" / f"{date}.nii.gz" for date in ("earlier", "later"))  # of one person
CHECKPOINTS = Path(os.environ.get("UAD_CHECKPOINTS") or ROOT / "checkpoints")
PREPARED = Path(os.environ.get("UAD_PREPARED") or ROOT / ".prepared")  # bundled scans, ready for the models
RUNS = Path(os.environ.get("UAD_RUNS") or ROOT / "runs")  # trainings; evaluations lie in a folder below it
