"""Which pictures of a patient are loaded, without a browser and without a model."""

from pathlib import Path
from types import SimpleNamespace

from pages.ui.evaluate import images
from pages.ui.shell.tasks import Jobs


def test_a_subject_called_models_is_not_taken_for_the_models(monkeypatch):
    server = Jobs()
    monkeypatch.setattr(images, "jobs", lambda: server)
    monkeypatch.setattr(images, "wait_for", lambda job: job.future.result())
    monkeypatch.setattr(images, "open_session", lambda *request: "the models")
    monkeypatch.setattr(images, "case_of", lambda session, subject: f"the scan of {subject}")
    monkeypatch.setattr(images, "map_of", lambda session, case, key, on_progress: (session, case, key))
    request = SimpleNamespace(cohort=Path("cohort"), models=("a",), config=None)
    session, case, maps = images.load_pictures(("run", 1.0), request, "models", ["a", "models"])
    assert (session, case) == ("the models", "the scan of models")
    assert maps == [(session, case, "a"), (session, case, "models")]
