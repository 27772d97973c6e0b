"""Two dates of one person: which regions are new, enlarged, shrunk, resolved or stable, beyond the noise of scanning.

Both scans lie on one grid and were detected with one threshold. A region is a connected component of what either date
flags. That its volume differs is not enough, as a region near the threshold comes and goes with the noise: flagged
voxels must also have become brighter, or darker, against the tissue around the region, by more than two scans of an
unchanged brain differ, and enough of them. Where the grey changed by twice that, a tenth of the threshold will do: a
new lesion as grey as healthy cortex is one as well. The limits come from such pairs: `python -m benchmarks.two_dates`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import cc3d
import numpy as np
from scipy import ndimage

from uad_core.atlas.location import locate
from uad_core.io.volume import ScanError
from uad_core.pipeline.lesions import volume_scale
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, Segmentation, segment

Status = Literal["new", "enlarged", "shrunk", "resolved", "stable"]
STATUSES: tuple[Status, ...] = ("new", "enlarged", "shrunk", "resolved", "stable")
LEAST_MM3 = 40.0  # of voxels that changed beyond noise; fewer are noise themselves
NEW_BELOW = 0.1  # share of the later volume that a new region may have had: a stray voxel makes no old lesion
LEAST_GREY = 0.05  # change of normalised intensity, where tissue lies at 0.5
NOISES = 3.0  # the same, in standard deviations of the difference of the two scans
CLEAR = 2.0  # times the least change of grey; where it is this clear, a lower threshold will do
LOWER = 0.1  # of the threshold
SMOOTH_MM = 3  # edge of the cube over which the difference is averaged
RING_MM = (3, 8)  # the tissue around a region that it is compared with


@dataclass(frozen=True)
class RegionChange:
    """A region of either date. Volumes are the patient's, places as in `Lesion`."""

    number: int
    status: Status
    before_mm3: float
    after_mm3: float
    came_mm3: float  # flagged at the second date, and brighter than at the first beyond noise
    went_mm3: float  # flagged at the first date, and darker at the second beyond noise
    grey: float  # by how much the changed voxels became brighter, against the tissue around; of all, if none changed
    centre_voxel: tuple[int, int, int]  # (d, h, w) in the slab
    centre_mm: tuple[float, float, float]  # in the first scan's world, RAS+
    place: str
    side: str
    tissues: str


@dataclass(frozen=True, eq=False)
class TwoDates:
    """What changed between two scans."""

    before: Segmentation
    after: Segmentation
    regions: tuple[RegionChange, ...]  # the changed ones first, then by size
    labels: np.ndarray  # (D, 256, 256) int32, the number of the region, 0 elsewhere
    noise: float  # standard deviation of the difference of the scans, normalised intensity
    grey_limit: float  # a smaller change of grey is noise
    likeness: float  # correlation of the two scans within both brains

    def count(self, status: Status) -> int:
        return sum(region.status == status for region in self.regions)

    def mask_of(self, *statuses: Status) -> np.ndarray:
        """(D, 256, 256) bool: the regions of these statuses."""
        return np.isin(self.labels, [region.number for region in self.regions if region.status in statuses])

    @property
    def below_threshold(self) -> int:
        """How many changed regions neither date flags by itself."""
        seen = set(np.unique(self.labels[self.before.mask | self.after.mask]))
        return sum(one.status != "stable" and one.number not in seen for one in self.regions)

    @property
    def sentence(self) -> str:
        """What changed, and what counts as a change."""
        counts = ", ".join(f"{self.count(status)} {status}" for status in STATUSES)
        first, second = round(self.before.flagged_ml, 2), round(self.after.flagged_ml, 2)
        return (
            f"Regions: {counts}. Flagged {first:.2f} ml, then {second:.2f} ml ({second - first:+.2f} ml). "
            f"A change counts from {LEAST_MM3:g} mm³ of voxels whose grey changed by more than "
            f"{self.grey_limit:.3f}, tissue being 0.5: two scans of an unchanged brain differ by less."
        )


def common_setting(before: Reconstruction, config: DetectConfig) -> DetectConfig:
    """The setting with the threshold that it gives on the first date: the second is held against the same."""
    return replace(config, threshold=segment(before, config).threshold, false_discovery=None)


def compare_dates(before: Reconstruction, after: Reconstruction, config: DetectConfig) -> TwoDates:
    """Detect both dates with one threshold, and judge each region. Raises ValueError for two grids or two models."""
    if before.prepared.slab != after.prepared.slab or before.checkpoint.identity != after.checkpoint.identity:
        raise ValueError("two dates need one model, at the same axial levels")
    setting = common_setting(before, config)
    both = before.searched & after.searched  # what one date alone shows is no change
    if not both.any():
        raise ScanError("two_dates", "The two scans have no part of the brain in common at these levels.")
    before, after = replace(before, searched=both), replace(after, searched=both)
    first, second = segment(before, setting), segment(after, setting)
    difference = after.prepared.array - before.prepared.array
    inside = before.inside(setting.postprocess.erosion_mm)
    difference = ndimage.uniform_filter(difference, SMOOTH_MM)
    smooth = difference[inside]
    noise = 1.4826 * float(np.median(np.abs(smooth - np.median(smooth)))) if smooth.size else 0.0
    limit = max(LEAST_GREY, NOISES * noise)
    lower = replace(setting, threshold=LOWER * first.threshold)
    rose, fell = difference > CLEAR * limit, difference < -CLEAR * limit
    absolute = setting.postprocess.signed == "absolute"
    if absolute:
        rose = fell = rose | fell
    earlier = first.mask | _large(segment(before, lower).mask & fell, before)
    later = second.mask | _large(segment(after, lower).mask & rose, before)
    labels = cc3d.connected_components(earlier | later, connectivity=26).astype(np.int32)
    found = _regions(labels, (earlier, later), difference, limit, setting, before)
    order = sorted(found, key=lambda one: (one.status == "stable", -max(one.before_mm3, one.after_mm3)))
    numbers = np.zeros(len(order) + 1, np.int32)
    for number, region in enumerate(order, 1):
        numbers[region.number] = number
    ranked = tuple(replace(region, number=number) for number, region in enumerate(order, 1))
    return TwoDates(first, second, ranked, numbers[labels], noise, limit, _likeness(before, after, both))


def _likeness(before: Reconstruction, after: Reconstruction, both: np.ndarray) -> float:
    """1: the same picture; what does not vary at all is like nothing."""
    first, second = before.prepared.array[both], after.prepared.array[both]
    return float(np.corrcoef(first, second)[0, 1]) if first.std() > 0 and second.std() > 0 else 0.0


def _regions(
    labels: np.ndarray,
    dates: tuple[np.ndarray, np.ndarray],
    difference: np.ndarray,
    grey_limit: float,
    setting: DetectConfig,
    before: Reconstruction,
) -> list[RegionChange]:
    """Of each label, in its order."""
    voxels = np.nonzero(labels)
    if not voxels[0].size:
        return []
    prepared, (first, second) = before.prepared, dates
    inside = before.inside(setting.postprocess.erosion_mm)
    absolute = setting.postprocess.signed == "absolute"
    either = labels > 0
    places = locate(voxels, labels[voxels].astype(np.int64) - 1, prepared.slab)
    statistics = cc3d.statistics(labels)
    centres = statistics["centroids"]
    worlds = prepared.transform.apply(prepared.slab.to_world.apply(centres))
    found = []
    for number, place in enumerate(places, 1):
        box = _wider(statistics["bounding_boxes"][number], labels.shape)
        own = labels[box] == number
        old, new = own & first[box], own & second[box]
        ring = _ring(own) & inside[box] & ~either[box]
        change = difference[box] - (float(np.median(difference[box][ring])) if ring.any() else 0.0)
        strength = np.abs(change) if absolute else change
        came = new & (strength > grey_limit) & (~old if absolute else True)
        went = old & (strength > grey_limit) & ~new if absolute else old & (change < -grey_limit)
        mm3 = [float(np.count_nonzero(one)) * volume_scale(prepared) for one in (old, new, came, went)]
        status = _status(mm3)
        changed = came if status in ("new", "enlarged") else went if status in ("shrunk", "resolved") else own
        depth, row, column = (int(value) for value in np.rint(centres[number]))
        x, y, z = (round(float(value), 2) for value in worlds[number])
        volumes = (round(mm3[0], 2), round(mm3[1], 2), round(mm3[2], 2), round(mm3[3], 2))
        grey, centre = float(change[changed].mean()), (depth, row, column)
        found.append(RegionChange(number, status, *volumes, grey, centre, (x, y, z), *place))
    return found


def _large(mask: np.ndarray, before: Reconstruction) -> np.ndarray:
    """Without what is too small to count as a change."""
    least = int(np.ceil(LEAST_MM3 / volume_scale(before.prepared)))
    return np.asarray(cc3d.dust(mask, threshold=least, connectivity=26), bool)


def _status(mm3: list[float]) -> Status:
    """Of the volumes before, after, that came and that went."""
    before, after, came, went = mm3
    if max(came, went) < LEAST_MM3:
        return "stable"
    if came >= went:
        return "new" if before <= NEW_BELOW * after else "enlarged"
    return "resolved" if after <= NEW_BELOW * before else "shrunk"


def _wider(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """With room for the ring."""
    reach = RING_MM[1] + 1
    return tuple(slice(max(one.start - reach, 0), min(one.stop + reach, n)) for one, n in zip(box, shape, strict=True))


def _ring(own: np.ndarray) -> np.ndarray:
    away: np.ndarray = ndimage.distance_transform_edt(~own)
    return (away >= RING_MM[0]) & (away <= RING_MM[1])
