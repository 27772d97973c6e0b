"""Which pictures of a patient are loaded, without a browser and without a model."""

from pathlib import Path
from types import SimpleNamespace

from pages.ui.evaluate import images
from pages.ui.shell.jobs import Jobs
from pages.ui.shell.visitors import Visitor


def test_a_subject_called_models_is_not_taken_for_the_models(monkeypatch):
    server, who = Jobs(), Visitor("browser", "visit")
    monkeypatch.setattr(images, "done", lambda key, work: server.start(who, key, work).future.result(5))
    monkeypatch.setattr(images, "open_session", lambda *request: "the models")
    monkeypatch.setattr(images, "case_of", lambda session, subject: f"the scan of {subject}")
    monkeypatch.setattr(images, "map_of", lambda session, case, key, on_progress: (session, case, key))
    request = SimpleNamespace(cohort=Path("cohort"), models=("a",), config=None)
    session, case, maps = images.load_pictures(("run", 1.0), request, "models", ["a", "models"])
    assert (session, case) == ("the models", "the scan of models")
    assert maps == [(session, case, "a"), (session, case, "models")]
