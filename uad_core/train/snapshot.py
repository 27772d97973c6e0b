"""Everything that a killed training needs to go on as if nothing had happened.

Two snapshots take turns, each a safetensors file and a JSON with its sha256; the JSON goes last. A crash or a full disk
while one is written leaves the other, and a damaged newest one falls back to the one before.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim import Optimizer

from uad_core.io.atomic import write_atomically, write_json

NAMES = ("snapshot-a", "snapshot-b")


@dataclass
class Position:
    """How far a training has come, apart from weights."""

    epoch: int = 0
    batch: int = 0  # of this epoch, that are done
    seen: int = 0  # slices of this epoch
    sums: dict[str, float] = field(default_factory=dict)  # of loss terms over these slices
    curve: list[dict[str, Any]] = field(default_factory=list)
    best: float = float("inf")
    best_epoch: int = -1
    images: int = 0  # in all
    seconds: float = 0.0  # in all, of all calls
    world: int = 1
    precision: str = "32"  # in which it trains; a snapshot that does not say was written by a CPU in 32 bits
    serial: int = 0  # of the snapshot


def save_snapshot(folder: Path, position: Position, tensors: Mapping[str, Tensor]) -> None:
    """Overwrite the older of the two. Raises OSError: the disk is full; the newer one is as it was."""
    position.serial += 1
    weights = save({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
    name = NAMES[position.serial % 2]
    write_atomically(folder / f"{name}.safetensors", weights)
    state = vars(position)
    record = {"sha256": hashlib.sha256(weights).hexdigest(), "state_sha256": _digest(state), "state": state}
    write_json(folder / f"{name}.json", record)


def load_snapshot(folder: Path) -> tuple[Position, dict[str, Tensor]] | None:
    """The newest snapshot that is whole, or None."""
    found = [pair for name in NAMES if (pair := _read(folder, name))]
    return max(found, key=lambda pair: pair[0].serial, default=None)


def remove_snapshots(folder: Path) -> None:
    for name in (f"{name}.{extension}" for name in NAMES for extension in ("json", "safetensors")):
        (folder / name).unlink(missing_ok=True)


def _read(folder: Path, name: str) -> tuple[Position, dict[str, Tensor]] | None:
    try:
        record = json.loads((folder / f"{name}.json").read_bytes())
        weights = (folder / f"{name}.safetensors").read_bytes()
        found = (hashlib.sha256(weights).hexdigest(), _digest(record["state"]))
        whole = found == (record["sha256"], record["state_sha256"])
        return (Position(**record["state"]), load(weights)) if whole else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError):
        return None


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def pack(
    model: nn.Module, optimisers: Sequence[Optimizer], best: Mapping[str, Tensor] | None, random: Sequence[Tensor]
) -> dict[str, Tensor]:
    """Weights, optimiser states, best weights so far and random states under flat names."""
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    tensors |= {f"best.{key}": value for key, value in (best or {}).items()}
    tensors |= {f"random.{i}": state for i, state in enumerate(random)}
    for i, optimiser in enumerate(optimisers):
        for j, parameter in enumerate(optimiser.param_groups[0]["params"]):
            for key, value in optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser.{i}.{j}.{key}"] = value
    return tensors


def unpack(
    tensors: Mapping[str, Tensor], model: nn.Module, optimisers: Sequence[Optimizer]
) -> tuple[dict[str, Tensor] | None, list[Tensor]]:
    """Put weights and optimiser states back in place; returns best weights and random states."""
    model.load_state_dict(_under(tensors, "model."))
    for i, optimiser in enumerate(optimisers):
        for j, parameter in enumerate(optimiser.param_groups[0]["params"]):
            for key, value in _under(tensors, f"optimiser.{i}.{j}.").items():
                place = torch.empty_like(parameter if value.shape == parameter.shape else value)  # keeps the layout
                if value.dim() == 0:
                    place = place.to("cpu" if not optimiser.defaults.get("fused") else parameter.device)
                optimiser.state[parameter][key] = place.copy_(value)
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    best = {key: value.to(device) for key, value in _under(tensors, "best.").items()}
    random = _under(tensors, "random.")
    return best or None, [random[str(i)] for i in range(len(random))]


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
