"""Whatever bit of a kept file flips, it is as good as none."""

import numpy as np

from uad_core.io import kept

ROOMS = ("detect",)


def test_no_flipped_bit_and_no_cut_gives_a_result(kept_folder):
    arrays, record = {"array": np.arange(30, dtype=np.float32).reshape(5, 6)}, {"seconds": 1.5, "warnings": ["one"]}
    kept.keep("a result", ROOMS, arrays, record)
    (file,) = kept_folder.iterdir()
    data = file.read_bytes()
    known = kept.load("a result", ROOMS)
    assert known is not None
    np.testing.assert_array_equal(known[0]["array"], arrays["array"])
    assert known[1] == record
    flipped = (data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(len(data)))
    for damaged in (*flipped, *(data[:left] for left in range(0, len(data), 7))):
        file.write_bytes(damaged)
        assert kept.load("a result", ROOMS) is None
    kept.keep("a result", ROOMS, arrays, record)
    assert kept.load("a result", ROOMS) is not None
