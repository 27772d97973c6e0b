"""An error as a sentence for the user."""

TOO_LITTLE_MEMORY = "There is too little memory for this now. Close other programs, or try again when less is going on."
ALLOCATION = ("can't allocate memory", "Failed to allocate memory", "out of memory", "ALLOC_FAILED", "bad_alloc")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this machine or its device had too little memory, whichever library says it, and how."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATION)


def sentence(error: BaseException) -> str:
    """What went wrong, in one line without a path, ended by a full stop.

    An `OSError` without a reason of the system's, such as Pillow's, names the file, which may name a patient: left out.
    """
    if is_out_of_memory(error):
        return TOO_LITTLE_MEMORY
    if isinstance(error, OSError):
        text = error.strerror or "A file cannot be read or written; it may be damaged"
    else:
        text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
