"""Commands that are killed at a step towards a file, in short; `make kills` kills 200."""

import pytest

from benchmarks.kills import TRIALS, moments, pictures
from tools.kills import KILLED, live


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "kills"), [("calibration", 3), ("evaluation", 2)])
def test_what_killed_commands_leave_is_whole_and_their_end_is_the_same(name, kills, tmp_path):
    cohort = pictures(tmp_path / "controls", 6)
    assert sum(1 for _ in TRIALS[name](cohort, tmp_path / name, kills)) == kills


def test_a_command_dies_at_the_step_that_was_named(tmp_path):
    words = ["sample", "--model", "svae", "--out", tmp_path / "drawn.png"]
    status, steps = live(words)
    assert (status, steps) == (0, 5)  # a name, half of the bytes, the other half, a sync, the own name
    (tmp_path / "drawn.png").unlink()
    assert live(words, 4) == (KILLED, 4)
    assert not (tmp_path / "drawn.png").exists()
    assert live(words, 5) == (KILLED, 5)
    assert (tmp_path / "drawn.png").exists()


def test_deaths_are_spread_over_all_steps_and_a_fifth_comes_at_any_moment():
    found = list(moments(50, 200))
    steps = [step for step, seconds in found if seconds is None]
    assert len(found) == 50
    assert len(steps) == len(set(steps)) == 40
    assert min(steps) >= 1
    assert max(steps) <= 200
