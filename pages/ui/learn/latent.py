"""The chapter on the latent space: a walk between two codes beside a plain fade, and samples from the prior."""

import streamlit as st

from pages.ui.inputs.model import is_whole, load
from pages.ui.inputs.scan import prepared_scan
from pages.ui.inputs.selected_scan import SelectedScan, bundled, bundled_names
from pages.ui.inputs.settings import KEEP
from pages.ui.shell import keys
from pages.ui.shell.job import OnProgress, Work
from pages.ui.shell.tasks import done
from pages.ui.viewer.viewer import Panel, PanelLayout, show_panels
from uad_core.atlas.space import PAPER_SLAB
from uad_core.io.volume import Array
from uad_core.models.checkpoint import Checkpoint, checkpoint_names
from uad_core.preprocess import Prepared
from uad_core.render.overlays import grey_png
from uad_core.render.slices import crop_box
from uad_core.teaching import axis_walk, can_walk, draws_brains, fade, montage, sample_near, walk

STEPS = 11
DRAWN = 2
ALONG = "along this scan's main direction"


def draw_latent(choice: SelectedScan, prepared: Prepared) -> None:
    """A walk with a slider, and what is drawn from the prior and from around the scan's codes."""
    names = [name for name in checkpoint_names() if not is_whole(name)]
    walkers = [name for name in names if can_walk(load(name).model)]
    if not walkers:
        st.info("There is no autoencoder to walk in. Train one: python -m uad_core train --model dvae")
        return
    bar = st.columns([1, 1, 1, 0.8], vertical_alignment="bottom")
    first = walkers.index("dvae") if "dvae" in walkers else 0
    name = bar[0].selectbox(
        "Latent space of", walkers, first, key=keys.LESSON["walker"], **KEEP,
        help="An autoencoder or VAE. Dense: a code of 512 numbers. Spatial: 16 x 16 numbers for each feature.",
    )  # fmt: skip
    others = [f"to {other}" for other in bundled_names() if other != st.session_state.get(keys.SCAN)]
    goal = bar[1].selectbox(
        "Walk", [*others, ALONG], key=keys.LESSON["goal"], **KEEP,
        help="From the middle slice of the scan on the left to the same level of another brain, or two standard "
        "deviations either way along the first principal component of its slices' codes.",
    )  # fmt: skip
    step = bar[2].slider(
        "Way covered", 0, 100, 50, 100 // (STEPS - 1), "%d %%", key=keys.LESSON["way"], **KEEP,
        help="Per cent of the straight line between the two codes.",
    )  # fmt: skip
    seed = int(st.session_state.get(keys.LESSON["seed"], 0))

    def draw_others() -> None:
        st.session_state[keys.LESSON["seed"]] = seed + 1

    bar[3].button("Draw others", on_click=draw_others, width="stretch", help="Other samples, below.")
    checkpoint = load(str(name))
    walked, faded = _walk(choice, prepared, checkpoint, str(goal))
    at, (rows, columns) = step * (STEPS - 1) // 100, crop_box(prepared.brain_mask)
    shown = {"Start, reconstructed": walked[0], f"{step} % of the way": walked[at], "End, reconstructed": walked[-1]}
    if goal != ALONG:
        shown["Plain fade of the two scans"] = faded[at]
    panels = [Panel(grey_png(picture[rows, columns]), title) for title, picture in shown.items()]
    show_panels(panels, "walk", PanelLayout(230, tools=False))
    _draw_samples(checkpoint, prepared, seed, load("anogan") if "anogan" in names else None)


def _walk(choice: SelectedScan, prepared: Prepared, checkpoint: Checkpoint, goal: str) -> tuple[Array, Array]:
    """All pictures of a walk and of the fade beside it, from the middle slice."""
    model, middle, along = checkpoint.model, len(prepared.array) // 2, goal == ALONG
    start = prepared.array[middle]
    end = start if along else prepared_scan(bundled(goal.removeprefix("to ")), PAPER_SLAB).array[middle]

    def work(on_progress: OnProgress) -> tuple[Array, Array]:
        on_progress(f"walk through the latent space of {checkpoint.name}", 0)
        walked = axis_walk(model, prepared.array, STEPS) if along else walk(model, start, end, STEPS)
        return walked, fade(start, end, STEPS)

    return done((choice.key, checkpoint.identity, goal), Work(work, f"walk {checkpoint.name}"))


def _draw_samples(checkpoint: Checkpoint, prepared: Prepared, seed: int, anogan: Checkpoint | None) -> None:
    """Slices that nobody has: from around the codes of this scan's slices, and from priors that know brains."""
    near, *priors = st.columns(3)

    def draw(slices: Array, caption: str) -> None:
        st.image(montage(slices, DRAWN), width="stretch", output_format="PNG", caption=caption, alt=caption)

    with near:
        around = sample_near(checkpoint.model, prepared.array, DRAWN, seed)
        draw(around, f"{checkpoint.name}, from around the codes of this scan")
    for place, one in zip(priors, (checkpoint, anogan), strict=True):
        with place:
            if one is None or not one.spec.samples:
                continue
            if _knows_brains(one.identity, one, prepared):
                draw(_sampled(one, seed), f"{one.name}, from its prior N(0, I)")
            else:
                st.info(f"What {one.name} draws from its prior N(0, I) is no brain, so it isn't shown. {one.length}")


@st.cache_data(show_spinner=False, max_entries=32)
def _knows_brains(sha256: str, _checkpoint: Checkpoint, _prepared: Prepared) -> bool:
    return draws_brains(_checkpoint.model, _prepared.array)


def _sampled(checkpoint: Checkpoint, seed: int) -> Array:
    return checkpoint.model.sample(DRAWN, seed)[:, 0].cpu().numpy()
