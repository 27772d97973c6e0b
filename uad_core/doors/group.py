"""All scans of a dataset at once: one table of all their regions, and a page of pictures to look over."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from uad_core import RESEARCH_ONLY
from uad_core.detect.lesion_table import COLUMNS
from uad_core.doors.bids_scans import BidsScan
from uad_core.doors.one_scan import LOGS, read_log
from uad_core.evaluate.format import tab_separated
from uad_core.io.atomic import write_atomically
from uad_core.io.volume import ScanError
from uad_core.render.html import render_html

TEMPLATE = Path(__file__).parent / "group.html"
STEM = "group"
MISSING = "There is no result yet: run the level `participant`."
OF_SCAN = ("participant_id", "session_id", "scan", "state", "sentence", "model", "checkpoint_identity", "version")
FOUND = ("regions", "flagged_ml", "healthy_ml", "threshold", "percentile", "reference", "reference_simulated",
         "scan_sha256", "mask_sha256", "warnings")  # fmt: skip
OF_REGION = tuple(f"region_{name}" for name in COLUMNS if name != "name")


def write_group(scans: Sequence[BidsScan], out: Path) -> tuple[Path, ...]:
    """Write group.tsv, group.parquet and group.html below `out`. Raises ScanError: no scan has a result yet.

    A row is a region with all that is known of its scan; a scan without one, refused, or not done yet is a row as well.
    """
    records = _records(scans, out)
    if all(record["state"] == "missing" for _, record in records):
        raise ScanError("bids", "No scan has a result yet. Run the level `participant` first.")
    rows = [row for scan, record in records for row in _rows(scan, record)]
    paths = tuple(out / f"{STEM}.{ending}" for ending in ("tsv", "parquet", "html"))
    for path, data in zip(paths, (tab_separated(rows).encode(), _parquet(rows), _page(records, out)), strict=True):
        write_atomically(path, data)
    return paths


def _records(scans: Iterable[BidsScan], out: Path) -> list[tuple[BidsScan, dict[str, Any]]]:
    """Each scan with the record of each model that was used on it; one whose work was broken off is missing."""
    found = []
    for scan in scans:
        paths = sorted((out / LOGS).glob(f"sub-{scan.label}_space-*.json"))
        records = [record for path in paths if (record := read_log(path)).get("state", "running") != "running"]
        found += [(scan, record) for record in records or [{"state": "missing", "sentence": MISSING, "model": None}]]
    return found


def _rows(scan: BidsScan, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = {"participant_id": scan.participant, "session_id": scan.session or None, "scan": f"sub-{scan.label}"}
    of_scan = {name: record.get(name) for name in OF_SCAN} | names
    found = {name: record.get("scan", {}).get(name) for name in FOUND}
    regions = [{f"region_{name}": value for name, value in region.items()} for region in record.get("regions", [])]
    return [of_scan | found | {name: region.get(name) for name in OF_REGION} for region in regions or [{}]]


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows with their own types; a column in which nothing is known holds text."""
    import pyarrow as pa
    from pyarrow import parquet

    def column(name: str) -> pa.Array:
        values = [row[name] for row in rows]
        return pa.array(values, None if any(value is not None for value in values) else pa.string())

    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: column(name) for name in rows[0]}), sink)
    return bytes(sink.getvalue().to_pybytes())


def _page(records: Sequence[tuple[BidsScan, Mapping[str, Any]]], out: Path) -> bytes:
    shown = [(f"sub-{scan.label}", record, _picture(record, out)) for scan, record in records]
    count = sum(record["state"] == "done" for _, record in records)
    return render_html(TEMPLATE, use=RESEARCH_ONLY, shown=shown, done=count, total=len(records)).encode()


def _picture(record: Mapping[str, Any], out: Path) -> str:
    """A data URL; empty where there is no picture."""
    if record["state"] != "done":
        return ""
    masks = [name for name in record["files"] if name.endswith("_mask.json")]
    if not masks:
        return ""
    path = out / LOGS / f"{Path(masks[0]).name.removesuffix('_mask.json')}.png"
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}" if path.exists() else ""
