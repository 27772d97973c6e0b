"""What other sequences make of the same brain: signal equations with random protocols, by the simulator's tissues.

T1, T2 and proton density at 1.5 and 3 T are rounded from Stanisz et al., Magn Reson Med 54 (2005) 507, and Wansapura et
al., J Magn Reson Imaging 9 (1999) 531; diffusivities from Helenius et al., AJNR 23 (2002) 194. The simulator's FLAIR is
none of these: it is fitted to real scans.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from uad_core.cohorts.simulate.contrast import FlairContrast
from uad_core.cohorts.simulate.tissues import Tissue

CSF, GREY, WHITE = "CSF", "grey", "white"
# proton density; T1 at 1.5 and at 3 T, ms; T2 at 1.5 and at 3 T, ms; diffusivity, mm2/s / 1000
MATTER = {
    CSF: (1.00, 3800, 4200, 1800, 1600, 3.0),
    GREY: (0.82, 1000, 1450, 98, 92, 0.85),
    WHITE: (0.70, 640, 880, 78, 70, 0.75),
    "thalamus": (0.77, 860, 1150, 84, 76, 0.75),
    "striatum": (0.80, 920, 1270, 85, 76, 0.72),
    "pallidum": (0.74, 760, 1000, 66, 54, 0.72),
    "choroid": (0.90, 1400, 1800, 140, 130, 1.5),
}
KIND = {
    Tissue.OUTSIDE: CSF, Tissue.CSF: CSF, Tissue.MIDLINE_VENTRICLE: CSF, Tissue.VENTRICLE: CSF,
    Tissue.CHOROID: "choroid", Tissue.CORTEX: GREY, Tissue.WHITE: WHITE, Tissue.THALAMUS: "thalamus",
    Tissue.STRIATUM: "striatum", Tissue.PALLIDUM: "pallidum", Tissue.LIMBIC: GREY, Tissue.VENTRAL: "thalamus",
    Tissue.BRAIN_STEM: WHITE, Tissue.CEREBELLUM: GREY, Tissue.CEREBELLAR_WHITE: WHITE,
}  # fmt: skip
SPREAD = 0.03  # sd between brains of proton density, T1, T2 and diffusivity, as a share


@dataclass(frozen=True)
class Matter:
    """(K,) float64 arrays, indexed by `Tissue`: proton density, T1 and T2 in ms, diffusivity in 1e-3 mm2/s."""

    density: np.ndarray
    t1: np.ndarray
    t2: np.ndarray
    diffusivity: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Matter":
        """Of one brain in one scanner, of 1.5 T or 3 T."""
        high = int(rng.integers(2))
        varied = {kind: np.exp(SPREAD * rng.standard_normal(4)) for kind in MATTER}
        rows = []
        for tissue in Tissue:
            density, *times, diffusivity = MATTER[KIND[tissue]]
            rows.append(np.array([density, times[high], times[2 + high], diffusivity]) * varied[KIND[tissue]])
        return cls(*np.array(rows).T)

    def spin_echo(self, repetition: float, echo: float) -> np.ndarray:
        return self.density * (1 - np.exp(-repetition / self.t1)) * np.exp(-echo / self.t2)

    def inversion(self, inversion: float, repetition: float, echo: float) -> np.ndarray:
        """With its sign."""
        recovered = 1 - 2 * np.exp(-inversion / self.t1) + np.exp(-repetition / self.t1)
        return self.density * recovered * np.exp(-echo / self.t2)

    def double_inversion(self, first: float, second: float, echo: float) -> np.ndarray:
        recovered = 1 - 2 * np.exp(-second / self.t1) + 2 * np.exp(-(first + second) / self.t1)
        return self.density * recovered * np.exp(-echo / self.t2)


def _t1(m: Matter, rng: np.random.Generator) -> np.ndarray:
    return m.spin_echo(rng.uniform(350, 550), rng.uniform(8, 14))


def _t1_flair(m: Matter, rng: np.random.Generator) -> np.ndarray:
    return np.abs(m.inversion(rng.uniform(750, 900), rng.uniform(2000, 2600), rng.uniform(8, 20)))


def _enhanced(m: Matter, rng: np.random.Generator) -> np.ndarray:
    """T1 with contrast agent in meninges, vessels and choroid plexus."""
    values = _t1(m, rng)
    values[[Tissue.OUTSIDE, Tissue.CHOROID]] = values[Tissue.WHITE] * rng.uniform(1.2, 1.8)
    return values


def _uniform(m: Matter, rng: np.random.Generator) -> np.ndarray:
    """MP2RAGE: the combination of two inversion images, (-0.5, 0.5), as files hold it, from 0 up."""
    early, late = (m.inversion(rng.uniform(*at), 5000, 3) for at in ((650, 800), (2300, 2800)))
    return early * late / (early**2 + late**2) + 0.5


def _diffusion(m: Matter, rng: np.random.Generator) -> np.ndarray:
    return m.spin_echo(rng.uniform(5000, 9000), rng.uniform(60, 100)) * np.exp(-rng.uniform(0.9, 1.1) * m.diffusivity)


def _double_inversion(m: Matter, rng: np.random.Generator) -> np.ndarray:
    """Fluid and white matter are nulled."""
    times = ((first, second) for second in range(200, 900, 10) for first in range(2000, 6000, 100))
    dark = [Tissue.VENTRICLE, Tissue.WHITE]
    first, second = min(times, key=lambda pair: float(np.abs(m.double_inversion(pair[0], pair[1], 0)[dark]).sum()))
    return np.abs(m.double_inversion(first, second, rng.uniform(20, 80)))


SEQUENCES: dict[str, Callable[[Matter, np.random.Generator], np.ndarray]] = {
    "FLAIR, by its equation": lambda m, rng: _flair(m, rng),
    "T1": _t1,
    "T1 FLAIR": _t1_flair,
    "T1 with contrast agent": _enhanced,
    "MP2RAGE UNI": _uniform,
    "T2": lambda m, rng: m.spin_echo(rng.uniform(3000, 6000), rng.uniform(80, 120)),
    "PD": lambda m, rng: m.spin_echo(rng.uniform(2000, 5000), rng.uniform(10, 30)),
    "STIR": lambda m, rng: np.abs(m.inversion(rng.uniform(140, 230), rng.uniform(3000, 6000), rng.uniform(20, 80))),
    "double inversion": _double_inversion,
    "DWI, b 1000": _diffusion,
    "ADC map": lambda m, rng: m.diffusivity + 0.0,
}  # fmt: skip


def _flair(m: Matter, rng: np.random.Generator) -> np.ndarray:
    """Fluid is nulled but for 10 % of the inversion time."""
    repetition = rng.uniform(8000, 11000)
    null = m.t1[Tissue.VENTRICLE] * np.log(2 / (1 + np.exp(-repetition / m.t1[Tissue.VENTRICLE])))
    return np.abs(m.inversion(null * rng.uniform(0.9, 1.0), repetition, rng.uniform(100, 140)))


@dataclass(frozen=True)
class SequenceContrast(FlairContrast):
    """Another sequence's intensities in place of FLAIR's, the brighter of grey and white matter at 1."""

    name: str = "T1"  # of `SEQUENCES`

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """(K,) float32, indexed by `Tissue`: the intensities of one subject."""
        values = SEQUENCES[self.name](Matter.draw(rng), rng)
        return np.maximum(values / max(values[Tissue.WHITE], values[Tissue.CORTEX]), 0.02).astype(np.float32)
