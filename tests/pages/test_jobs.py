"""What the server holds: whose it is, who waits for it, what is never let go, and what goes when."""

import time
import weakref

import numpy as np
import pytest

from pages.ui.shell import sizes, visits
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.job import Cancelled, Forgotten, Work
from pages.ui.shell.jobs import Jobs
from pages.ui.shell.sizes import held_bytes, in_words
from tests.support.visitors import Held, arrive, outcome, quick
from uad_core.io.volume import ScanError

MB = 10**6


def array(megabytes):
    return np.zeros(megabytes * MB, np.uint8)


@pytest.fixture
def bound(monkeypatch):
    """100 MB are all that may be held."""
    monkeypatch.setenv(sizes.BOUND_VARIABLE, "100")


@pytest.fixture
def no_grace(monkeypatch):
    monkeypatch.setattr(visits, "grace_seconds", lambda: 0.0)


def test_a_job_is_done_once_and_its_result_kept():
    jobs, calls = Jobs(), []
    who = arrive(jobs)
    first = jobs.start(who, "key", Work(lambda show: calls.append(1) or 5, "x"))
    assert outcome(first) == 5
    assert jobs.start(arrive(jobs), "key", Work(lambda show: calls.append(2), "x")) is first
    assert calls == [1]


def test_a_cancelled_job_ends_at_its_next_report_and_takes_along_what_comes_after_it():
    jobs, held = Jobs(), Held()
    who = arrive(jobs)
    job = jobs.start(who, "prepare", held.work)
    follower = jobs.start(who, "reconstruct", quick(after=job))
    held.begun.wait(5)
    jobs.cancel(who, job)
    held.go.set()
    assert outcome(job) is outcome(follower) is Cancelled
    assert jobs.start(who, "prepare", quick()) is job  # until it is asked for anew
    assert jobs.is_cancelled(who, follower)
    jobs.restart(who)
    assert outcome(jobs.start(who, "prepare", quick("whole"))) == "whole"
    assert outcome(jobs.start(who, "reconstruct", quick("drawn"))) == "drawn"


@pytest.mark.parametrize("way", ["cancel", "forget", "abandon", "close"])
def test_what_one_gives_up_another_who_waits_for_it_gets(way, no_grace):
    jobs, held = Jobs(), Held()
    one, other = arrive(jobs), arrive(jobs)
    job = jobs.start(one, "scan", held.work)
    assert jobs.start(other, "scan", held.work) is job
    held.begun.wait(5)
    if way == "close":
        jobs.leave(one)
        time.sleep(0.01)
        jobs.sweep()
    elif way == "forget":
        jobs.forget(one)
    else:
        getattr(jobs, way)(one, job)
    held.go.set()
    assert outcome(job) == "whole"
    assert jobs.start(other, "scan", quick("anew")) is job


@pytest.mark.parametrize("way", ["cancel", "forget", "abandon", "close"])
def test_what_nobody_waits_for_any_more_ends_and_its_place_is_free(way, no_grace):
    jobs, first, held = Jobs(), Held(), Held()
    busy, who = arrive(jobs), arrive(jobs)
    jobs.start(busy, "before", first.work)
    first.begun.wait(5)
    job = jobs.start(who, "scan", held.work)
    assert jobs.queue.ahead_of(job)[0] == 1
    if way == "close":
        jobs.leave(who)
        time.sleep(0.01)
        jobs.sweep()
    elif way == "forget":
        jobs.forget(who)
    else:
        getattr(jobs, way)(who, job)
    assert jobs.queue.ahead_of(job) is None
    assert outcome(job) is Cancelled
    assert not held.begun.is_set()
    first.go.set()


def test_two_tabs_of_one_browser_cancel_each_for_itself():
    jobs, held = Jobs(), Held()
    tab, other = arrive(jobs, "b"), arrive(jobs, "b")
    job = jobs.start(tab, "scan", held.work)
    jobs.start(other, "scan", held.work)
    jobs.cancel(tab, job)
    held.go.set()
    assert outcome(job) == "whole"
    assert jobs.is_cancelled(tab, job)
    assert not jobs.is_cancelled(other, job)


def test_who_comes_to_a_job_that_was_cancelled_gets_a_new_one():
    jobs, held = Jobs(), Held()
    one, other = arrive(jobs), arrive(jobs)
    job = jobs.start(one, "scan", held.work)
    held.begun.wait(5)
    jobs.cancel(one, job)
    assert jobs.start(other, "scan", quick(2)) is not job
    held.go.set()


def test_a_failed_job_stays_failed_and_is_not_tried_again_at_every_run():
    jobs = Jobs()
    who = arrive(jobs)

    def fail(show):
        raise ScanError("strip_failed", "no brain")

    failed = jobs.start(who, "scan", Work(fail, "x"))
    assert outcome(failed) is ScanError
    assert jobs.start(who, "scan", quick(2)) is failed


def test_forgetting_takes_what_is_mine_alone_in_all_my_tabs_at_once():
    jobs = Jobs()
    me, my_tab, other = arrive(jobs, "me"), arrive(jobs, "me"), arrive(jobs)
    results = {"mine": array(1), "shared": array(2), "theirs": array(3)}
    references = {name: weakref.ref(value) for name, value in results.items()}
    kept = {name: jobs.start(who, name, quick(results[name])) for who, name in
            ((me, "mine"), (me, "shared"), (other, "shared"), (other, "theirs"))}  # fmt: skip
    for job in kept.values():
        outcome(job)
    jobs.values(me)["scan"] = b"mine"
    jobs.values(other)["scan"] = b"theirs"
    results.clear()
    jobs.forget(my_tab)
    assert jobs.values(me) == {}
    assert jobs.values(other) == {"scan": b"theirs"}
    assert references["mine"]() is None  # although `kept` still holds the job
    assert outcome(kept["mine"]) is Forgotten
    assert outcome(kept["shared"])[0] == 0
    assert jobs.start(other, "theirs", quick()) is kept["theirs"]
    assert jobs.held() == 5 * MB + len(b"theirs")


def test_what_a_browser_brought_empties_itself_where_a_tab_still_holds_it():
    jobs = Jobs()
    who = arrive(jobs)

    class Scan:
        source = b"bytes"

        def forget(self):
            self.source = b""

    jobs.values(who)["scan"] = scan = Scan()
    jobs.forget(who)
    assert scan.source == b""


@pytest.mark.parametrize("visitors", [10, 50])
def test_a_class_each_with_a_scan_loses_none_of_them(visitors):
    jobs = Jobs()
    everyone = [arrive(jobs) for _ in range(visitors)]
    for number, who in enumerate(everyone):
        jobs.values(who)["scan"] = f"scan {number}".encode()
        outcome(jobs.start(who, ("result", number), quick(number)))
        for _ in range(20):  # and others who only look
            jobs.values(arrive(jobs))
    for number, who in enumerate(everyone):
        assert jobs.values(who)["scan"] == f"scan {number}".encode()
        assert outcome(jobs.start(who, ("result", number), quick("anew"))) == number


def test_what_an_open_page_uses_stays_and_a_newcomer_over_the_bound_gets_a_sentence(bound):
    jobs = Jobs()
    mine = [arrive(jobs) for _ in range(11)]
    kept = []
    for number, who in enumerate(mine):
        kept.append(jobs.start(who, number, quick(array(10))))
        outcome(kept[-1])
    with pytest.raises(ServerFull, match=r"open pages hold 110 MB of scans and results, of 100 MB that it may"):
        jobs.start(arrive(jobs), "new", quick())
    for number, who in enumerate(mine):
        assert jobs.start(who, number, quick()) is kept[number]


def test_an_upload_over_the_bound_is_refused_before_it_is_taken(bound):
    jobs = Jobs()
    who = arrive(jobs)
    jobs.values(who)["scan"] = bytes(60 * MB)
    jobs.make_room(30 * MB)
    with pytest.raises(ServerFull):
        jobs.make_room(50 * MB)


def test_what_no_page_uses_goes_first_the_longest_unused_before_the_others(bound):
    jobs = Jobs()
    who = arrive(jobs)
    for number in range(3):
        outcome(jobs.start(who, number, quick(array(5))))
    jobs.start(who, 0, quick())  # looked at again
    jobs.turn_page(who)
    outcome(jobs.start(who, "next", quick(array(50))))
    jobs.turn_page(who)  # now the first three are two runs behind
    jobs.start(who, "next", quick())
    outcome(jobs.start(arrive(jobs), "other", quick(array(40))))
    jobs.start(arrive(jobs), "third", quick())
    assert [key for key in jobs._kept if isinstance(key, int)] == [2, 0]  # 10 MB are spare


def test_a_page_keeps_what_its_run_before_used_until_the_one_after():
    jobs = Jobs()
    who = arrive(jobs)
    job = jobs.start(who, "scan", quick())
    outcome(job)
    jobs.turn_page(who)
    assert "scan" in jobs.visits.in_use()
    jobs.turn_page(who)
    assert "scan" not in jobs.visits.in_use()
    assert jobs.start(who, "scan", quick()) is job  # nobody needed its room


def test_what_a_page_has_left_behind_is_not_begun_but_what_is_under_way_goes_on():
    jobs, held = Jobs(), Held()
    who = arrive(jobs)
    under_way = jobs.start(who, "under way", held.work)
    held.begun.wait(5)
    waiting = jobs.start(who, "waiting", quick(seconds=50.0))
    jobs.turn_page(who)
    assert not waiting.future.done()
    jobs.turn_page(who)
    assert outcome(waiting) is Cancelled
    held.go.set()
    assert outcome(under_way) == "whole"


def test_all_goes_when_the_last_page_is_closed_and_not_before(no_grace):
    jobs = Jobs()
    tab, other = arrive(jobs, "b"), arrive(jobs, "b")
    jobs.turn_page(tab, "session 1")
    jobs.turn_page(other, "session 2")
    jobs.values(tab)["scan"] = b"scan"
    outcome(jobs.start(tab, "key", quick(array(1))))
    jobs.leave(tab)
    time.sleep(0.01)
    assert jobs.sweep() == ["session 1"]
    assert jobs.values(other) == {"scan": b"scan"}
    jobs.leave(other)
    time.sleep(0.01)
    assert jobs.sweep() == ["session 2"]
    assert jobs.held() == 0


def test_a_connection_lost_for_a_moment_goes_on_with_its_visit_and_nobody_elses():
    jobs = Jobs()
    who = arrive(jobs, "b")
    jobs.turn_page(who, "session")
    assert jobs.arrive("b", "session")[0] != who  # still connected: another tab, or a forger
    jobs.leave(who)
    assert jobs.arrive("thief", "session")[1] is False
    assert jobs.arrive("b", "session") == (who, True)
    assert jobs.sweep() == []


def test_a_session_that_another_visit_has_taken_on_is_not_ended(no_grace):
    jobs = Jobs()
    old, new = arrive(jobs, "b"), arrive(jobs, "b")
    jobs.turn_page(old, "session")
    jobs.turn_page(new, "session")
    jobs.leave(old)
    time.sleep(0.01)
    assert jobs.sweep() == [None]


def test_bytes_are_counted_once_with_what_is_computed_later_and_without_the_models_weights(shared_reconstruction):
    reconstruction = shared_reconstruction
    before = held_bytes(reconstruction)
    prepared = reconstruction.prepared
    least = reconstruction.array.nbytes + prepared.array.nbytes + prepared.scan.array.nbytes
    assert least < before < 2 * least + prepared.brain_mask.nbytes * 4
    assert held_bytes(reconstruction, prepared, [reconstruction]) == before
    added = reconstruction.inside(3.0).nbytes
    assert held_bytes(reconstruction) == before + added


@pytest.fixture
def shared_reconstruction():
    from pages.ui.inputs.selected_scan import FIRST, bundled
    from uad_core.atlas.space import PAPER_SLAB
    from uad_core.models.checkpoint import load_checkpoint
    from uad_core.pipeline.reconstruct import reconstruct
    from uad_core.preprocess.from_file import PrepareOptions, prepare_scan

    prepared = prepare_scan(bundled(FIRST).source, PAPER_SLAB, PrepareOptions(), lambda step, share: None)
    return reconstruct(prepared, load_checkpoint("sae3"))


def test_a_view_counts_as_the_whole_that_it_keeps_in_memory():
    whole = array(3)
    assert held_bytes(whole[:10]) == held_bytes(whole, whole[5:]) == 3 * MB


def test_sizes_are_said_in_words():
    assert [in_words(size) for size in (5 * MB, 999 * MB, 1500 * MB)] == ["5 MB", "999 MB", "1.5 GB"]


def test_one_scans_results_are_forgotten_alone_and_stay_for_another_browser_that_has_the_same():
    jobs = Jobs()
    one, other = arrive(jobs), arrive(jobs)
    shared = jobs.start(one, ("scan", "slab"), quick("shared"))
    jobs.start(other, ("scan", "slab"), quick("anew"))
    mine = jobs.start(one, ("later scan", "scan", "second"), quick("mine"))
    kept = jobs.start(one, ("another", "slab"), quick("kept"))
    assert [outcome(job) for job in (shared, mine, kept)] == ["shared", "mine", "kept"]
    jobs.forget_results(one, "scan")
    assert (mine.is_gone(), shared.is_gone(), kept.is_gone()) == (True, False, False)
    jobs.forget_results(other, "scan")
    assert shared.is_gone()
    assert jobs.start(one, ("another", "slab"), quick("anew")) is kept
