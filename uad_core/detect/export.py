"""Result files of one detection: mask and residual on the scan's own grid, lesion table, provenance, a page to print.

Names follow BIDS derivatives; BIDS knows neither HTML nor DICOM, so the report lies on top, where fMRIPrep puts its
own, and `.bidsignore` names both. Nothing of the scan's header goes into a file but its geometry, and no file name of
the user's goes anywhere. A DICOM SEG, written where DICOM came in, is the exception: it names the patient, or it would
not belong to the study.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, __version__
from uad_core.detect.lesion_table import COLUMNS, lesion_table
from uad_core.detect.lights import lights_of, stamp_of
from uad_core.detect.provenance import provenance
from uad_core.detect.report.report import scan_report
from uad_core.detect.result_files import LABEL, REPORT, result_stem
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.nifti import encode_nifti
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.quality import Check

BIDS_IGNORE = f"*{REPORT}\n*.dcm\n"
DATASET_DESCRIPTION = {
    "Name": "Unsupervised anomaly segmentation",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "uad_core", "Version": __version__}],
}


def export(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    label: str,
    command: str = "",
    lights: Sequence[Check] | None = None,
) -> dict[str, bytes]:
    """All result files by name.

    `label`: as `subject_label` has it; `command`: to run this again; `lights`: those of `lights_of`, where they are
    known already.
    """
    if not LABEL.fullmatch(label):
        raise ValueError("a subject label may hold letters, digits and a few entities only")
    prepared = reconstruction.prepared
    lights = lights_of(reconstruction) if lights is None else lights
    mask = prepared.to_scan(segmentation.mask, order=0)
    residual = np.where(
        reconstruction.searched, reconstruction.weighted(config.postprocess.signed, config.postprocess.look), 0
    )
    stem = result_stem(label, reconstruction.checkpoint.name)
    record = provenance(reconstruction, segmentation, config, command, lights)
    voxels = int(mask.sum())
    record |= {"MaskVoxels": voxels, "MaskVolumeMm3": round(float(voxels * prepared.scan.voxel_mm3), 2)}
    units = "anomaly score, 0 to 1" if reconstruction.score is not None else "normalised intensity"
    residual_record = {"SkullStripped": True, "Units": units, "Sources": record["Sources"]}
    files = {
        f"{stem}_mask.nii.gz": encode_nifti(mask.astype(np.uint8), prepared.scan),
        f"{stem}_mask.json": _json(record),
        f"{stem}residual_FLAIR.nii.gz": encode_nifti(prepared.to_scan(residual, order=1), prepared.scan),
        f"{stem}residual_FLAIR.json": _json(residual_record | {"Use": RESEARCH_ONLY}),
        f"{stem}_dseg.tsv": lesion_table(segmentation.lesions).encode(),
        f"{stem}_dseg.json": _json(COLUMNS),
        f"{stem}{REPORT}": scan_report(reconstruction, segmentation, config, label, command, record),
    }
    if isinstance(prepared.scan, DicomScan):
        from uad_core.io.dicom.seg import encode_dicom_seg  # here, since highdicom takes 0.5 s to load

        files[f"{stem}_mask.dcm"] = encode_dicom_seg(
            mask, prepared.scan, reconstruction.checkpoint.name, stamp_of(lights), segmentation.edits is not None
        )
    return files


def _json(record: dict[str, Any]) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
