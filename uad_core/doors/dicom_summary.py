"""What was found as a DICOM structured report (TID 1500), beside the SEG that it refers to."""

import io

import highdicom as hd
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from uad_core import RESEARCH_ONLY, __version__
from uad_core.detect.from_file import Detection
from uad_core.detect.lights import stamp_of
from uad_core.io.dicom.scan import DicomScan
from uad_core.io.dicom.seg import MOST_LETTERS

MOST_REGIONS = 50  # the largest; the total holds them all
MR_OF_BRAIN = sr.CodedConcept("24590-2", "LN", "MR Brain")


def encode_summary(mask: Dataset, found: Detection) -> bytes:
    """The bytes of a Comprehensive SR of a detection whose SEG is `mask`. Raises ValueError: the scan is no DICOM.

    It holds the volume of all that is marked, with a reference to the segment, and of each of the largest regions.
    """
    scan = found.reconstruction.prepared.scan
    if not isinstance(scan, DicomScan):
        raise ValueError("a structured report refers to a DICOM series")
    segment = sr.ReferencedSegment(
        mask.SOPClassUID,
        mask.SOPInstanceUID,
        1,
        source_series=sr.SourceSeriesForSegmentation(scan.sources[0].SeriesInstanceUID),
    )
    everything = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(hd.UID(), "all that is above the threshold"),
        referenced_segment=segment,
        finding_type=codes.SCT.Lesion,
        finding_sites=[sr.FindingSite(codes.SCT.Brain)],
        measurements=[_volume(1000 * found.segmentation.flagged_ml)],
    )
    regions = [
        sr.MeasurementsAndQualitativeEvaluations(
            sr.TrackingIdentifier(hd.UID(), f"region {one.number}: {one.place}, {one.side}"),
            finding_type=codes.SCT.Lesion,
            finding_sites=[sr.FindingSite(codes.SCT.Brain)],
            measurements=[_volume(one.volume_mm3)],
        )
        for one in found.lesions[:MOST_REGIONS]
    ]
    device = sr.DeviceObserverIdentifyingAttributes(hd.UID(), "uad_core", "uad_core", f"uad_core {__version__}")
    observer = sr.ObserverContext(codes.DCM.Device, device)
    content = sr.MeasurementReport(
        sr.ObservationContext(observer_device_context=observer), MR_OF_BRAIN, [everything, *regions]
    )
    report = sr.ComprehensiveSR(
        evidence=[*scan.sources, mask],
        content=content[0],
        series_instance_uid=hd.UID(),
        series_number=9901,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="uad_core",
        is_complete=True,
        series_description=(stamp_of(found.lights) or RESEARCH_ONLY)[:MOST_LETTERS],
    )
    buffer = io.BytesIO()
    report.save_as(buffer)
    return buffer.getvalue()


def _volume(mm3: float) -> sr.Measurement:
    return sr.Measurement(codes.SCT.Volume, round(mm3, 2), codes.UCUM.CubicMillimeter)
