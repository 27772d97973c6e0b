"""Visitors who come with a scan and leave, in short: nothing of theirs stays. `make soak` has 300 of them."""

import pytest

from benchmarks.soak import Sample, cycle, server, slope, summary

MOST_MEGABYTES = 120  # a visit: the first few still fill the allocator's pools, of a scan at all levels more would stay


@pytest.mark.timeout(600)
def test_what_visitors_bring_goes_with_them():
    with server() as (address, process, temporary):
        samples = [cycle(address, number, process, temporary, detects=False) for number in range(4)]
    later = samples[1:]  # the first visit loads libraries
    assert all(one.temporary == 0 for one in samples)
    assert max(one.files for one in later) - min(one.files for one in later) <= 3
    assert max(one.threads for one in later) - min(one.threads for one in later) <= 6
    assert slope([one.megabytes for one in later]) < MOST_MEGABYTES


def test_a_slope_is_that_of_the_later_visits_and_the_summary_says_what_grew():
    samples = [Sample(900.0, 8, 10, 0), *(Sample(1000.0 + 2 * number, 8, 10 + number, 0) for number in range(6))]
    assert slope([1.0, 3.0, 5.0]) == 2
    said = summary(samples)
    assert "+2.000 MB a visit over the last 4" in said
    assert "files 12 to 15" in said
    assert "temporary 0 to 0" in said
