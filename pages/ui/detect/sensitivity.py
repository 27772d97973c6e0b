"""Will it work on this scan? Lesions are put into it when asked for, and what the setting finds of them is shown."""

from dataclasses import replace

import streamlit as st

from pages.ui.detect.pictures import Finding
from pages.ui.shell import keys
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.tasks import begin, wait_for
from uad_core.detect.report.report import sensitivity_html
from uad_core.pipeline.sensitivity import Sensitivity, measure_sensitivity

STEP = "put lesions in"
SECONDS_A_LEVEL = 0.6  # of three reconstructions and what they take, at first


def asked_for(found: Finding) -> bool:
    """Whether it was asked for with this scan, model and setting; a click means those that it came with."""
    if st.session_state.pop(keys.SENSITIVITY_CLICK, False):
        st.session_state[keys.SENSITIVITY] = _key(found)
    return bool(st.session_state.get(keys.SENSITIVITY) == _key(found))


def offer_sensitivity(found: Finding) -> None:
    """A button; or the picture and the sentence, where they are there."""
    st.markdown("**Will it work on my scanner?**")
    if not asked_for(found):
        st.button(
            "Put 30 lesions into this scan", on_click=st.session_state.update, args=({keys.SENSITIVITY_CLICK: True},),
            icon=":material/add_location:", help="Of five sizes and three contrasts, in healthy tissue, detected with "
            "the setting as it stands. Takes up to a minute; the result goes into the report, too.",
        )  # fmt: skip
        return
    measured = _measured(found)
    st.markdown(measured.sentence)
    st.html(sensitivity_html(measured))


def with_sensitivity(found: Finding) -> Finding:
    """The finding with what was measured, for its files; as it is where that was not asked for, or is not there yet."""
    if not asked_for(found):
        return found
    job = begin(_key(found), _work(found))
    if not job.future.done() or job.future.exception() is not None:
        return found
    return replace(found, segmentation=replace(found.segmentation, sensitivity=job.future.result()))


def _measured(found: Finding) -> Sensitivity:
    return wait_for(begin(_key(found), _work(found)))


def _work(found: Finding) -> Work[Sensitivity]:
    reconstruction, config = found.reconstruction, found.config

    def work(on_progress: OnProgress) -> Sensitivity:
        return measure_sensitivity(reconstruction, config, lambda share: on_progress(STEP, share))

    return Work(work, f"{STEP}, {reconstruction.checkpoint.name}", SECONDS_A_LEVEL * reconstruction.prepared.slab.count)


def _key(found: Finding) -> tuple[str, str, str, str]:
    return (STEP, found.choice.key, found.reconstruction.checkpoint.identity, repr(found.config))
