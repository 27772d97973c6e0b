"""Errors as sentences."""

import errno

import pytest
import torch
from PIL import UnidentifiedImageError

from uad_core.io.errors import TOO_LITTLE_MEMORY, sentence
from uad_core.io.volume import ScanError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ScanError("dims", "The picture is black."), "The picture is black."),
        (ValueError("name at least one model"), "name at least one model."),
        (RuntimeError("first line\nsecond line"), "first line."),
        (KeyError(), "KeyError."),
        (MemoryError("Unable to allocate 9 GiB for an array"), TOO_LITTLE_MEMORY),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), TOO_LITTLE_MEMORY),
        (
            RuntimeError("alloc_cpu.cpp:117: DefaultCPUAllocator: can't allocate memory"),
            TOO_LITTLE_MEMORY,
        ),
        (OSError(errno.ENOSPC, "No space left on device", "/home/anna/scan"), "No space left on device."),
        (
            UnidentifiedImageError("cannot identify image file '/home/anna/scan.png'"),
            "A file cannot be read or written; it may be damaged.",
        ),
    ],
)
def test_an_error_becomes_one_sentence_that_names_no_path(error, expected):
    assert sentence(error) == expected
