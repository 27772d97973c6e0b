"""What every page begins with, whichever door the visitor came in by."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.shell import keys
from pages.ui.shell.back import HIDDEN, back_leaves_the_page
from pages.ui.shell.jobs import jobs
from pages.ui.shell.sizes import give_back_memory
from pages.ui.shell.visitors import visitor
from pages.ui.shell.visits import grace_seconds
from uad_core import RESEARCH_ONLY
from uad_core.io.paths import DOCS

ICON = DOCS / "icon.png"  # a file of ours: one named as ":material/..." would be fetched from a font server
PAGES = (
    ("pages/start.py", "Start", ":material/home:"),
    ("pages/scan.py", "Scan", ":material/upload_file:"),
    ("pages/detect.py", "Detect", ":material/neurology:"),
    ("pages/followup.py", "Two dates", ":material/compare_arrows:"),
    ("pages/compare.py", "Compare", ":material/view_column:"),
    ("pages/evaluate.py", "Evaluate", ":material/query_stats:"),
    ("pages/choose.py", "Choose", ":material/tune:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/learn.py", "Learn", ":material/school:"),
)
SETTINGS = (  # shared by pages; most are bound to the address
    keys.SCAN, keys.OWN_SCAN, keys.CONVENTION, keys.LEVEL, keys.LEVELS, keys.MODEL, keys.MODELS, keys.OPACITY,
    keys.PERCENTILE, keys.MEDIAN_SIZE, keys.MIN_LESION_MM3, keys.EROSION_MM, keys.SIGNED, keys.ABSOLUTE,
)  # fmt: skip
STYLE = f"""<style>
{HIDDEN}
[data-testid=stMainBlockContainer] {{padding: 2.1rem 2rem 1rem}}
[data-testid=stHeader] {{background: none; height: 2.5rem; min-height: 0}}
[data-testid=stSidebarHeader] {{height: 2.5rem; margin-bottom: 0}}
[data-testid=stSidebarUserContent] {{padding-bottom: 1rem}}
[data-testid=stImageContainer] img {{background: black}}
/* contrast of at least 4.5 : 1, which Streamlit's own grey and white on the primary colour do not reach */
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] :is(p, li, strong, em) {{color: inherit}}
[data-testid=stCaptionContainer] {{opacity: 0.8}}
[data-testid=stBaseButton-primary], [data-testid=stMultiSelect] span[title] {{color: light-dark(white, #04211d)}}
button[data-variant=segmented_control][data-selected=true] p {{color: light-dark(#0a4d47, #4fd6c6)}}
</style>"""


def start_page() -> None:
    """Wide layout, icon, title, and the links to all pages.

    Called by each page: the first visitor after a server start who opens a deep link gets the page without
    `app.py` around it, and so without its navigation.
    """
    context = get_script_run_ctx()
    jobs().turn_page(visitor(), context.session_id if context else None)
    st.set_page_config(page_title="Brain MRI anomaly segmentation", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    st.session_state[keys.SCRIPT_RUNS] = st.session_state.get(keys.SCRIPT_RUNS, 0) + 1
    for key in SETTINGS:
        # after a reload Streamlit forgets on the next page what came from the address, unless it is set anew
        if key in st.session_state and key not in st.query_params:
            st.session_state[key] = st.session_state[key]
    with st.sidebar.container(gap="xxsmall"):
        for file, title, icon in PAGES:
            st.page_link(file, label=title, icon=icon, width="stretch")
        back_leaves_the_page()


def banner() -> None:
    """The sentence below every mask."""
    st.caption(f":material/info: {RESEARCH_ONLY} Scans and settings never leave this machine.")


def forget_button() -> None:
    """Drops what this server holds of this browser."""

    def forget() -> None:
        jobs().forget(visitor())
        give_back_memory()

    st.button(
        "Forget my scans", on_click=forget, icon=":material/delete:",
        help="Drops your scans and results, in all tabs of this browser, at once; nobody else's. They lie in this "
        f"server's memory alone. Without it they go {grace_seconds():.0f} seconds after your last tab was closed.",
    )  # fmt: skip
