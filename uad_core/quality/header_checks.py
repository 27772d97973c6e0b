"""How thick the slices are, and whether the header knows left from right."""

import nibabel as nib

from uad_core.io.dicom.scan import DicomScan
from uad_core.io.limits import MAX_ANISOTROPY
from uad_core.io.volume import Volume
from uad_core.quality.check import Check
from uad_core.quality.header_facts import sides, slice_axis

GOOD_MM = 1.5  # the grid of the atlas, of the paper's scans and of the models is 1 mm
MOST_MM = 5.0  # the edge of the paper's median filter


def thickness(volume: Volume) -> Check:
    """From the longest side of a voxel. Of thick slices that were resampled `sharpness` tells."""
    longest = max(volume.spacing_mm)
    numbers = f"{longest:.2f} mm; up to {GOOD_MM} mm is green, up to {MOST_MM:.0f} mm amber"
    already_reported = longest > MAX_ANISOTROPY * min(volume.spacing_mm)
    what = "Slices are" if slice_axis(volume) is not None else "Voxels are"
    if longest <= GOOD_MM:
        return Check("Slice thickness", "green", f"{what} about as fine as the models' own grid of 1 mm.", numbers)
    if longest <= MOST_MM:
        blurred = "what is smaller than a slice is blurred or missed."
        thicker = f"{what} thicker than the models' own grid of 1 mm: {blurred}"
        return Check("Slice thickness", "amber", thicker, numbers, already_reported)
    alone = (
        f"{what} thicker than the 5 mm cube of the paper's median filter: one slice fills it, so that nothing in the "
        "slices above and below bears a finding out."
    )
    return Check("Slice thickness", "red", alone, numbers)


def orientation(volume: Volume) -> Check:
    """What the header says about left and right. The image cannot bear it out: brains are nearly mirror images."""
    source = volume.source
    codes = f"sform code {source.sform_code}, qform code {source.qform_code}"
    numbers = "" if isinstance(volume, DicomScan) else codes
    if not source.sform_code and not source.qform_code:
        return Check("Left and right", "red", f"{sides(volume)}.", numbers, already_reported=True)
    axes = [] if source.qform is None else zip(*map(nib.aff2axcodes, (source.affine, source.qform)), strict=True)
    if any(set(ends) == {"L", "R"} for ends in axes):
        apart = "The header's sform and qform differ about where left is."
        followed = "The sform was followed; other viewers may show the other side."
        return Check("Left and right", "red", f"{apart} {followed}", numbers)
    unproven = "Nothing in the image can bear that out: if it is wrong, the sides are swapped."
    return Check("Left and right", "green", f"The header says where left is. {unproven}", numbers)
