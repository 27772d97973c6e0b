"""Simulated FLAIR scans with exact truth, from label maps of real heads or from a phantom.

tissues     which label is which tissue          contrast      tissue -> FLAIR
label_map   label maps: read and cut            lesion_sites  where lesions grow
anatomy     label map -> soft maps, atlas space  lesions       lesions and their masks
deform      random shapes, one resampling        scanner       point spread, thick slices, noise
phantom     a head drawn with ellipsoids         subject       all of it: SimulationConfig, one subject
cohort      a cohort folder
"""
