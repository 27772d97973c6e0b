"""The same image in two files, such as .nii and .nii.gz: counted once, or refused where the two differ."""

import hashlib
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from uad_core.cohorts.names import READ, CohortFile
from uad_core.io.limits import MAX_BYTES
from uad_core.io.volume import ScanError

GZIP = b"\x1f\x8b"
BLOCK = 1 << 20


def the_one(files: Sequence[CohortFile]) -> Path:
    """The file to use of those that are called alike, the compressed one first. Raises ScanError where they differ."""
    if len(files) == 1:
        return files[0].path
    if len({_digest(file.path, _version(file.path)) for file in files}) > 1:
        twice = "A scan or mask of this cohort is there twice, under names that mean the same, and the two differ."
        raise ScanError("cohort", f"{twice} Remove the wrong one of <subject>.nii and <subject>.nii.gz and the like.")
    return min(files, key=lambda file: next(i for i, end in enumerate(READ) if file.key.endswith(f".{end}"))).path


def _version(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=1024)
def _digest(path: Path, version: tuple[int, int]) -> str:
    """Of what a file holds, inflated; of a damaged one, of its bytes."""
    data = path.read_bytes()[:MAX_BYTES]
    found = hashlib.sha256()
    if not data.startswith(GZIP):
        found.update(data)
        return found.hexdigest()
    inflater, rest, size = zlib.decompressobj(wbits=31), data, 0
    try:
        while rest and size <= MAX_BYTES:
            block = inflater.decompress(rest, BLOCK)
            found.update(block)
            rest, size = inflater.unconsumed_tail, size + len(block)
            if inflater.eof and inflater.unused_data.startswith(GZIP):  # of several members, as bgzip writes
                rest, inflater = inflater.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error:
        return f"damaged {hashlib.sha256(data).hexdigest()}"
    return found.hexdigest() if inflater.eof else f"damaged {hashlib.sha256(data).hexdigest()}"
