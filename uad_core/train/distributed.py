"""One process or many: device, precision and what the processes send each other, through Lightning Fabric.

Started by `torchrun --nproc-per-node N`, every process sees all slices and takes its part of each batch. Objectives
call parts of a model directly, past the hooks of DistributedDataParallel; so their gradients are averaged here, by one
sum over a flat vector. As there, batch norm sees a process's part of the batch alone; what it keeps for later is
averaged. All processes need the run folder, on one machine or on a disk that machines share.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from uad_core.train.config import TrainConfig


def pick_device(name: str) -> torch.device:
    """The device named, or for "auto" the GPU if there is one. Raises ValueError where the device is not here."""
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    except RuntimeError:
        raise ValueError(f"There is no kind of device called {name!r}; try auto, cpu or cuda.") from None
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise ValueError(f"There is no device {name} here; {torch.cuda.device_count()} GPUs can be used.")
    return device


def faster_in_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware: CUDA, or a CPU with AVX512-BF16 or AMX."""
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return device.type == "cuda"


class Distributed:
    """This process among `world` equals, of which that of `rank` 0 writes; `precision` is "32" or "bf16"."""

    def __init__(self, config: TrainConfig) -> None:
        from lightning_fabric import Fabric

        device = pick_device(config.device)
        bf16 = config.precision == "bf16" or (config.precision == "auto" and faster_in_bf16(device))
        self.precision = "bf16" if bf16 else "32"
        logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
        together = int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1
        here = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if together > 1 else 1
        fabric = Fabric(
            accelerator=device.type,
            devices=[device.index] if device.index is not None and together == 1 else here,
            num_nodes=together // here,
            strategy="ddp" if together > 1 else "auto",
            precision="bf16-mixed" if bf16 else "32-true",
        )
        if together > 1 and not torch.distributed.is_initialized():
            fabric.launch()
        self.device, self.rank, self.world = fabric.device, fabric.global_rank, fabric.world_size
        self.autocast = fabric.autocast  # the precision asked for, around forward passes

    def part(self, count: int) -> tuple[slice, float]:
        """Which of `count` things are this process's, and their share; never none, but then with share 0."""
        mine = len(range(self.rank, count, self.world))
        return (slice(self.rank, None, self.world), mine / count) if mine else (slice(0, 1), 0.0)

    def average(self, tensors: Sequence[Tensor], share: float) -> None:
        """Replace float tensors by their mean over the processes, each weighted by its share."""
        if self.world == 1:
            return
        flat = torch.cat([tensor.detach().flatten().float() for tensor in tensors]) * share
        self.sum(flat)
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(mean.view_as(tensor))

    def sum(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over the processes."""
        if self.world > 1:
            torch.distributed.all_reduce(tensor)

    def any(self, wanted: Iterable[bool]) -> list[bool]:
        """What at least one process wants; all must ask at the same point."""
        wanted = list(wanted)
        if self.world == 1:
            return wanted
        flags = torch.tensor(wanted, dtype=torch.float32, device=self.device)
        torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
        return [bool(flag) for flag in flags.tolist()]

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of each process, in their order, on the CPU."""
        if self.world == 1:
            return [tensor.cpu()]
        parts = [torch.empty_like(tensor, device=self.device) for _ in range(self.world)]
        torch.distributed.all_gather(parts, tensor.to(self.device))
        return [part.cpu() for part in parts]
