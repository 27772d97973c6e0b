"""Any setting of a detection as a command line."""

from uad_core.atlas.space import slab_name
from uad_core.io import command_words
from uad_core.io.command_words import as_words, changed
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions


def command_line(checkpoint: Checkpoint, config: DetectConfig, prepare_options: PrepareOptions | None = None) -> str:
    """`python -m uad_core detect` with this setting: the model, and what differs from the defaults.

    It names no file of the user's: words in capitals stand in place of them. Raises ValueError: `prepare_options` has
    axial levels that the command line has no name for.
    """
    usual = DetectConfig(postprocess=PostprocessConfig(signed=checkpoint.spec.signed))
    options: dict[str, object] = {"out": "results", "model": checkpoint.name}
    options |= changed(config, usual) | changed(config.postprocess, usual.postprocess)
    options.pop("postprocess", None)
    prepare = changed(prepare_options or PrepareOptions(), PrepareOptions())
    if (slab := (prepare_options or PrepareOptions()).slab) is not None:
        prepare["slab"] = slab_name(slab)
    for step in ("strip", "register"):
        if prepare.get(step) is False:
            prepare[f"no_{step}"] = True
    for file in ("brain_mask", "atlas"):
        if file in prepare:
            prepare[file] = f"YOUR_{file.upper()}.nii.gz"
    return command_words.command_line("detect", ["YOUR_SCAN.nii.gz", *as_words(options | prepare)])
