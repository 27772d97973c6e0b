"""The contract that every model keeps, so that nothing else needs to know which model it has."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from uad_core.atlas.space import Frame

OnProgress = Callable[[float], None]  # called with the share that is done, (0, 1]


@dataclass(frozen=True, eq=False)
class Objective:
    """One thing that training minimises, with the parameters it may change and how fast.

    In every batch, for each objective in turn, the terms are computed again, summed and differentiated for one step.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    learning_rate: float
    terms: Callable[[Tensor], dict[str, Tensor]]  # (B, C, H, W) batch -> weighted scalar terms to be summed
    betas: tuple[float, float] = (0.9, 0.999)  # of Adam


class AnomalyModel(nn.Module, ABC):
    """A model of healthy slices. Batches are (B, C, H, W) float in [0, 1], 0 outside the brain.

    The first channel is the slice; behind it come the levels of `context`, 0 where the scan has none. A model takes
    a slice alone, (B, 1, H, W), as one without neighbours.
    """

    config: Any  # the frozen dataclass that it was built from; rebuilds it, kept in its checkpoint
    slices_at_once: ClassVar[int | None] = 8  # best given to `reconstruct`; None: all of a scan's
    fitted: ClassVar[tuple[str, ...]] = ()  # names of the buffers that `fit` fills
    context: tuple[int, ...] = ()  # levels of the same scan that are seen beside each slice, relative to it
    scores: ClassVar[bool] = False  # whether `assess` gives a score, near a probability, in the residual's place
    cell_px: int | None = None  # edge of the coarsest feature: training may cut slices to multiples; None: never
    frame: ClassVar[Frame | None] = None  # all of a slice that it works on, where no brain lies beyond

    def __init__(self, config: Any = None) -> None:
        super().__init__()
        self.config = config

    def objectives(self) -> list[Objective]:
        """What to minimise, in the order of the steps within a batch; empty for a model that needs no training."""
        return []

    def fit(self, slices: Tensor, seed: int) -> None:
        """Learn what no gradient teaches from `slices`, (N, 1, H, W) healthy ones on the CPU, a few hundred at most.

        Called after the last epoch, with each set of weights that is kept. What is learnt lies in buffers whose shapes
        follow from `config`, survives float16, and is a function of the weights, `slices` and `seed`.
        """

    def learned_numbers(self) -> int:
        """How many numbers training sets: the parameters, and what `fit` keeps beside them."""
        return sum(tensor.numel() for tensor in (*self.parameters(), *map(self.get_buffer, self.fitted)))

    @abstractmethod
    def forward(self, slices: Tensor) -> Tensor:
        """The reconstruction of `slices`: (B, C, H, W) -> (B, 1, H, W)."""

    def reconstruct(self, slices: Tensor, on_progress: OnProgress | None = None) -> Tensor:
        """As `forward`, for use after training: no gradients, no batch statistics, repeatable to the bit."""
        with self.as_trained():
            return self(slices)

    def assess(self, slices: Tensor, on_progress: OnProgress | None = None) -> tuple[Tensor, Tensor | None]:
        """The reconstruction, and where `scores` a (B, 2, H, W) score in [0, 1]: too bright, and too dark."""
        return self.reconstruct(slices, on_progress), None

    @contextmanager
    def as_trained(self) -> Iterator[None]:
        """Within it: no gradients, no batch statistics; afterwards in the mode that it was in."""
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(was_training)

    def validation(self, slices: Tensor) -> Tensor:
        """(B,) error on healthy slices, by which training picks its best epoch; NaN where a model has none."""
        return (slices - self.reconstruct(slices)).abs().mean((1, 2, 3))

    def sample(self, count: int, seed: int) -> Tensor:
        """(count, 1, 256, 256) samples from the prior. Raises ValueError unless `ModelSpec.samples`."""
        raise ValueError("This model has no prior to draw from; take a VAE, a VAE-GAN or AnoGAN.")


@dataclass(frozen=True)
class ModelSpec:
    """A row of the list of models."""

    name: str  # on the command line, in the picker and in checkpoints
    config: Any  # the model's frozen dataclass; its values rebuild the model
    build: Callable[[Any], AnomalyModel]  # makes an untrained model of a config
    latent: str  # shape of the bottleneck, for people
    source: str  # where the model comes from
    idea: str  # one sentence on how it works
    weakness: str  # one sentence on what to expect of it
    samples: bool = False  # whether `AnomalyModel.sample` draws from it
    reconstructs: bool = True  # whether its reconstruction is an image of a brain, worth showing
    searches: bool = False  # whether a reconstruction is an optimisation, of seconds a slice
    # the residual that suits it. The paper's is `absolute`; lesions are bright on FLAIR, and `positive` scored higher
    # for most models that reconstruct (README)
    signed: Literal["absolute", "positive"] = "positive"
    percentile: float = 98.0  # per cent of healthy residuals below the threshold, at first; the paper's for its models
