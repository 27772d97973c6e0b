"""An error as a sentence for the user."""


def sentence(error: BaseException) -> str:
    """What went wrong, in one line without a path, ended by a full stop.

    An `OSError` without a reason of the system's, such as Pillow's, names the file, which may name a patient: left out.
    """
    if isinstance(error, OSError):
        text = error.strerror or "A file cannot be read or written; it may be damaged"
    else:
        text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
