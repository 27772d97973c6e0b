"""How a mask came about: everything that is needed to make it again, and nothing about the patient."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from uad_core import RESEARCH_ONLY, versions
from uad_core.detect.hand_edits import KEY, edits_record
from uad_core.detect.lights import cautions, lights_of
from uad_core.detect.result_files import scan_sha256
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation
from uad_core.quality import Check


def provenance(
    reconstruction: Reconstruction,
    segmentation: Segmentation,
    config: DetectConfig,
    command: str,
    lights: Sequence[Check] | None = None,
) -> dict[str, Any]:
    """The record of one detection, as JSON holds it; keys in the manner of BIDS.

    `command`: how to run this again; `lights`: those of `lights_of`, where they are known already.
    """
    prepared, checkpoint = reconstruction.prepared, reconstruction.checkpoint
    scan, checked = prepared.scan, lights_of(reconstruction) if lights is None else lights
    return {
        "Type": "Lesion",
        "Use": RESEARCH_ONLY,
        "Sources": ["the scan, see ScanSha256"],
        "ScanSha256": scan_sha256(scan),
        "ScanShape": list(scan.source.shape),
        "ScanAffine": np.asarray(scan.source.affine).tolist(),
        "Checkpoint": {
            "Name": checkpoint.name,
            "Model": checkpoint.record["model"],
            "Sha256": checkpoint.sha256,
            "Identity": checkpoint.identity,
        },
        "Preprocessing": asdict(prepared.config),
        "Steps": [
            {"Name": one.name, "Seconds": round(one.seconds, 2), "Result": one.sentence} for one in prepared.steps
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
        **({KEY: by_hand} if (by_hand := edits_record(segmentation)) else {}),
        **({"Sensitivity": segmentation.sensitivity.record()} if segmentation.sensitivity else {}),
        "Checks": [
            {"Name": one.name, "Light": one.severity, "Result": one.sentence, "Numbers": one.numbers} for one in checked
        ],
        "Warnings": list(cautions(reconstruction, checked)),
        "Command": command,
        "Versions": versions(),
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
