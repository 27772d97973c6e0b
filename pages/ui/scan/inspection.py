"""What is known about a scan before a model sees it: its header, traffic lights, and each step of its preparation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from pages.ui.inputs.selected_scan import SelectedScan
from pages.ui.shell import keys
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.tasks import done
from pages.ui.viewer.display import pick_convention
from pages.ui.viewer.viewer import SIDES, Click, Listeners, Panel, PanelLayout, show_panels
from uad_core.models.checkpoint import Checkpoint
from uad_core.preprocess import Prepared, StepImages, StepView, as_it_came, before_after, crop_levels
from uad_core.quality import Check, Fact, Severity, facts, run_checks
from uad_core.render import preprocessing
from uad_core.render.planes import PLANES, Plane

ALL_VIEWS_PX = 360  # height of a step's views together: with all above they fit on a screen of 720
LEAST_PX = 150  # of one of three views
BADGES: dict[Severity, str] = {
    "green": ":green-badge[:material/check_circle: green]",
    "amber": ":orange-badge[:material/warning: amber]",
    "red": ":red-badge[:material/error: red]",
    "grey": ":gray-badge[:material/help: not known]",
}


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What is known as soon as a scan is read: what its header says, what was tolerated in it, how it looks."""

    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    view: StepView


def header_of(choice: SelectedScan) -> FirstLook:
    """Of the scan, by a short job that does not wait for its preparation."""
    scan = replace(choice)  # that one may be emptied meanwhile

    def work(on_progress: OnProgress) -> FirstLook:
        volume = scan.read()
        return FirstLook(facts(volume), volume.notes, as_it_came(volume, preprocessing.FIRST_PLACE))

    return done((choice.key, "first look"), Work(work, "read the scan", 0.5))


def checks_of(choice: SelectedScan, whole: Prepared, checkpoint: Checkpoint) -> tuple[Check, ...]:
    """The lights for what this model looks at."""
    slab = checkpoint.slab
    # under the key that `prepared_scan` looks for: the page Detect need not prepare the scan again
    part = done((choice.key, slab), Work(lambda on_progress: crop_levels(whole, slab), "crop", 0.2))
    check = Work(lambda on_progress: run_checks(part, checkpoint.calibration, whole), "checks", 1.0)
    return done((choice.key, "checks", checkpoint.identity), check)


def stages_of(choice: SelectedScan, whole: Prepared) -> tuple[StepImages, ...]:
    """Each step before and after."""
    return done((choice.key, "stages"), Work(lambda on_progress: before_after(whole), "stages", 1.0))


def draw_facts(known: FirstLook) -> None:
    """One line a fact."""
    st.markdown("\n".join(f"- **{fact.name}**: {fact.value}." for fact in known.facts))
    for note in known.notes:
        st.caption(f":material/info: {note}")


def draw_checks(found: Sequence[Check]) -> None:
    """One paragraph a check, its numbers in small print."""
    st.caption("Green says that nothing was found that speaks against this scan. It is no evidence that a result on it "
               "is right.")  # fmt: skip
    for check in found:
        numbers = f" :gray[:small[{check.numbers}.]]" if check.numbers else ""
        st.markdown(f"{BADGES[check.severity]} **{check.name}**: {check.sentence}{numbers}")


@st.fragment
def draw_stages(shown: Sequence[StepImages], scan: str) -> None:
    """One step at a time, before above after, all at one place: a wheel turns one plane, a click moves all.

    Args:
        scan: identifies it; the next one begins with its first step.
    """
    names = [stage.name for stage in shown]
    steps, display = st.columns([3, 2], vertical_alignment="center")
    name = steps.segmented_control(
        "Step", names, default=names[0], required=True, key=f"step {scan}", label_visibility="collapsed",
        help="Before and after each step. Wheel: slices. Click: another place. Drag: grey window. Double click: back.",
    )  # fmt: skip
    pick_convention(display, "collapsed")
    stage = shown[names.index(name)]
    st.markdown(f"{stage.outcome} {stage.look_for}")
    for number, view in enumerate(stage.views):
        _draw_planes(view, f"step {number}", max(ALL_VIEWS_PX // len(stage.views), LEAST_PX))


@st.fragment
def draw_raw(view: StepView) -> None:
    """The scan as it came, while it is being prepared."""
    st.markdown("The scan as it came; its preparation is under way.")
    _draw_planes(view, "raw", ALL_VIEWS_PX)


def _draw_planes(view: StepView, key: str, height_px: int) -> None:
    for column, plane in zip(st.columns(3), PLANES, strict=True):
        with column:
            _draw(view, plane, f"{key} {plane}", height_px)


def _draw(view: StepView, plane: Plane, key: str, height_px: int) -> None:
    at: preprocessing.Place = st.session_state.get(keys.PLACE, preprocessing.FIRST_PLACE)
    shown, axis = preprocessing.stage_picture(view, plane, at), PLANES.index(plane)

    def to_slice(index: int) -> None:
        st.session_state[keys.PLACE] = preprocessing.moved_to_slice(view, plane, at, index)

    def to_click(click: Click) -> None:
        st.session_state[keys.PLACE] = preprocessing.moved_to_pixel(view, plane, at, click.column, click.row)

    panel = Panel(shown.picture, view.title, shown.outline, SIDES[plane], cross=shown.cross)
    index, levels = preprocessing.nearest_voxel(view, at)[axis], range(view.array.shape[axis])
    show_panels([panel], key, PanelLayout(height_px, None, index, levels, tools=False), Listeners(to_slice, to_click))
