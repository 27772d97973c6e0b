"""Which model, or models."""

from collections.abc import Collection, Sequence

import streamlit as st

from pages.ui.shell import keys
from uad_core.atlas.space import PAPER_SLAB
from uad_core.io.paths import CHECKPOINTS
from uad_core.models import COMPARED, STRONGEST
from uad_core.models.checkpoint import Checkpoint, CheckpointError, checkpoint_names, checkpoint_slab, load_checkpoint

LEVELS = ("Middle slices", "Whole brain")
WHOLE = "-whole"  # ends the names of shipped checkpoints that know all levels


@st.cache_resource(show_spinner=False, max_entries=32)
def _load_once(name: str, written: int) -> Checkpoint:
    return load_checkpoint(name)


@st.cache_resource(show_spinner=False, max_entries=256)
def _knows_whole(name: str, written: int) -> bool:
    try:
        return checkpoint_slab(name).count > PAPER_SLAB.count
    except CheckpointError:
        return False  # said when it is chosen


def load(name: str) -> Checkpoint:
    """The checkpoint, read again when a training has written it anew; a damaged one is said in place of the page."""
    try:
        return _load_once(name, _written(name))
    except CheckpointError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


def is_whole(name: str) -> bool:
    """Whether the checkpoint knows more than the paper's levels."""
    return _knows_whole(name, _written(name))


def _written(name: str) -> int:
    return (CHECKPOINTS / f"{name}.json").stat().st_mtime_ns


def pick_checkpoint() -> Checkpoint:
    """The sidebar's pickers of levels and model, with what `describe` says of it."""
    help_text = "A checkpoint from the folder checkpoints/."
    checkpoint = load(str(st.selectbox("Model", _offered(), key=keys.MODEL, bind="query-params", help=help_text)))
    describe(checkpoint)
    return checkpoint


def describe(checkpoint: Checkpoint) -> None:
    """Sentences on the model's idea, weakness and length of training, and a warning where it did not learn."""
    st.caption(f"{checkpoint.spec.idea} {checkpoint.spec.weakness} {checkpoint.length}")
    if checkpoint.learned is False:
        st.warning("This model did not learn: it reconstructs healthy slices worse than the median training slice.")


def pick_checkpoints() -> list[Checkpoint]:
    """The sidebar's pickers of levels and of two to six models."""
    names = _offered()
    chosen = st.multiselect(
        "Models", names, default=_compared(names), max_selections=6,
        key=keys.MODELS, bind="query-params",
        help="Two to six checkpoints. Each is shown with the residual that suits it.",
    )  # fmt: skip
    before, since = st.session_state.get(keys.LEFT_BEHIND, ((), ()))
    alike = {name.removesuffix(WHOLE) for name in chosen}
    if chosen == since and (lost := [name for name in before if name.removesuffix(WHOLE) not in alike]):
        st.caption(f"Not at these levels: {', '.join(lost)}.")
    return [load(name) for name in chosen]


def _offered() -> list[str]:
    """Names of the checkpoints for the levels that the user picks, the strongest first."""
    names = checkpoint_names()
    if not names:
        st.error("There is no checkpoint. Train one: python -m uad_core train --help")
        st.stop()
    whole = {name for name in names if is_whole(name)}
    levels = st.radio(
        "Levels", LEVELS, key=keys.LEVELS, bind="query-params", horizontal=True, disabled=not whole,
        on_change=_to_these_levels, args=(names, whole),
        help="The paper's 20 middle slices, or all axial levels, which takes about a minute. "
        "Each model knows only the levels that it was trained on.",
    )  # fmt: skip
    return _of_levels(names, whole, levels)


def _of_levels(names: Sequence[str], whole: Collection[str], levels: str) -> list[str]:
    fitting = [name for name in names if (name in whole) == (levels == LEVELS[1])]
    return sorted(fitting, key=lambda name: (not name.startswith(STRONGEST), name))


def _compared(names: Sequence[str]) -> list[str]:
    """Those that are held against each other at first."""
    return [name for name in COMPARED if name in names] or list(names[:3])


def _to_these_levels(names: Sequence[str], whole: Collection[str]) -> None:
    """Each model of the levels left behind gives way to its like at these, or to the first ones."""
    fitting, state = _of_levels(names, whole, st.session_state[keys.LEVELS]), st.session_state
    like = {name.removesuffix(WHOLE): name for name in fitting}
    if fitting and keys.MODEL in state:
        state[keys.MODEL] = like.get(state[keys.MODEL].removesuffix(WHOLE), fitting[0])
    if fitting and keys.MODELS in state:
        here, (before, since) = state[keys.MODELS], state.get(keys.LEFT_BEHIND, ((), ()))
        kept = [like[name.removesuffix(WHOLE)] for name in here if name.removesuffix(WHOLE) in like]
        unchanged = here == since and set(before) <= set(fitting)  # since the levels were left: all come back
        back = list(before) if unchanged else kept
        state[keys.MODELS] = back if len(back) > 1 else _compared(fitting)
        state[keys.LEFT_BEHIND] = (here, state[keys.MODELS])
