"""What the user takes home: mask and residual on the scan's own grid, lesion table, provenance.

Names follow BIDS derivatives (`_space-orig_desc-<model>_mask.nii.gz`). Nothing of the scan's header
goes into a file but its geometry, and no file name of the user's goes anywhere. A DICOM SEG, written where DICOM
came in, is the exception: it names the patient, or it would not belong to the study.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, __version__, versions
from uad_core.dicom.scan import DicomScan
from uad_core.lesions import Lesion
from uad_core.nifti import encode_nifti
from uad_core.pipeline import DetectConfig, Reconstruction, Segmentation

LESION_COLUMNS = ("index", "name", "volume_mm3", "x_mm", "y_mm", "z_mm", "peak_residual")
DATASET_DESCRIPTION = {
    "Name": "Unsupervised anomaly segmentation",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "uad_core", "Version": __version__}],
}


def subject_label(file_name: str) -> str:
    """The BIDS label of `sub-<label>...`; "scan" for any other name, which might be a patient's."""
    match = re.match(r"sub-([0-9a-zA-Z]+)", file_name.replace("\\", "/").rsplit("/", 1)[-1])
    return match[1] if match else "scan"


def export(
    reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, label: str, command: str = ""
) -> dict[str, bytes]:
    """All result files by name, ready to be written or downloaded.

    Args:
        label: the BIDS subject label, letters and digits.
        command: how to run this again.
    """
    if not re.fullmatch(r"[0-9a-zA-Z]+", label):
        raise ValueError("a subject label may hold letters and digits only")
    prepared = reconstruction.prepared
    model = re.sub(r"[^0-9a-zA-Z]", "", reconstruction.checkpoint.name)
    mask = prepared.to_scan(segmentation.mask, order=0)
    residual = np.where(reconstruction.searched, reconstruction.residual(config.postprocess.signed), 0)
    stem = f"sub-{label}_space-orig_desc-{model}"
    record = provenance(reconstruction, segmentation, config, command)
    record["MaskVoxels"], record["MaskVolumeMm3"] = (
        int(mask.sum()),
        round(float(mask.sum() * prepared.scan.voxel_mm3), 2),
    )
    residual_record = {
        "SkullStripped": True,
        "Units": "normalised intensity",
        "Sources": record["Sources"],
        "Use": RESEARCH_ONLY,
    }
    files = {
        f"{stem}_mask.nii.gz": encode_nifti(mask.astype(np.uint8), prepared.scan),
        f"{stem}_mask.json": _json(record),
        f"{stem}residual_FLAIR.nii.gz": encode_nifti(prepared.to_scan(residual, order=1), prepared.scan),
        f"{stem}residual_FLAIR.json": _json(residual_record),
        f"{stem}_dseg.tsv": lesion_table(segmentation.lesions).encode(),
    }
    if isinstance(prepared.scan, DicomScan):
        from uad_core.dicom.segmentation import encode_dicom_seg  # here, since highdicom takes 0.5 s to load

        files[f"{stem}_mask.dcm"] = encode_dicom_seg(mask, prepared.scan, reconstruction.checkpoint.name)
    return files


def lesion_table(lesions: Sequence[Lesion]) -> str:
    """Tab-separated, one row a lesion, largest first; `index` and `name` as BIDS asks of a look-up table."""
    rows: list[tuple[str, ...]] = [LESION_COLUMNS]
    for lesion in lesions:
        numbers = (lesion.volume_mm3, *lesion.centre_mm, round(lesion.peak_residual, 4))
        rows.append((str(lesion.number), f"lesion {lesion.number}", *map(str, numbers)))
    return "".join("\t".join(row) + "\n" for row in rows)


def provenance(
    reconstruction: Reconstruction, segmentation: Segmentation, config: DetectConfig, command: str
) -> dict[str, Any]:
    """How the mask came about: everything that is needed to make it again."""
    prepared, checkpoint = reconstruction.prepared, reconstruction.checkpoint
    scan = prepared.scan
    return {
        "Type": "Lesion",
        "Use": RESEARCH_ONLY,
        "Sources": ["the scan, see ScanSha256"],
        "ScanSha256": hashlib.sha256(scan.array.tobytes()).hexdigest(),
        "ScanShape": list(scan.source.shape),
        "ScanAffine": np.asarray(scan.source.affine).tolist(),
        "Checkpoint": {"Name": checkpoint.name, "Model": checkpoint.record["model"], "Sha256": checkpoint.sha256},
        "Preprocessing": asdict(prepared.config),
        "Steps": [
            {"Name": step.name, "Seconds": round(step.seconds, 2), "Result": step.sentence} for step in prepared.steps
        ],
        "AtlasToScan": prepared.transform.matrix.tolist(),
        "Detection": asdict(config),
        "Threshold": segmentation.threshold,
        "Percentile": segmentation.percentile,
        "HealthyReference": segmentation.reference,
        "HealthyReferenceIsSimulated": checkpoint.calibration.references[segmentation.reference].simulated,
        "FlaggedMl": round(segmentation.flagged_ml, 3),
        "SameShareOfHealthyBrainMl": round(segmentation.healthy_ml, 3),
        "Lesions": len(segmentation.lesions),
        "Warnings": [*scan.notes, *prepared.warnings, *reconstruction.warnings],
        "Command": command,
        "Versions": versions(),
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _json(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
