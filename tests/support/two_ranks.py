"""Run by test_train_ranks.py in processes of their own: the command line, with a toy model in the list.

Arguments: where the second process leaves its weights, then those of `python -m uad_core`.
"""

from __future__ import annotations

import os
import sys

from safetensors.torch import save_file

from tests.support import toy_model
from uad_core.__main__ import main
from uad_core.models import MODELS
from uad_core.train import finish as finishing
from uad_core.train import loop

MODELS |= {spec.name: spec for spec in toy_model.SPECS}

if __name__ == "__main__":
    from tests.support.training import no_calibration

    finishing.calibrate = no_calibration
    built, build = [], loop.build_model
    loop.build_model = lambda *arguments: built.append(build(*arguments)) or built[-1]
    status = main(sys.argv[2:])
    if os.environ.get("RANK") == "1":
        save_file({key: value.half() for key, value in built[0].state_dict().items()}, sys.argv[1])
    sys.exit(status)
