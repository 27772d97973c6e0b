"""200 kills of trainings, evaluations, detections and calibrations: is what they leave whole, and their end the same?

    make kills

Each step towards a saved file is a moment of death, and any other moment as well. What lies there from before has to
stay usable until the new one has its place; in the end the results have to be those of a command that nobody killed.
"""

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tools import trust
from tools.kills import KILLED, live
from tools.leftovers import contents, is_whole, sha256, stripped
from uad_core.atlas.space import MNI_18_LEVEL
from uad_core.atlas.template import template
from uad_core.io.paths import SAMPLES
from uad_core.models.checkpoint import load_checkpoint
from uad_core.runs.evaluation import FILES, EvaluationRun
from uad_core.train.snapshot import load_snapshot

KILLS = {"training": 145, "evaluation": 52, "detection": 36, "calibration": 30}  # one in five comes too late
TRAINING = (
    "--epochs 2 --batch-size 2 --device cpu --held-out 0.15 --set features=8,8,8,8 --name small --snapshot-minutes 0"
)


def main() -> None:
    """All of them, or as many of each as the command line says."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        cohort = pictures(Path(folder) / "controls", 6)
        done = {}
        for name, kills in KILLS.items():
            done[name] = sum(1 for _ in TRIALS[name](cohort, Path(folder) / name, min(kills, most or kills)))
            print(f"{name}: {done[name]} kills, all that was left is whole, the end is the same", flush=True)
    if most is None:
        counts = ", ".join(f"{count} of {name}s" for name, count in done.items())
        trust.record("kills", f"{sum(done.values())} kills ({counts}): 0 files lost or damaged; every end bit-equal")


def pictures(folder: Path, count: int) -> Path:
    """A cohort of noisy pictures of the template's slice at MNI z = 18 mm; every second has a lesion."""
    folder.mkdir(parents=True)
    atlas, rng = template(), np.random.default_rng(0)
    grey, brain = atlas.flair.array[MNI_18_LEVEL], atlas.brain_mask[MNI_18_LEVEL]
    for number in range(count):
        noisy = np.where(brain, np.clip(grey + rng.normal(0, 5, grey.shape), 1, 255), 0)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"sub-{number}_FLAIR.png")
    return folder


def moments(kills: int, steps: int) -> Iterator[tuple[int, float | None]]:
    """Of death: spread over all steps towards a file, and every fifth at any moment."""
    rng = random.Random(kills)
    order = [1 + number * steps // kills for number in range(kills)]
    rng.shuffle(order)
    for number, step in enumerate(order):
        yield (0, rng.uniform(0.5, 4)) if number % 5 == 4 else (step, None)


def trainings(cohort: Path, folder: Path, kills: int) -> Iterator[None]:
    """Killed again and again, and resumed; then anew from another seed over what the first has left."""
    wanted, steps = [], 0
    for seed in (0, 1):
        whole = folder / f"whole-{seed}"
        status, steps = live([*train(cohort, whole, folder / f"run-{seed}"), "--seed", str(seed)])
        assert status == 0
        wanted.append(sha256(whole / "small.safetensors"))
    run, out, lives, known = folder / "run", folder / "out", 0, False
    for step, seconds in moments(kills, steps):
        words: list[object] = ["train", "--resume", run] if (run / "settings.json").exists() else [
            *train(cohort, out, run), "--seed", str(lives % 2)]  # fmt: skip
        status = live(words, step, seconds).status
        assert status in (0, KILLED), f"a resumed training ended with {status}"
        ended = status == 0
        assert not known or ended or load_snapshot(run), "no snapshot is left"
        known = load_snapshot(run) is not None and not ended
        if (out / "small.json").exists():
            assert load_checkpoint("small", out).sha256 in wanted
        if ended:
            assert sha256(out / "small.safetensors") == wanted[lives % 2], "other bits"
            shutil.rmtree(run)
            lives += 1
        else:
            yield
    assert live([*train(cohort, out, folder / "last"), "--seed", str(lives % 2)]).status == 0
    assert sha256(out / "small.safetensors") == wanted[lives % 2]


def train(cohort: Path, out: Path, run: Path) -> list[object]:
    return ["train", "--cohort", cohort, *TRAINING.split(), "--out", out, "--run", run]


def evaluations(cohort: Path, folder: Path, kills: int) -> Iterator[None]:
    """Killed over an earlier one's results."""
    for subject in sorted(cohort.glob("*_FLAIR.png"))[::2]:
        grey = np.asarray(Image.open(subject)).copy()
        lesion = np.zeros_like(grey)
        lesion[120:132, 80:92] = 255
        Image.fromarray(np.where(lesion, 250, grey).astype(np.uint8)).save(subject)
        Image.fromarray(lesion).save(cohort / subject.name.replace("FLAIR", "lesion"))
    words = ["evaluate", "--cohort", cohort, "--models", "intensity", "--percentile"]
    out, seen = folder / "out", []
    for percentile in ("90", "98"):
        status, steps = live([*words, percentile, "--out", out])
        assert status == 0
        seen.append([stripped(out / name) for name in FILES])
    for step, seconds in moments(kills, steps):
        if live([*words, "90", "--out", out], step, seconds).status == KILLED:
            run = EvaluationRun.read(out)
            assert run.metrics(), "the metrics are damaged"
            assert run.curves(), "the curves are damaged"
            for name, before, after in zip(FILES, *seen, strict=True):
                assert stripped(out / name) in (before, after), f"{name} is neither the old one nor the new one"
            yield
        assert live([*words, "98", "--out", out]).status == 0
        assert [stripped(out / name) for name in FILES] == seen[1]


def detections(cohort: Path, folder: Path, kills: int) -> Iterator[None]:
    """Killed over an earlier one's results; those that say how long it took differ from run to run."""
    words = ["detect", SAMPLES / "sub-healthy01_FLAIR.nii.gz", "--model", "intensity", "--out", folder, "--percentile"]
    seen = []
    for percentile in ("90", "98", "90", "98"):
        status, steps = live([*words, percentile])
        assert status == 0
        seen.append(contents(folder))
    alike = {name for name in seen[0] if all(one[name] == two[name] for one, two in zip(seen, seen[2:], strict=False))}
    assert any(name.endswith("_mask.nii.gz") for name in alike)
    for number, (step, seconds) in enumerate(moments(kills, steps)):
        if live([*words, ("90", "98")[number % 2]], step, seconds).status == KILLED:
            left = contents(folder)
            assert left.keys() == seen[0].keys()
            for name, data in left.items():
                known = data in (seen[0][name], seen[1][name])
                assert known if name in alike else is_whole(name, data), (
                    f"{name} is neither the old one nor the new one"
                )
            yield
    assert live([*words, "98"]).status == 0
    last = contents(folder)
    assert all(last[name] == seen[1][name] for name in alike), "other results"


def calibrations(cohort: Path, folder: Path, kills: int) -> Iterator[None]:
    """Killed over an earlier calibration of the same name."""
    healthy = pictures(folder / "healthy", 5)
    words = ["calibrate", "--model", "sae3", "--cohort", healthy, "--name", "mine", "--out", folder]
    status, _ = live(words)
    assert status == 0
    wanted = stripped(folder / "mine.json")
    _, steps = live(words)
    for step, seconds in moments(kills, steps):
        if live(words, step, seconds).status == KILLED:
            assert load_checkpoint("mine", folder)
            yield
    assert live(words).status == 0
    assert stripped(folder / "mine.json") == wanted


TRIALS: dict[str, Callable[[Path, Path, int], Iterator[None]]] = {
    "training": trainings,
    "evaluation": evaluations,
    "detection": detections,
    "calibration": calibrations,
}


if __name__ == "__main__":
    main()
