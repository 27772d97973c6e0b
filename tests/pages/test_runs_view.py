"""What the pages of background runs share."""

import pytest

from pages.ui.runs import view


def test_the_project_is_searched_for_cohorts_at_most_every_ten_seconds(monkeypatch):
    """A form used to walk three floors of the project at every rerun."""
    searches = []
    monkeypatch.setattr(view, "find_cohorts", lambda: searches.append(1) or {"a": (2, 1)})
    view.cohorts_in_project.clear()
    found = [view.cohorts_in_project() for _ in range(5)]
    view.cohorts_in_project.clear()
    assert found == [{"a": (2, 1)}] * 5
    assert len(searches) == 1


@pytest.mark.parametrize(("taken", "name"), [((), "sae3"), (("sae3",), "sae3-2"), (("sae3", "sae3-2"), "sae3-3")])
def test_a_name_that_is_taken_is_numbered(taken, name):
    assert view.free_name("sae3", taken.__contains__) == name
