"""A mask as a DICOM SEG, which a PACS files with the patient's study and viewers lay over the series."""

import io

import highdicom as hd
import numpy as np
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from uad_core import __version__
from uad_core.io.dicom.scan import DicomScan

LABEL = "Anomaly above threshold"
MOST_LETTERS = 64  # of a description in DICOM


def encode_dicom_seg(mask: np.ndarray, scan: DicomScan, model: str, doubt: str = "", by_hand: bool = False) -> bytes:
    """A mask on a scan that came as DICOM, as the bytes of a binary DICOM SEG.

    It refers to each slice of the series. From the headers it repeats what makes it part of the study: name, ID, birth
    date and sex of the patient, date, time, ID, accession number and physician of the study, and the UIDs. So it names
    the patient, as the series does. Empty slices are left out; a mask without any voxel keeps them all, since a SEG has
    to have frames. `mask`: (D, H, W) bool on the canonical grid; another shape or type is a ValueError. `doubt`: what
    speaks against it, which viewers show as the series' description. `by_hand`: a hand corrected it, so that it is
    called semi-automatic.
    """
    if mask.dtype != np.bool_:
        raise ValueError(f"a mask must be bool, got {mask.dtype}")
    slices = scan.to_source(mask).T.astype(np.uint8)  # (slice, row, column)
    frames = np.empty_like(slices)
    frames[list(scan.frames)] = slices
    kinds = hd.seg.SegmentAlgorithmTypeValues
    algorithm = hd.AlgorithmIdentificationSequence(
        f"uad_core {model}"[:64], codes.DCM.ArtificialIntelligence, __version__, source="uad_core"
    )
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=LABEL,
        # The standard has no code for what merely exceeds a threshold: the label says it, these are the nearest.
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=kinds.SEMIAUTOMATIC if by_hand else kinds.AUTOMATIC,
        algorithm_identification=algorithm,
        anatomic_regions=[codes.SCT.Brain],
    )
    seg = hd.seg.Segmentation(
        source_images=list(scan.sources),
        pixel_array=frames,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=hd.UID(),
        series_number=9900,  # far behind those of scanners; only the UID has to be unique
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="uad_core",
        manufacturer_model_name="uad_core",
        software_versions=__version__,
        device_serial_number="none",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content_label="ANOMALY",
        content_description=(doubt or "For research and teaching, not for diagnosis")[:MOST_LETTERS],
        series_description=f"{doubt or LABEL}{', corrected' * by_hand}, not for diagnosis"[:MOST_LETTERS],
        omit_empty_frames=bool(mask.any()),
    )
    buffer = io.BytesIO()
    seg.save_as(buffer)
    return buffer.getvalue()
