"""What a training is asked to do, and where it stands."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from uad_core.atlas.space import PAPER_SLAB, Slab, slab_name
from uad_core.cohorts.cohort import Cohort
from uad_core.io.command_words import as_words, changed, command_line
from uad_core.models import MODELS
from uad_core.train.batches import AugmentConfig

Schedule = Literal["plain", "cosine"]  # the paper's learning rates throughout, or falling to 0
Precision = Literal["auto", "32", "bf16"]  # auto: bf16 autocast where the device has it in hardware
ALWAYS = ("model", "epochs", "batch_size", "seed", "slab", "schedule")  # named in a command even at their defaults
CHOICES = {"schedule": get_args(Schedule), "precision": get_args(Precision)}


@dataclass(frozen=True)
class TrainConfig:
    """One training run; learning rates belong to the models. Raises ValueError for a setting outside its range."""

    model: str = "sae3"
    epochs: int = 150  # the paper's
    batch_size: int = 8  # the paper's; over all processes together
    seed: int = 0
    held_out: float = 0.15  # share of the healthy anatomies kept for validation and calibration
    slab: Slab = PAPER_SLAB
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    schedule: Schedule = "plain"
    device: str = "auto"  # or cpu, cuda, cuda:1, ...
    precision: Precision = "auto"
    compile: bool = False  # torch.compile of the objectives; needs a C++ compiler
    clip_norm: float | None = None  # of each objective's gradient
    patience: int | None = None  # end after so many epochs without a better healthy validation
    minutes: float | None = None  # of each call: stop after the epoch in which this time is over
    calibration_scans: int | None = None  # held-out scans of each cohort at most: AnoGAN searches for minutes a scan
    start_from: str | None = None  # checkpoint in the same folder, of the same model, whose weights it begins with
    snapshot_minutes: float = 1.0  # between snapshots to resume from, at most one batch more
    settings: dict[str, Any] = field(default_factory=dict)  # other values for the model's own config

    def __post_init__(self) -> None:
        for name, least in (("epochs", 0), ("batch_size", 1), ("patience", 1), ("calibration_scans", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name.replace('_', ' ').capitalize()} must be at least {least}, not {value}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"The {name} must be one of {', '.join(choices)}, not {getattr(self, name)}.")
        if not 0 < self.held_out < 1:
            raise ValueError(f"The held-out share must lie between 0 and 1, not at {self.held_out}.")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"The norm to clip gradients to must be above 0, not {self.clip_norm}.")

    def options(self) -> dict[str, object]:
        """Of `python -m uad_core train`. Raises ValueError for axial levels that have no name there."""
        options = changed(self, TrainConfig(), ALWAYS)
        options.pop("augment", None)
        pairs = [f"{key}={json.dumps(value, separators=(',', ':'))}" for key, value in self.settings.items()]
        options |= {"slab": slab_name(self.slab), "settings": None, "set": pairs}
        change = self.augment
        own = {"shift_px": change.shift_px, "gamma": change.gamma, "no_flip": not change.flip}
        return options | own | ({"thick_mm": change.thick_mm} if change.thick_mm else {})

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "TrainConfig":
        """The way back from `asdict`."""
        nested = {"slab": Slab(**record["slab"]), "augment": AugmentConfig(**record["augment"])}
        return cls(**{**record, **nested})


@dataclass(frozen=True)
class Training:
    """A training to be done."""

    cohorts: Sequence[Cohort]  # whose healthy subjects are learnt from
    config: TrainConfig
    out: Path  # folder that gets `name`.safetensors and `name`.json, of the epoch with the best validation
    name: str
    command: str = ""  # how to repeat it, for the record
    # folder to watch, stop and resume the training by (see `run_folder`); None: nothing of that, and Ctrl-C ends the
    # process as usual
    run: Path | None = None
    resume: bool = False  # go on from the newest whole snapshot in `run`, if there is one


def recorded_command(cohorts: Sequence[Cohort], config: TrainConfig, name: str) -> str:
    """What repeats a training, with cohort names in place of folders: a path may name a patient or a user."""
    options = {"name": name, "cohort": [cohort.name for cohort in cohorts]} | config.options()
    return command_line("train", as_words(options))


@dataclass(frozen=True)
class TrainProgress:
    """Where a training stands. `stage` is "load", "train", "calibrate", "done" or "stopped".

    `losses` are the means of the epoch so far; `validation` is the last epoch's mean l1 distance on held-out healthy
    slices, NaN before the first.
    """

    stage: str
    epoch: int
    fraction: float  # of this stage, in "train" of this epoch
    losses: dict[str, float] = field(default_factory=dict)
    validation: float = float("nan")
    images_per_second: float = float("nan")
    seconds_left: float = float("nan")  # until the last epoch
    epochs: int = 0
    problem: str = ""  # why the subject that was just loaded is left out


def parse_settings(model: str, pairs: Iterable[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts as values for the model's own config. Raises ValueError for a wrong key or kind of value."""
    known = vars(MODELS[model].config)
    return dict(_setting(model, known, pair) for pair in pairs)


def _setting(model: str, known: Mapping[str, Any], pair: str) -> tuple[str, Any]:
    key, equals, text = pair.partition("=")
    if not equals or key not in known:
        raise ValueError(f"Model {model} has no setting {key!r}; there are: {', '.join(known)} (as KEY=VALUE).")
    default = known[key]
    try:
        value = json.loads(f"[{text}]" if isinstance(default, tuple) and not text.startswith("[") else text)
    except ValueError:
        value = text
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    kind = list if isinstance(default, tuple) else type(default)
    if default is not None and type(value) is not kind:
        example = ",".join(map(str, default)) if isinstance(default, tuple) else str(default).lower()
        raise ValueError(f"Setting {key} of model {model} does not take {text!r}; its default is {example}.")
    return key, value
