"""One subject's files."""

import numpy as np
import pytest
from PIL import Image

from uad_core.io.picture import read_grey
from uad_core.io.volume import ScanError


@pytest.mark.parametrize("kept", [0, 7, 60, -300])
def test_a_damaged_picture_is_refused_in_a_sentence_without_its_name(tmp_path, kept):
    path = tmp_path / "sub-anna_FLAIR.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 80), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ScanError, match="damaged") as refused:
        read_grey(path)
    assert refused.value.code == "unreadable"
    assert "anna" not in str(refused.value)
