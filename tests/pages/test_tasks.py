"""What the page shows of long work: its place in the line, progress, cancelling, beginning anew, and failures."""

import pytest
from streamlit.testing.v1 import AppTest

import pages.ui.shell.tasks as module
from pages.ui.shell import sizes
from pages.ui.shell.job import Cancelled, Work
from pages.ui.shell.jobs import Jobs
from tests.support.visitors import Held, arrive, outcome, quick
from uad_core.io.volume import ScanError


def page():
    import streamlit as st

    from pages.ui.shell.tasks import begin, wait_for

    for key, work in st.session_state["work"]:
        begin(key, work)
    st.write(f"result {wait_for(begin(*st.session_state['work'][-1]))}")


@pytest.fixture
def jobs(monkeypatch):
    """A server of one's own."""
    server = Jobs()
    monkeypatch.setattr(module, "jobs", lambda: server)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    return server


@pytest.fixture
def app(jobs):
    return AppTest.from_function(page)


def test_a_quick_job_shows_no_progress(app):
    app.session_state["work"] = [("quick", quick(7))]
    app.run()
    assert [text.value for text in app.markdown] == ["result 7"]
    assert not app.button


def test_a_slow_job_shows_progress_can_be_cancelled_and_begun_anew(app, jobs):
    held = Held()
    app.session_state["work"] = [("slow", held.work)]
    app.run()
    assert not app.exception
    assert not app.markdown
    assert [button.label for button in app.button] == ["Cancel"]
    job = jobs._kept["slow"]
    app.button[0].click().run()
    assert [one.value for one in app.info] == ["Cancelled."]
    held.go.set()
    assert outcome(job) is Cancelled
    app.session_state["work"] = [("slow", quick(8))]
    app.run()
    assert [one.value for one in app.info] == ["Cancelled."]
    app.button[0].click().run()
    assert [text.value for text in app.markdown] == ["result 8"]


def test_what_one_page_cancels_goes_on_for_the_other(app, jobs):
    held, other = Held(9), arrive(jobs)
    job = jobs.start(other, "slow", held.work)
    app.session_state["work"] = [("slow", held.work)]
    app.run()
    app.button[0].click().run()
    assert [one.value for one in app.info] == ["Cancelled."]
    held.go.set()
    assert outcome(job) == 9


def test_who_waits_is_shown_the_place_in_the_line_and_the_time(app, jobs):
    held = Held(kind="long", seconds=60.0)
    jobs.start(arrive(jobs), "other", held.work)
    held.begun.wait(5)
    app.session_state["work"] = [("first", quick(1, "a", 20.0)), ("mine", quick(2, "a", 20.0))]
    app.run()
    text = app.get("progress")[0].proto.text
    assert "Waiting: number 2 in the line, its turn in about" in text
    seconds = int(text.split("its turn in about ")[1].split()[0])
    assert 20 < seconds <= 80
    held.go.set()


def test_a_full_server_says_so_and_how_to_ask_again(app, jobs, monkeypatch):
    monkeypatch.setenv(sizes.BOUND_VARIABLE, "1")
    other = arrive(jobs)
    jobs.values(other)["scan"] = bytes(2 * 10**6)
    app.session_state["work"] = [("key", quick(3))]
    app.run()
    assert "This server is full" in app.warning[0].value
    assert [button.label for button in app.button] == ["Try again"]
    jobs.forget(other)
    app.button[0].click().run()
    assert [text.value for text in app.markdown] == ["result 3"]


def test_a_failure_is_said_in_its_own_words_and_one_unforeseen_without_any(app, caplog):
    def refuse(show):
        raise ScanError("strip_failed", "The brain mask holds 3 ml, which is no brain.")

    def fail(show):
        raise RuntimeError("Jane Doe")

    def run_out(show):
        raise MemoryError("Jane Doe")

    app.session_state["work"] = [("refused", Work(refuse, "x"))]
    app.run()
    assert [one.value for one in app.error] == ["The brain mask holds 3 ml, which is no brain."]
    app.session_state["work"] = [("run out", Work(run_out, "x"))]
    app.run()
    assert "too little memory" in app.error[0].value
    app.session_state["work"] = [("failed", Work(fail, "x"))]
    app.run()
    assert "could not be processed" in app.error[0].value
    assert "Jane" not in app.error[0].value + caplog.text
