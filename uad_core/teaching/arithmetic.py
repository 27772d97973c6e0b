"""One voxel's subtraction as it is written on a blackboard: the numbers shown add up."""

import numpy as np

from uad_core.teaching.voxel import VoxelExplanation

MOST_DECIMALS = 6


def arithmetic(voxel: VoxelExplanation) -> str:
    r"""The residual and its comparison with the threshold in TeX: |0.82 - 0.31| = 0.51 > 0.35.

    Rounded numbers need not add up: 0.816 - 0.314 = 0.502 would read |0.82 - 0.31| = 0.50. So as many decimals are
    shown, two at least, as it takes for the printed numbers to be right among themselves.
    """
    exceeds = bool(np.float32(voxel.residual) > np.float32(voxel.threshold))
    for decimals in range(2, MOST_DECIMALS + 1):
        scan, drawn, found, threshold = (
            round(value, decimals) for value in (voxel.scan, voxel.reconstruction, voxel.residual, voxel.threshold)
        )
        difference = abs(scan - drawn) if voxel.signed == "absolute" else max(scan - drawn, 0.0)
        if round(difference, decimals) == found and (found > threshold) == exceeds:
            equals = "="
            break
    else:
        equals = r"\approx"
    scan_text, drawn_text, found_text, threshold_text = (
        f"{value:.{decimals}f}" for value in (scan, drawn, found, threshold)
    )
    drawn_text = f"({drawn_text})" if drawn < 0 else drawn_text
    left = f"{scan_text} - {drawn_text}"
    left = rf"|\,{left}\,|" if voxel.signed == "absolute" else rf"\max({left},\ 0)"
    relation = ">" if exceeds else r"\leq"
    return f"{left} {equals} {found_text} {relation} {threshold_text}"
