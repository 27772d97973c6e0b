"""Training of every model by one loop: `for progress in train(training)` serves command line, page and test alike."""

from uad_core.train.config import TrainConfig, Training, TrainProgress
from uad_core.train.distributed import pick_device
from uad_core.train.loop import train
from uad_core.train.run_folder import RunFolder

__all__ = ["RunFolder", "TrainConfig", "TrainProgress", "Training", "pick_device", "train"]
