"""What is known about a scan before a model sees it: facts from its header, and traffic lights."""

from collections.abc import Sequence

import streamlit as st

from pages.ui.inputs.prepared import prepared_scan
from pages.ui.inputs.scan import SelectedScan
from pages.ui.shell.tasks import jobs, wait_for
from uad_core.atlas.space import WHOLE_BRAIN
from uad_core.io.read_scan import read_scan
from uad_core.models.checkpoint import Checkpoint
from uad_core.preprocess import Prepared, StepImages, before_after, crop_levels
from uad_core.quality import Check, Fact, Severity, facts, run_checks

BADGES: dict[Severity, str] = {
    "green": ":green-badge[:material/check_circle: green]",
    "amber": ":orange-badge[:material/warning: amber]",
    "red": ":red-badge[:material/error: red]",
    "grey": ":gray-badge[:material/help: not known]",
}


@st.cache_data(show_spinner=False, max_entries=8, ttl=1800)
def facts_of(key: str, _choice: SelectedScan) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """What the scan's header says, and what was tolerated in it."""
    volume = read_scan(_choice.source)
    return facts(volume), volume.notes


def whole_scan(choice: SelectedScan) -> Prepared:
    """The scan prepared over all levels: a look at three planes needs more than a slab."""
    return prepared_scan(choice, WHOLE_BRAIN)


def checks_of(choice: SelectedScan, whole: Prepared, checkpoint: Checkpoint) -> tuple[Check, ...]:
    """The lights for what this model looks at."""
    slab = checkpoint.slab
    # under the key that `prepared_scan` looks for: the page Detect need not prepare the scan again
    part = wait_for(jobs().start((choice.key, slab), lambda on_progress: crop_levels(whole, slab)))
    key = (choice.key, "checks", checkpoint.sha256)
    return wait_for(jobs().start(key, lambda on_progress: run_checks(part, checkpoint.calibration, whole)))


def stages_of(choice: SelectedScan, whole: Prepared) -> tuple[StepImages, ...]:
    """Each step before and after."""
    return wait_for(jobs().start((choice.key, "stages"), lambda on_progress: before_after(whole)))


def draw_facts(known: Sequence[Fact], notes: Sequence[str]) -> None:
    """One line a fact."""
    st.markdown("\n".join(f"- **{fact.name}**: {fact.value}." for fact in known))
    for note in notes:
        st.caption(f":material/info: {note}")


def draw_checks(found: Sequence[Check]) -> None:
    """One paragraph a check, its numbers in small print."""
    st.caption(
        "Green says that nothing was found that speaks against this scan. It is no evidence that a result on it is "
        "right."
    )
    for check in found:
        numbers = f" :gray[:small[{check.numbers}.]]" if check.numbers else ""
        st.markdown(f"{BADGES[check.severity]} **{check.name}**: {check.sentence}{numbers}")
