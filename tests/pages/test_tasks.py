"""Long work outside the script: order, cancelling, beginning anew, forgetting, and what the page shows meanwhile."""

import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

import pages.ui.shell.tasks as module
from pages.ui.shell.tasks import Cancelled, Jobs
from uad_core.io.volume import ScanError


def test_a_job_is_done_once_and_its_result_kept():
    jobs, calls = Jobs(), []
    first = jobs.start("key", lambda show: calls.append(1) or 5)
    assert first.future.result(5) == 5
    assert jobs.start("key", lambda show: calls.append(2)) is first
    assert calls == [1]


def test_jobs_are_done_in_the_order_of_their_start():
    jobs, gate = Jobs(), threading.Event()
    before = jobs.start("prepare", lambda show: gate.wait(5))
    after = jobs.start("reconstruct", lambda show: before.future.result(0))  # would fail if it were not done
    gate.set()
    assert after.future.result(5) is True


def test_a_cancelled_job_ends_at_its_next_report_and_takes_along_who_waits_for_it():
    jobs, started, gate = Jobs(), threading.Event(), threading.Event()

    def work(show):
        started.set()
        gate.wait(5)
        show("half", 0.5)
        return "whole"

    job = jobs.start("prepare", work)
    follower = jobs.start("reconstruct", lambda show: job.future.result())
    started.wait(5)
    job.cancelled = True
    gate.set()
    for one in (job, follower):
        assert isinstance(one.future.exception(5), Cancelled)
    jobs.drop(job)
    assert jobs.start("prepare", lambda show: "whole").future.result(5) == "whole"
    assert jobs.start("reconstruct", lambda show: "drawn").future.result(5) == "drawn"


def test_a_failed_job_stays_failed_when_another_is_dropped():
    jobs = Jobs()

    def fail(show):
        raise ScanError("strip_failed", "no brain")

    failed = jobs.start("scan", fail)
    assert isinstance(failed.future.exception(5), ScanError)
    jobs.drop(jobs.start("other", lambda show: 1))
    assert jobs.start("scan", lambda show: 2) is failed


def test_results_that_nobody_asked_for_lately_are_forgotten(monkeypatch):
    jobs = Jobs()
    old = jobs.start("patient", lambda show: 1)
    old.future.result(5)
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.01)
    time.sleep(0.05)
    jobs.start("other", lambda show: 2)
    assert jobs.start("patient", lambda show: 3) is not old


def test_no_more_results_than_the_limit_are_kept():
    jobs = Jobs()
    first = jobs.start(0, lambda show: 0)
    for number in range(1, module.KEPT + 2):
        jobs.start(number, lambda show: 0).future.result(5)
    assert jobs.start(0, lambda show: 0) is not first


def page():
    import streamlit as st

    from pages.ui.shell.tasks import wait_for

    st.write(f"result {wait_for(st.session_state['job'])}")


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    return AppTest.from_function(page)


def test_a_quick_job_shows_no_progress(app):
    app.session_state["job"] = Jobs().start("quick", lambda show: 7)
    app.run()
    assert [text.value for text in app.markdown] == ["result 7"]
    assert not app.button


def test_a_slow_job_shows_progress_can_be_cancelled_and_begun_anew(app):
    jobs, gate = module.jobs(), threading.Event()

    def work(show):
        show("strip the skull", 0.25)
        gate.wait(10)
        show("register", 0.5)
        return 7

    app.session_state["job"] = job = jobs.start("slow", work)
    app.run()
    assert not app.exception
    assert not app.markdown
    assert [button.label for button in app.button] == ["Cancel"]
    app.button[0].click().run()
    assert job.cancelled
    gate.set()
    assert isinstance(job.future.exception(5), Cancelled)
    app.run()
    assert [one.value for one in app.info] == ["Cancelled."]
    app.button[0].click().run()
    assert jobs.start("slow", lambda show: 8).future.result(5) == 8


def test_a_job_cancelled_in_its_last_step_is_not_taken_for_done(app):
    jobs, started, gate = module.jobs(), threading.Event(), threading.Event()

    def work(show):
        started.set()
        return gate.wait(10)

    app.session_state["job"] = job = jobs.start("last step", work)
    started.wait(5)
    app.run()
    app.button[0].click().run()
    gate.set()
    assert job.future.result(5) is True
    app.run()
    assert [one.value for one in app.info] == ["Cancelled."]


def test_what_is_forgotten_is_cancelled():
    jobs, started, gate = Jobs(), threading.Event(), threading.Event()

    def work(show):
        started.set()
        gate.wait(5)
        show("next", 0.5)

    job = jobs.start("scan", work)
    started.wait(5)
    jobs.forget()
    gate.set()
    assert isinstance(job.future.exception(5), Cancelled)


def test_a_failure_is_told_in_its_own_words_and_one_unforeseen_without_any(app, caplog):
    def refuse(show):
        raise ScanError("strip_failed", "The brain mask holds 3 ml, which is no brain.")

    def fail(show):
        raise RuntimeError("Jane Doe")

    app.session_state["job"] = Jobs().start("refused", refuse)
    app.run()
    assert [one.value for one in app.error] == ["The brain mask holds 3 ml, which is no brain."]
    app.session_state["job"] = Jobs().start("failed", fail)
    app.run()
    assert "could not be processed" in app.error[0].value
    assert "Jane" not in app.error[0].value + caplog.text
