"""Whose scan it is, by the scan's name: visits of one person never lie on both sides of a split."""

import re

from uad_core.cohorts.names import comparable

_VISIT = re.compile(
    r"[_ .-]((ses|session|visit|tp|timepoint)[-_]?[0-9a-z]*|bl|baseline|screening|initial|fu[0-9]*|follow[-_]?up[0-9]*|"
    r"pre|post|rescan|retest|mr[-_]d[0-9]+|(19|20)[0-9]{2}[-_]?[0-9]{2}[-_]?[0-9]{2})([_ .-].*)?$"
)
_NUMBERED = re.compile(  # a visit of "pat01", and a person of "control"
    r"[_ .-]((run|acq|rec|dir|echo|scan|exam|test|[vtmwyd]|day|week|month|year)[-_]?[0-9a-z]*|[0-9]+[mwyd])([_ .-].*)?$"
)


def person_of(subject: str) -> str:
    """Whose scan it is: the key `sub-<label>`, or the name without session, run and the like."""
    key = comparable(subject)
    bids = re.match(r"sub-[^_]+", key)
    visitor = _VISIT.sub("", key)
    person = _NUMBERED.sub("", visitor)
    return bids[0] if bids else person if re.search("[0-9]", person) else visitor
