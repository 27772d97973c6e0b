"""Keeps the row of every case that ran; with `--write-inputs` the whole page is written from them."""

from __future__ import annotations

import pytest

from tests.support.input_case import TABLE, table

ROWS = pytest.StashKey[dict[tuple[str, str], str]]()


def pytest_configure(config):
    config.stash[ROWS] = {}
    if config.getoption("write_inputs") and config.getoption("numprocesses"):
        raise pytest.UsageError("--write-inputs needs all rows in one process: add -n 0")


@pytest.fixture
def rows(request) -> dict[tuple[str, str], str]:
    """(kind, tried) -> row of the table, of the cases that ran well."""
    return request.config.stash[ROWS]


def pytest_sessionfinish(session, exitstatus):
    if session.config.getoption("write_inputs") and exitstatus == 0:
        TABLE.write_text(table((kind, line) for (kind, _), line in session.config.stash[ROWS].items()))
