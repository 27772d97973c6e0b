"""The queue: short passes long, browsers take turns, places are known, and it is bounded."""

import threading

import pytest

from pages.ui.shell import fair_queue
from pages.ui.shell.fair_queue import FairQueue, ServerFull
from pages.ui.shell.job import Cancelled, Job, Work
from tests.support.visitors import Held, outcome, quick


def put(queue, work, browser="a"):
    job = Job(work)
    queue.put(job, browser)
    job.browsers.add(browser)
    return job


@pytest.fixture
def busy():
    """A queue whose both lanes are held, and what lets them go."""
    queue, held = FairQueue(), [Held(seconds=1000.0), Held(seconds=1.0, kind="short")]
    for one in held:
        put(queue, one.work, "other")
        assert one.begun.wait(10)
    yield queue, held
    for one in held:
        one.go.set()


def order_of(queue, held, wanted):
    """Which of the `wanted` (browser, seconds) was done when, in one lane."""
    done, jobs = [], []
    for number, (browser, seconds) in enumerate(wanted):
        work = Work(lambda on_progress, number=number: done.append(number), f"{number}", seconds)
        jobs.append(put(queue, work, browser))
    held[0].go.set()  # the short lane stays held
    for job in jobs:
        outcome(job)
    return done


def test_one_browsers_jobs_are_done_in_the_order_of_their_start(busy):
    assert order_of(*busy, [("a", 10.0), ("a", 1.0), ("a", 5.0)]) == [0, 1, 2]


def test_two_browsers_take_turns_however_many_one_has_asked_for(busy):
    assert order_of(*busy, [*[("a", 10.0)] * 4, ("b", 10.0)])[:2] in ([0, 4], [4, 0])


def test_short_work_of_another_passes_long_work_that_waits(busy):
    assert order_of(*busy, [("a", 60.0), ("b", 50.0), ("c", 2.0)]) == [2, 1, 0]


def test_long_work_is_not_passed_for_ever():
    queue, held = FairQueue(), Held(seconds=1000.0)
    put(queue, held.work, "other")
    held.begun.wait(10)
    done = []
    long = put(queue, Work(lambda on_progress: done.append("long"), "long", 30.0), "a")
    short = [put(queue, Work(lambda on_progress: done.append("short"), "medium", 6.0), "b") for _ in range(15)]
    held.go.set()
    for job in (long, *short):
        outcome(job)
    assert done.index("long") == 4  # tags of b: 6, 12, 18, 24, 30, and so on; a's is 30, and was there before


def test_short_work_does_not_wait_for_long_work_under_way():
    queue, held = FairQueue(), Held(seconds=1000.0)
    put(queue, held.work, "other")
    held.begun.wait(10)
    assert outcome(put(queue, quick(5, seconds=2.0))) == 5
    held.go.set()


def test_two_long_ones_are_never_under_way_at_once():
    queue, first, second = FairQueue(), Held(), Held()
    put(queue, first.work, "a")
    first.begun.wait(10)
    put(queue, second.work, "b")
    assert not second.begun.wait(0.2)
    first.go.set()
    assert second.begun.wait(10)
    second.go.set()


def test_work_waits_for_what_comes_before_it_and_fails_with_it(busy):
    queue, held = busy

    def fail(on_progress):
        raise ValueError("no brain")

    first = put(queue, Work(fail, "prepare", 50.0))
    second = put(queue, quick(2, after=first), "b")
    held[1].go.set()  # a short lane is free, and still the second has to wait
    with pytest.raises(TimeoutError):
        second.future.result(0.2)
    held[0].go.set()
    assert outcome(first) is ValueError
    assert outcome(second) is ValueError


def test_the_place_in_the_line_and_the_time_to_ones_turn_are_known(busy):
    queue, held = busy
    first, second = put(queue, quick(1, "x", 20.0)), put(queue, quick(1, "x", 20.0))
    place, seconds = queue.ahead_of(second)
    assert place == 2
    assert seconds == pytest.approx(1000 + 1 + 20, abs=2)
    queue.cancel(first)
    assert queue.ahead_of(second)[0] == 1
    assert queue.ahead_of(first) is None
    assert outcome(first) is Cancelled
    for one in held:
        one.go.set()
    outcome(second)
    assert queue.ahead_of(second) is None


def test_what_a_kind_of_work_takes_is_learnt():
    queue, held = FairQueue(), Held(seconds=1000.0)
    outcome(put(queue, quick(1, "seen", 300.0)))  # said to be long, and over at once
    outcome(put(queue, quick(1, "other")))  # the lane has taken note of it by then
    put(queue, held.work, "other")
    held.begun.wait(10)
    put(queue, quick(1, "seen", 300.0))
    assert queue.ahead_of(put(queue, Held().work))[1] < 1100
    held.go.set()


def test_the_line_is_bounded_for_one_browser_and_for_all(busy, monkeypatch):
    queue, _ = busy
    for _ in range(fair_queue.MOST_OF_ONE):
        last = put(queue, quick(seconds=30.0))
    with pytest.raises(ServerFull, match="of your work wait already"):
        put(queue, quick(seconds=30.0))
    queue.cancel(last)
    put(queue, quick(seconds=30.0))
    monkeypatch.setattr(fair_queue, "MOST_WAITING", fair_queue.MOST_OF_ONE + 1)
    put(queue, quick(seconds=30.0), "b")
    with pytest.raises(ServerFull, match="pieces of work wait on this server"):
        put(queue, quick(seconds=30.0), "c")


def test_a_lane_survives_whatever_its_work_raises():
    queue = FairQueue()

    def fail(on_progress):
        raise SystemExit

    assert outcome(put(queue, Work(fail, "x", 1.0))) is SystemExit
    assert outcome(put(queue, Work(fail, "y", 100.0))) is SystemExit
    assert outcome(put(queue, quick(3, seconds=100.0))) == 3


def test_a_failure_does_not_keep_what_lay_on_the_stack():
    queue, gone = FairQueue(), threading.Event()

    class Scan:
        def __del__(self):
            gone.set()

    def fail(on_progress):
        scan = Scan()
        raise ValueError(f"{scan!r}"[:0])

    job = put(queue, Work(fail, "x", 1.0))
    assert outcome(job) is ValueError
    assert gone.wait(5)
