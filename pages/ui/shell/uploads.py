"""What may be uploaded: into one's own session alone, and not without end."""

from streamlit import config
from streamlit.runtime import exists, get_instance

from pages.ui.shell.jobs import jobs
from pages.ui.shell.sizes import in_words

ROUTE = "upload_file"  # `_stcore/upload_file/SESSION/FILE`
MOST_FILES = 3  # of the largest size, that one browser may have on the way; what a page took does not count


def most_bytes() -> int:
    """Of one browser's files that no page has taken yet."""
    return MOST_FILES * int(config.get_option("server.maxUploadSize")) * 1024**2


def upload_refusal(browser: str, path: str, size: int) -> tuple[int, str] | None:
    """Status and sentence for an upload of `size` bytes that is not taken; None for one that is."""
    sessions = jobs().sessions(browser)
    before, _, session = path.rpartition("/")[0].rpartition("/")
    if not before.endswith(f"/{ROUTE}"):
        return None
    if session not in sessions:
        return 403, "This is not a page of this browser."
    if size + sum(map(_waiting_bytes, sessions)) > most_bytes():
        return 413, f"More than {in_words(most_bytes())} of your files wait already. Reload the page."
    return None


def _waiting_bytes(session: str) -> int:
    files = getattr(get_instance().uploaded_file_mgr, "file_storage", {}) if exists() else {}
    return sum(len(file.data) for file in list(files.get(session, {}).values()))
