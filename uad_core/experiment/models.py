"""The checkpoints of an experiment: shipped, or trained here, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uad_core.cohorts.cohort import Cohort
from uad_core.evaluate.rows import PLAIN
from uad_core.experiment.cohorts import OnMessage
from uad_core.experiment.config import ExperimentConfig
from uad_core.experiment.contents import ModelCard
from uad_core.models import MODELS
from uad_core.models.checkpoint import Checkpoint, CheckpointError, checkpoint_names, load_checkpoint
from uad_core.models.parts.layers import SIZE
from uad_core.train import RunFolder, TrainConfig, Training, train
from uad_core.train.config import recorded_command

PRIOR_SAMPLES = 8  # slices drawn from a prior
SEARCH_SCANS = 2  # to calibrate a model on that searches for minutes a scan


@dataclass(frozen=True)
class ModelSelection:
    """What takes part, and what does not, in sentences."""

    checkpoints: list[Checkpoint]  # all that could be read, in the order of the table
    scored: list[Checkpoint]  # those whose reconstruction is evaluated
    plain: bool  # whether plain intensity is a row
    missing: list[str]


def select_models(config: ExperimentConfig, folder: Path) -> ModelSelection:
    """Read the checkpoints asked for; a damaged one is said, not raised. Raises CheckpointError where none is there."""
    there = checkpoint_names(folder)
    wanted = [name for name in config.models or () if name != PLAIN]
    if config.models is None:
        wanted = [name for name in there if not name.endswith("-last")]
    wanted.sort(key=lambda name: (list(MODELS).index(name) if name in MODELS else len(MODELS), name))
    found, missing = [], []
    for name in dict.fromkeys(wanted):
        try:
            found.append(load_checkpoint(name, folder))
        except CheckpointError as error:
            missing.append(f"{name}: {error}")
    if config.models is None and (absent := [name for name in MODELS if name not in there]):
        missing.append(f"Models without a checkpoint: {', '.join(absent)}.")
    slow = [one.name for one in found if config.quick and one.spec.searches]
    scored = [one for one in found if one.name not in slow]
    missing += [f"{name} searches for seconds a slice: it is not scored in a quick run." for name in slow]
    plain = config.models is None or PLAIN in config.models
    if not scored and not plain:
        raise CheckpointError(" ".join(missing) or "There is no checkpoint to evaluate.")
    return ModelSelection(found, scored, plain, missing)


def train_all(config: ExperimentConfig, cohorts: Sequence[Cohort], on_message: OnMessage) -> tuple[Path, list[str]]:
    """Train every model asked for into OUT/checkpoints; those trained already are kept, begun ones resumed.

    Returns the folder, and a sentence for each training that failed. Raises ValueError: a training was stopped, or one
    with other epochs or another seed is there.
    """
    assert config.train is not None
    folder, failed = config.out / "checkpoints", []
    for name in config.models or MODELS:
        if name == PLAIN or name not in MODELS:
            continue
        scans = SEARCH_SCANS if MODELS[name].searches else None
        asked = TrainConfig(model=name, epochs=config.train, seed=config.seed, calibration_scans=scans)
        if _trained(folder, name, asked):
            on_message(f"{name}: trained already.")
            continue
        run, last = config.out / "runs" / name, ""
        begun = (run / "settings.json").exists()
        if begun:
            there = RunFolder(run).read_settings().config
            _same(there.epochs, there.seed, asked, name)
        command = recorded_command(cohorts, asked, name)
        try:
            for step in train(Training(cohorts, asked, folder, name, command, run, resume=begun)):
                if (line := f"{name}: {step.stage}, epoch {min(step.epoch + 1, asked.epochs)}") != last:
                    on_message(line)
                    last = line
        except FloatingPointError as error:
            failed.append(f"{name}: training failed. {error}")
            continue
        if step.stage == "stopped":
            raise ValueError("Stopped. The same command goes on from here.")
    return folder, failed


def _trained(folder: Path, name: str, asked: TrainConfig) -> bool:
    if name not in checkpoint_names(folder):
        return False
    record = load_checkpoint(name, folder).record.get("training", {})
    _same(record.get("epochs"), record.get("seed"), asked, name)
    return True


def _same(epochs: object, seed: object, asked: TrainConfig, name: str) -> None:
    if (epochs, seed) != (asked.epochs, asked.seed):
        raise ValueError(f"The folder holds a training of {name} with other epochs or seed; name another --out.")


def card(checkpoint: Checkpoint, seed: int) -> ModelCard:
    """What the report says of a checkpoint, with samples from its prior."""
    model, spec = checkpoint.model, checkpoint.spec
    unknown = "not known" if model.objectives() else "nothing to learn"
    return ModelCard(
        name=checkpoint.name,
        model=checkpoint.record["model"],
        parameters=model.learned_numbers(),
        learned={True: "yes", False: "no: did not learn", None: unknown}[checkpoint.learned],
        latents=_latents(model.config),
        latent=spec.latent,
        sha256=checkpoint.sha256,
        record={key: value for key, value in checkpoint.record.items() if key != "calibration"},
        samples=model.sample(PRIOR_SAMPLES, seed)[:, 0].cpu().numpy() if spec.samples else None,
    )


def _latents(config: object) -> int | None:
    """Numbers in the bottleneck of an autoencoder's config."""
    latent, features = getattr(config, "latent", None), getattr(config, "features", None)
    if latent is None or features is None:
        return None
    return int(latent if getattr(config, "dense", True) else latent * (SIZE // 2 ** len(features)) ** 2)
