"""Simulated FLAIR scans with exact truth, from label maps of real heads or from a phantom.

tissues     which label is which tissue          intensities  tissue -> FLAIR
label_map   label maps: read, cut, mirrored      places       where lesions grow
anatomy     label map -> soft maps, atlas space  lesions      lesions and their masks
deform      random shapes, one resampling        scanner      point spread, thick slices, noise
phantom     a head drawn with ellipsoids         subject      all of it: SimulationConfig, one subject
cohort      a cohort folder                      head         a raw head on oblique thick slices
template    the template that ships              samples      the scans that ship
"""
