"""A checkpoint: NAME.safetensors, and NAME.json that says everything about it.

The weights' sha256 stands in the JSON, because safetensors does not notice a flipped bit, and the JSON's own beside it
(`io.sealed`). Both files are written under a temporary name, synced and renamed, and the JSON only fits the weights it
was written for. Where a checkpoint is replaced, the new weights wait beside the old ones until their JSON is there: at
whatever moment a process is killed, the old checkpoint is whole, or the new one.
"""

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from uad_core.atlas.space import Slab
from uad_core.io.atomic import write_atomically
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.sealed import DamagedRecordError, digest, unsealed, write_sealed
from uad_core.io.text import read_bounded
from uad_core.models import MODELS, PAPER_MODELS, PAPER_VIEWS, AnomalyModel, ModelSpec
from uad_core.models.calibration import Calibration
from uad_core.models.description import misfit_of


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the text is a sentence for the user."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model and what is known about it."""

    name: str  # of the two files
    model: AnomalyModel  # in evaluation mode, float32
    slab: Slab  # the atlas levels that it was trained on
    calibration: Calibration  # residuals of held-out healthy scans
    record: dict[str, Any]  # the whole JSON, for reading: cohorts, seed, epochs, loss curve, versions, command
    sha256: str  # of the weights file, which other checkpoints may share: one calibrated anew, or without weights

    @cached_property
    def identity(self) -> str:
        """Digest of the whole description, the weights' own in it: with one identity a scan has one mask."""
        return digest(self.record)

    @property
    def spec(self) -> ModelSpec:
        return MODELS[self.record["model"]]

    @property
    def learned(self) -> bool | None:
        """Whether it beats one median brain for all on held-out slices; None: not known, or nothing to learn."""
        return self.record.get("learned")

    @property
    def length(self) -> str:
        """How many slices it was shown, as a sentence that names a model of the paper that stopped short; or ""."""
        views = self.record.get("images", 0)
        if not views:
            return ""
        short = self.record["model"] in PAPER_MODELS and views < PAPER_VIEWS
        stopped = f": stopped short of the paper's {PAPER_VIEWS:,}" if short else ""
        return f"Trained on {views:,} slice views{stopped}."


def save_checkpoint(
    path: Path, spec_name: str, model: AnomalyModel, slab: Slab, calibration: Calibration, about: dict[str, Any]
) -> Path:
    """Write `path`.json, whose path is returned, and `path`.safetensors, in half precision as `halve` leaves it."""
    weights = save({key: value.detach().cpu().contiguous() for key, value in _halved(model).items()})
    record = {
        "name": path.name,
        "model": spec_name,
        "config": asdict(model.config),
        "slab": asdict(slab),
        "sha256": hashlib.sha256(weights).hexdigest(),
        **about,
        "calibration": calibration.to_json(),
    }
    described = path.parent / f"{path.name}.json"
    place = _weights_file(path.name, path.parent)
    waiting = _waiting(place) if described.exists() else place
    write_atomically(waiting, weights)
    write_sealed(described, record)  # from here on the new one counts
    waiting.replace(place)
    return described


def load_checkpoint(name: str, folder: Path = CHECKPOINTS) -> Checkpoint:
    """Read, verify and build. Raises CheckpointError for anything missing, damaged or not fitting."""
    record = _described(name, folder)
    weights, sha256 = _weights(name, folder, record["sha256"]), record["sha256"]
    unsaid = type(MODELS[record["model"]].config)()  # as it was before a setting came that the record lacks
    config = asdict(unsaid) | record["config"]
    try:
        tensors = load(weights)
        with torch.device("meta"):  # takes no memory: what it says of itself may be far more than its file holds
            stated = build_model(record["model"], config).state_dict()
        if {key: value.shape for key, value in stated.items()} != {key: one.shape for key, one in tensors.items()}:
            raise ValueError("other shapes")
        model = build_model(record["model"], config)
        model.load_state_dict({key: value.float() for key, value in tensors.items()}, strict=True)
        calibration = Calibration.from_json(record["calibration"])
        slab = Slab(**record["slab"])
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"Checkpoint {name} does not fit this version of the project; train it again.") from error
    if not all(torch.isfinite(value).all() for value in model.state_dict().values()):
        raise CheckpointError(f"Checkpoint {name} holds weights that are not numbers; its training failed.")
    return Checkpoint(name, model.eval(), slab, calibration, record, sha256)


def _weights(name: str, folder: Path, sha256: str) -> bytes:
    """The bytes that the description means, also where a save was cut off after it. Raises CheckpointError."""
    place, wrong = _weights_file(name, folder), "cannot be read"
    for file in (place, _waiting(place)):
        try:
            data = file.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
        wrong = "are damaged (checksum differs)"
    raise CheckpointError(f"The weights of checkpoint {name} {wrong}; copy them again.")


def _weights_file(name: str, folder: Path) -> Path:
    return folder / f"{name}.safetensors"


def _waiting(place: Path) -> Path:
    """Where new weights lie until their description is written."""
    return place.with_name(f".{place.name}.new")


def checkpoint_slab(name: str, folder: Path = CHECKPOINTS) -> Slab:
    """The levels that a checkpoint knows, from its description alone. Raises CheckpointError where that is damaged."""
    try:
        return Slab(**_described(name, folder)["slab"])
    except (ValueError, TypeError):
        raise CheckpointError(f"The description of checkpoint {name} is damaged; copy it again.") from None


def _described(name: str, folder: Path) -> dict[str, Any]:
    """The JSON, whole and with values that have a meaning. Raises CheckpointError."""
    try:
        if Path(name).name != name or "\0" in name:  # a path: out of the folder, perhaps
            raise FileNotFoundError
        record = unsealed(read_bounded(folder / f"{name}.json"))
    except FileNotFoundError:
        known = ", ".join(checkpoint_names(folder)) or "none"
        raise CheckpointError(f"There is no checkpoint of that name; there are: {known}.") from None
    except (OSError, DamagedRecordError):
        raise CheckpointError(f"The description of checkpoint {name} is damaged; copy it again.") from None
    if isinstance(record.get("model"), str) and record["model"] not in MODELS:
        raise CheckpointError(f"There is no model {record['model'][:60]!r}; there are: {', '.join(MODELS)}.")
    if wrong := misfit_of(record):
        raise CheckpointError(f"The description of checkpoint {name} is damaged or too old: {wrong}. Copy it again.")
    return record


def build_model(spec_name: str, config: dict[str, Any] | None = None) -> AnomalyModel:
    """An untrained model by name, with other values than its spec's where `config` gives them."""
    if spec_name not in MODELS:
        raise CheckpointError(f"There is no model {spec_name!r}; there are: {', '.join(MODELS)}.")
    spec = MODELS[spec_name]
    values = asdict(spec.config) | (config or {})
    unknown = set(values) - {field.name for field in fields(spec.config)}
    if unknown:
        raise CheckpointError(f"Model {spec_name} has no setting {', '.join(sorted(unknown))}.")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return spec.build(type(spec.config)(**values))


def take_weights(model: AnomalyModel, name: str, folder: Path) -> None:
    """Give `model` the weights of a checkpoint. Raises CheckpointError: it is damaged, or of another shape."""
    try:
        model.load_state_dict(load_checkpoint(name, folder).model.state_dict())
    except RuntimeError:
        raise CheckpointError(f"Checkpoint {name} is of another model, or of other settings; begin anew.") from None


def checkpoint_names(folder: Path = CHECKPOINTS) -> list[str]:
    """Names of the checkpoints in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.json") if path.with_suffix(".safetensors").exists())


def halve(model: AnomalyModel) -> None:
    """Round the weights in place to what a file will hold, so that what is calibrated is what is shipped."""
    model.load_state_dict({key: value.to(model.state_dict()[key].dtype) for key, value in _halved(model).items()})


def _halved(model: AnomalyModel) -> dict[str, torch.Tensor]:
    return {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
