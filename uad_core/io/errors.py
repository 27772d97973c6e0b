"""An error as one sentence for the user."""


def sentence(error: BaseException) -> str:
    """What went wrong, in one line without a path, ended by a full stop.

    Of an `OSError` it is the system's own reason. Some have none, such as Pillow's `UnidentifiedImageError`; their text
    names the file, and may so name a patient, and is left out.
    """
    if isinstance(error, OSError):
        text = error.strerror or "A file cannot be read or written; it may be damaged"
    else:
        text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
