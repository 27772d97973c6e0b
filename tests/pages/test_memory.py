"""A browser is known again after a reload, and no two are taken for one."""

import pytest

from pages.ui.shell.memory import _token

# one browser's cookie at three loads of a page, as Streamlit 1.67 sent it
LOADS = (
    "2|5ca88005|493f48b692f1d9524a74f9d02081a11b|1795574724",
    "2|76900847|6307c0f4b8c95110604c71920ab92959|1795574724",
    "2|40e8a147|557f69f48eb1f8105634d8923cc18059|1795574724",
)


def test_a_cookie_that_is_masked_anew_at_every_load_names_the_same_browser():
    assert len({_token(cookie) for cookie in LOADS}) == 1
    assert len(_token(LOADS[0])) == 16


@pytest.mark.parametrize("cookie", ["", "abc", "2||ab|1", "2|5ca8|zz|1", "2|5ca88005||1"])
def test_a_cookie_of_another_kind_is_taken_as_it_is(cookie):
    assert _token(cookie) == cookie.encode()
