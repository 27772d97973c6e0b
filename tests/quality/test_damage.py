"""What was done to a whole head's grey values or slices turns the light that is there for it; nothing else does."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.damage_lights import DAMAGES, HEAD, damaged, lights_turned, prepared
from uad_core.io.nifti import read_nifti
from uad_core.quality.brain import rim


@pytest.fixture(scope="module")
def sound():
    return prepared(read_nifti(HEAD))


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_done_to_a_head_turns_its_light(name, sound):
    light = DAMAGES[name][1]
    scan = damaged(sound.scan, name)
    # these are judged by what was prepared; the others look at the scan, and prepared anew show the same
    anew = light in ("FLAIR contrast", "Shading", "Darkest values", "Field of view")
    head = prepared(scan) if anew else replace(sound, scan=scan)
    assert lights_turned(head).get(light) in ("amber", "red")


def test_a_sound_head_turns_none_but_what_its_header_says(sound):
    assert set(lights_turned(sound)) == {"Slice thickness"}


def test_a_brain_without_its_cortex_is_amber(sound):
    depth = np.stack([ndimage.distance_transform_edt(level) for level in sound.brain_mask])
    eroded = replace(sound, array=np.where(depth > 8, sound.array, 0), brain_mask=depth > 8)
    assert [rim(one).severity for one in (sound, eroded)] == ["green", "amber"]
