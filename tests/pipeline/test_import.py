"""The pipeline loads at once: what takes long to load waits until something needs it."""

import subprocess
import sys

from uad_core.io.paths import ROOT

LATER = {"torch", "SimpleITK", "scipy.stats", "sklearn", "pandas", "highdicom", "matplotlib"}


def loaded_by(code: str) -> set[str]:
    lines = f"{code}\nimport sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True).stdout.split())


def test_no_module_of_preparation_and_pipeline_but_the_skull_stripper_loads_what_takes_long():
    rooms = [ROOT / "uad_core" / room for room in ("io", "atlas", "preprocess", "pipeline")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for room in rooms for path in room.rglob("*.py")]
    slow = {"uad_core.preprocess.brain_extraction", "uad_core.preprocess.linknet", "uad_core.io.dicom.seg"}
    plain = sorted(name.removesuffix(".__init__") for name in {*names} - slow)
    loaded = loaded_by(f"import {', '.join(plain)}")
    assert "uad_core.pipeline.segment" in loaded
    assert loaded & LATER == set()


def test_the_list_of_models_is_loaded_by_who_asks_for_it():
    assert "torch" not in loaded_by("from uad_core.models import STRONGEST")
    assert "torch" in loaded_by("from uad_core.models import MODELS; assert 'marker' in MODELS")
