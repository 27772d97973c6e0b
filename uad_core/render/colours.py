"""Every colour of a picture or a figure: those of Okabe and Ito, distinct to all eyes."""

BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

ON_PAPER = (BLACK, ORANGE, SKY_BLUE, GREEN, BLUE, VERMILION, PURPLE)  # lines, less the yellow that white paper swallows
NORMAL, ANOMALOUS = BLUE, VERMILION  # voxels

VEIL = (0, 0, 0, 110)  # RGBA, over levels that were not searched
VOTES = ((253, 231, 37), (94, 201, 98), (33, 145, 140), (59, 82, 139), (68, 1, 84))  # viridis, upside down


def rgb(colour: str) -> tuple[int, int, int]:
    """`#D55E00` as (213, 94, 0)."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


STAMP_COLOUR = (176, 0, 32)  # behind what speaks against a result
MASK_COLOUR, TRUTH_COLOUR, OLD_COLOUR = rgb(VERMILION), rgb(SKY_BLUE), rgb(YELLOW)


def vote_colour(count: int, models: int) -> tuple[int, int, int]:
    """RGB of a pixel that `count` of `models` flag; 1 is yellow, all is dark blue."""
    at = (count - 1) / max(models - 1, 1) * (len(VOTES) - 1)
    low = min(int(at), len(VOTES) - 2)
    red, green, blue = (round(a + (at - low) * (b - a)) for a, b in zip(VOTES[low], VOTES[low + 1], strict=True))
    return red, green, blue
