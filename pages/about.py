"""What the method is, step by step, and where it fails."""

import streamlit as st

from pages.ui.state import banner, start_page
from uad_core.checkpoint import checkpoint_names, load_checkpoint

start_page()
st.title("Method and limits")
banner()
st.markdown(
    """
A model that has only ever seen healthy brains redraws a scan as if it were healthy. Where scan and
reconstruction differ, something may be unusual. No lesion labels are needed for training
(Baur, Wiestler, Albarqouni and Navab 2018, arXiv 1804.04488).

1. **Prepare**: remove the skull, register to the atlas, smooth noise away, set brain tissue to 0.5,
   cut axial slices of 256 x 256 mm.
2. **Reconstruct**: the model squeezes each slice through a bottleneck and redraws it. Once per scan.
3. **Residual**: |scan - reconstruction|, then a median over a small cube against the residue of folds.
4. **Threshold**: a percentile of the same filtered residual in healthy scans that the model never saw.
5. **Clean up**: a thin rim of the brain and components of a few cubic millimetres are dropped.

**What a percentile means.** At the 98th, about two per cent of a brain lie above the threshold, healthy ones
too. A mask is a place to look, not a finding, and an empty one says only that no voxel lies above the threshold.

**Where it fails.** Lesions as grey as cortex leave no residual. A wide bottleneck redraws large lesions as well
as healthy tissue. Scanners, contrasts and slice thickness that the model never saw raise the residual
everywhere. Poor skull stripping lights up the rim.
"""
)
st.subheader("Checkpoints")
for name in checkpoint_names():
    checkpoint = load_checkpoint(name)
    record, spec = checkpoint.record, checkpoint.spec
    learned = {False: " **It did not learn**: one median brain for all redraws healthy slices better.", None: ""}
    cohorts = ", ".join(
        f"{entry['cohort']} ({'simulated' if entry['simulated'] else 'real'}, {len(entry['subjects'])} subjects, "
        f"{len(entry['held_out'])} held out)"
        for entry in record["trained_on"]
    )
    st.markdown(
        f"**{name}** ({spec.source}; latent {spec.latent}). {spec.idea} {spec.weakness}  \n"
        f"Trained on {cohorts}; {record['epochs']} epochs, {record['seconds'] / 60:.0f} minutes on "
        f"{record['training']['device']}; levels {checkpoint.slab.first} to {checkpoint.slab.levels[-1]}."
        f"{learned.get(checkpoint.learned, '')}"
    )
