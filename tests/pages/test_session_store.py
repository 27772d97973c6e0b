"""Visitors who upload, tune, edit, switch, cancel, forget and leave in any order: each sees what is theirs, whole."""

from types import SimpleNamespace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import pages.ui.shell.jobs as module
from pages.ui.shell import keys, visits
from pages.ui.shell.fair_queue import ServerFull
from pages.ui.shell.job import Work
from pages.ui.shell.jobs import Jobs
from tests.support.visitors import outcome
from uad_core.pipeline.edits import EditHistory

KB = 1000
BOUND = 60 * KB  # six results, in the size that the bound is set to here
BROWSERS, SCANS = ("ann", "bob", "eve"), range(5)
browsers, scans = st.sampled_from(BROWSERS), st.sampled_from(SCANS)


class Server(RuleBasedStateMachine):
    """A scan's result is an array that holds the scan's number: whoever asks for a scan has to get it."""

    def __init__(self):
        super().__init__()
        self.time = 0.0
        self.patches = {
            (module, "bound"): lambda: BOUND, (visits, "grace_seconds"): lambda: 60.0,
            (visits, "time"): SimpleNamespace(monotonic=lambda: self.time),
        }  # fmt: skip
        self.before = {place: getattr(*place) for place in self.patches}
        for (where, name), value in self.patches.items():
            setattr(where, name, value)
        self.jobs = Jobs()
        self.tabs = {browser: [] for browser in BROWSERS}  # open visits
        self.brought = dict.fromkeys(BROWSERS)  # the scan that each has uploaded
        self.edits = {browser: {} for browser in BROWSERS}  # scan -> what each has corrected of it
        self.shown = {}  # visit -> what its last run of the page was given: key -> the job

    def teardown(self):
        for (where, name), value in self.before.items():
            setattr(where, name, value)

    def tab(self, browser, number):
        tabs = self.tabs[browser]
        return tabs[number % len(tabs)] if tabs else None

    @rule(browser=browsers)
    def open(self, browser):
        self.tabs[browser].append(self.jobs.arrive(browser, None)[0])

    @rule(browser=browsers, number=st.integers(0, 3), scan=scans)
    def upload(self, browser, number, scan):
        if who := self.tab(browser, number):
            self.jobs.values(who)["scan"] = scan
            self.brought[browser] = scan

    @rule(browser=browsers, number=st.integers(0, 3), scan=scans, model=st.sampled_from("xy"))
    def look(self, browser, number, scan, model):
        """A run of a page: it prepares a scan and lets a model at it."""
        if not (who := self.tab(browser, number)):
            return
        self.jobs.turn_page(who, who.visit)
        self.shown[who.visit] = shown = {}
        try:
            first = self.jobs.start(who, scan, Work(lambda show: np.full(KB, scan, np.uint8), "prepare", 1.0))
            shown[scan] = first
            work = Work(lambda show: np.full(9 * KB, first.future.result()[0], np.uint8), "reconstruct", 2.0, first)
            shown[scan, model] = self.jobs.start(who, (scan, model), work)
        except ServerFull:
            assert self.used() > BOUND, "refused although there was room"
            return
        if not any(self.jobs.is_cancelled(who, job) for job in shown.values()):
            assert outcome(first)[0] == scan
            assert outcome(shown[scan, model])[0] == scan

    @rule(browser=browsers, number=st.integers(0, 3), scan=scans, voxel=st.integers(0, 9))
    def edit(self, browser, number, scan, voxel):
        if who := self.tab(browser, number):
            history = self.edits[browser].get(scan, EditHistory())
            history = history.then(history.now.with_added("paint", np.array([voxel])))
            self.jobs.values(who)[f"{keys.EDITS} {scan}"] = self.edits[browser][scan] = history

    @rule(browser=browsers, number=st.integers(0, 3), scan=scans)
    def undo(self, browser, number, scan):
        if (who := self.tab(browser, number)) and scan in self.edits[browser]:
            history = self.edits[browser][scan].back()
            self.jobs.values(who)[f"{keys.EDITS} {scan}"] = self.edits[browser][scan] = history

    @rule(browser=browsers, number=st.integers(0, 3), which=st.booleans())
    def cancel(self, browser, number, which):
        who = self.tab(browser, number)
        for job in list(self.shown.get(who and who.visit, {}).values())[which:][:1]:
            self.jobs.cancel(who, job)
            assert self.jobs.is_cancelled(who, job)

    @rule(browser=browsers, number=st.integers(0, 3))
    def begin_anew(self, browser, number):
        if who := self.tab(browser, number):
            self.jobs.restart(who)
            self.shown.pop(who.visit, None)  # the page runs anew, and is given other jobs

    @rule(browser=browsers, number=st.integers(0, 3))
    def forget(self, browser, number):
        if who := self.tab(browser, number):
            self.jobs.forget(who)
            self.brought[browser] = None
            self.edits[browser] = {}
            for tab in self.tabs[browser]:
                self.shown.pop(tab.visit, None)
            assert self.jobs.values(who) == {}
            assert not any(browser in job.browsers for job in self.jobs._kept.values())

    @rule(browser=browsers, number=st.integers(0, 3))
    def close(self, browser, number):
        if who := self.tab(browser, number):
            self.tabs[browser].remove(who)
            self.shown.pop(who.visit, None)
            self.jobs.leave(who)
            self.time += 61.0
            self.jobs.sweep()
            if not self.tabs[browser]:
                self.brought[browser] = None
                self.edits[browser] = {}

    @rule()
    @precondition(lambda self: any(self.tabs.values()))
    def wait(self):
        self.time += 3600.0
        self.jobs.sweep()

    def used(self):
        """Bytes of the results that open pages use: none of them may be let go."""
        used = {key: job for shown in self.shown.values() for key, job in shown.items()}
        return 9 * KB * sum(isinstance(key, tuple) for key in used) + KB * sum(isinstance(key, int) for key in used)

    @invariant()
    def what_was_brought_is_there_for_its_owner_alone(self):
        for browser, tabs in self.tabs.items():
            for who in tabs:
                assert self.jobs.values(who).get("scan") == self.brought[browser]
                found = {key: history for key, history in self.jobs.values(who).items() if key != "scan"}
                assert found == {f"{keys.EDITS} {scan}": history for scan, history in self.edits[browser].items()}

    @invariant()
    def what_an_open_page_shows_is_there(self):
        for tabs in self.tabs.values():
            for who in tabs:
                for key, job in self.shown.get(who.visit, {}).items():
                    if not self.jobs.is_cancelled(who, job):
                        assert self.jobs._kept[key] is job
                        assert outcome(job)[0] == (key if isinstance(key, int) else key[0])

    @invariant()
    def no_more_is_held_than_the_bound_and_one_result(self):
        assert self.jobs.held() <= BOUND + 10 * KB

    @invariant()
    def nobody_who_has_left_owns_anything(self):
        gone = {browser for browser, tabs in self.tabs.items() if not tabs}
        assert not any(gone & job.browsers for job in self.jobs._kept.values())


TestServer = Server.TestCase
TestServer.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
