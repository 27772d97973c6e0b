"""One step of every objective of a model on one batch."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor

from uad_core.models import AnomalyModel, Objective
from uad_core.train.config import TrainConfig
from uad_core.train.distributed import Distributed


@dataclass(frozen=True, eq=False)
class OptimiserStep:
    """An objective with its optimiser; `terms` is the objective's, compiled where that was asked for."""

    objective: Objective
    optimiser: torch.optim.Optimizer
    terms: Callable[[Tensor], dict[str, Tensor]]


def make_steps(model: AnomalyModel, config: TrainConfig) -> list[OptimiserStep]:
    """One Adam for each of the model's objectives. Raises ValueError: compiling was asked for without a compiler."""
    if config.compile and shutil.which("g++") is None and shutil.which("clang++") is None:
        missing = "torch.compile needs a C++ compiler, and neither g++ nor clang++ is here"
        raise ValueError(f"{missing}; leave out --compile.")
    steps = []
    for aim in model.objectives():
        parameters = list(aim.parameters)
        fused = parameters[0].device.type in {"cpu", "cuda"}
        optimiser = torch.optim.Adam(parameters, aim.learning_rate, betas=aim.betas, fused=fused)
        steps.append(OptimiserStep(aim, optimiser, torch.compile(aim.terms) if config.compile else aim.terms))
    return steps


def learning_rate(base: float, share: float, schedule: str) -> float:
    """At `share` of the training, [0, 1]."""
    return base * (0.5 * (1 + cos(pi * share)) if schedule == "cosine" else 1.0)


def run_steps(
    steps: Sequence[OptimiserStep],
    model: AnomalyModel,
    batch: Tensor,
    share: float,
    config: TrainConfig,
    ranks: Distributed,
) -> dict[str, Tensor]:
    """Change the weights once per objective, by the gradient of the whole (B, 1, H, W) batch.

    Returns the loss terms as tensors on the device: reading them waits for it, so that is left to the caller.
    """
    mine, weight = ranks.part(len(batch))
    batch = batch[mine]
    seen: dict[str, Tensor] = {}
    for step in steps:
        step.optimiser.param_groups[0]["lr"] = learning_rate(step.objective.learning_rate, share, config.schedule)
        with ranks.autocast():
            terms = step.terms(batch)
        parameters = list(step.objective.parameters)
        for parameter in parameters:
            parameter.grad = None
        torch.stack([term.float() for term in terms.values()]).sum().backward(inputs=parameters)
        values = torch.stack([term.detach().float() for term in terms.values()])
        if ranks.world > 1:
            _average(model, parameters, values, weight, ranks)
        if config.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
        step.optimiser.step()
        seen |= dict(zip(terms, values.unbind(), strict=True))
    return seen


def _average(
    model: AnomalyModel, parameters: Sequence[torch.nn.Parameter], values: Tensor, weight: float, ranks: Distributed
) -> None:
    """Gradients, terms and batch statistics of all processes, so that all go on with the same model."""
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    buffers = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
    ranks.average([*gradients, values, *buffers], weight)
