"""What changed between two dates: linked panels, the table of regions, and the files."""

from dataclasses import dataclass

import streamlit as st

from pages.ui.shell import keys
from pages.ui.shell.downloads import ending_in, zipped
from pages.ui.viewer.display import go_to, to_level
from pages.ui.viewer.viewer import Click, Listeners, Panel, PanelLayout, show_panels
from uad_core.detect.followup_doubts import pair_doubts
from uad_core.detect.followup_files import READ, VOLUMES, change_rows, follow_up_files, widest
from uad_core.detect.result_files import REPORT, result_stem
from uad_core.pipeline.change import TwoDates, compare_dates
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig
from uad_core.render.change import change_overlay
from uad_core.render.readout import file_values
from uad_core.render.views import Overlay, label_marks, overlay_view, scan_view, slice_voxel


@dataclass(frozen=True, eq=False)
class ChangeFinding:
    """Two dates and what changed between them."""

    before: Reconstruction
    after: Reconstruction
    config: DetectConfig
    dates: TwoDates
    doubts: tuple[str, ...]  # sentences: what speaks against it


def compared(
    before: Reconstruction, after: Reconstruction, config: DetectConfig, of_dates: tuple[str, ...]
) -> ChangeFinding:
    """With the setting as it stands, and what speaks against either date alone. Raises ScanError."""
    dates = compare_dates(before, after, config)
    return ChangeFinding(before, after, config, dates, (*of_dates, *pair_doubts(dates)))


def draw_panels(found: ChangeFinding, level: int) -> None:
    """Both dates and the change, one level; wheel, window and zoom are common to all three."""
    before, after, dates = found.before.prepared, found.after.prepared, found.dates
    index = level - before.slab.first
    later = scan_view(before, index, after.array)
    panels = [
        Panel(scan_view(before, index), "First date", overlay_view(before, index, Overlay(dates.before.mask)),
              values=file_values(before, "axial", index)),
        Panel(later, "Second date", overlay_view(before, index, Overlay(dates.after.mask)),
              values=file_values(after, "axial", index, before)),
        Panel(later, "Change", change_overlay(before, dates, index), marks=label_marks(before, dates.labels, index)),
    ]  # fmt: skip

    def go(click: Click) -> None:
        go_to(found.before, slice_voxel(before, index, click.column, click.row))

    layout = PanelLayout(300, None, level, before.slab.levels)
    show_panels(panels, "two dates", layout, Listeners(to_level, go))
    st.caption(f"Change: orange is new or enlarged, green resolved or shrunk, blue stable; numbers as below. {VOLUMES}")


def draw_doubts(found: ChangeFinding) -> None:
    """A sentence each."""
    for doubt in found.doubts:
        st.warning(doubt, icon=":material/warning:")


def draw_table(found: ChangeFinding) -> None:
    """One row a region, the changed ones first; a click goes there."""
    rows = change_rows(found.dates, found.before)
    if not rows:
        st.info("No voxel above the threshold at either date.")
        return

    def go_there() -> None:
        if chosen := st.session_state[keys.CHANGES].selection.rows:
            region = found.dates.regions[chosen[0]]
            go_to(found.before, (widest(found.dates, region), *region.centre_voxel[1:]))

    widths = dict.fromkeys(READ[:-1], 85)
    columns = {name: st.column_config.Column(name, width=widths.get(name)) for name in READ}
    st.dataframe(
        rows, height=260, hide_index=True, key=keys.CHANGES, on_select=go_there, selection_mode="single-row",
        column_config=columns,
    )  # fmt: skip


def draw_download(found: ChangeFinding, label: str) -> None:
    """Report, table, or everything; made when asked for."""

    def files() -> dict[str, bytes]:
        return follow_up_files(found.before, found.after, found.dates, found.config, label, found.doubts)

    def one(ending: str) -> bytes:
        return ending_in(ending, files())

    def everything() -> bytes:
        return zipped(files())

    stem = f"{result_stem(label, found.before.checkpoint.name)}change"
    offers = (
        ("Report", lambda: one(REPORT), f"{stem}{REPORT}", "text/html", "One page to print: both dates, regions."),
        ("Table", lambda: one("_dseg.tsv"), f"{stem}_dseg.tsv", "text/tab-separated-values", "A row for each region."),
        ("All (zip)", everything, f"{stem}.zip", "application/zip",
         "The regions as NIfTI on the first scan's grid by what became of them, the table, the report, and a JSON."),
    )  # fmt: skip
    for column, (name, data, file, kind, words) in zip(st.columns(len(offers)), offers, strict=True):
        column.download_button(name, data, file, kind, width="stretch", on_click="ignore", help=words)
