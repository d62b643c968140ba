"""How bright each tissue is: random contrasts that keep the relations real MRI and CT have.

Four families are drawn: computed tomography in Hounsfield units (five contrast phases), T2-like and T1-like MRI,
and mixtures without any relation, which no scanner gives and which keep a network from trusting one contrast
(Billot et al., SynthSeg, Medical Image Analysis 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renal_segmentation.synthesis.tissues import Tissue

FloatArray = npt.NDArray[np.float32]

REGIMES = {"mixture": 0.14, "ct": 0.30, "t2": 0.28, "t1": 0.28}
"""The families and how often each is drawn."""

T1_KINDS = {"in-phase": 0.2, "out-of-phase": 0.15, "fat-suppressed": 0.2, "dark-kidney": 0.25, "enhanced": 0.2}
CT_PHASES = {"native": 0.2, "arterial": 0.2, "portal": 0.3, "nephrographic": 0.2, "delayed": 0.1}


@dataclass(frozen=True)
class Shares:
    """How often each contrast is drawn: families, T1-like sequences, and contrast phases of CT; each sums to 1."""

    regimes: Mapping[str, float]
    t1_kinds: Mapping[str, float]
    ct_phases: Mapping[str, float]


USUAL = Shares(REGIMES, T1_KINDS, CT_PHASES)
"""Of phantoms."""

SEEN = (0.1, 0.25)
"""How far a kidney is moved from the brightness of fat in MRI: one that nobody could outline teaches nothing."""

T = Tissue
FATS = (T.SUBCUTANEOUS_FAT, T.VISCERAL_FAT, T.PERIRENAL_FAT, T.LEFT_SINUS_FAT, T.RIGHT_SINUS_FAT)
SINUS_FATS = (T.LEFT_SINUS_FAT, T.RIGHT_SINUS_FAT)
MUSCLES = (T.BODY_WALL, T.DIAPHRAGM, T.PSOAS, T.BACK_MUSCLE, T.QUADRATUS, T.ARM_MUSCLE)
COLLECTING = (T.LEFT_COLLECTING, T.RIGHT_COLLECTING, T.URETER)
CYSTS = (T.LEFT_CYST, T.RIGHT_CYST)
FLUIDS = (T.GALLBLADDER, T.FREE_FLUID, T.SPINAL_FLUID, T.BLADDER, T.STOMACH_CONTENT, *COLLECTING, *CYSTS)
VEINS = (T.VENA_CAVA, T.VESSEL, T.LIVER_VESSEL, T.LEFT_SINUS_VESSEL, T.RIGHT_SINUS_VESSEL)
VESSELS = (T.AORTA, T.HEART_BLOOD, *VEINS)
GUT = (T.STOMACH_WALL, T.BOWEL_WALL, T.PANCREAS, T.MESENTERY, T.ADRENAL, T.PELVIC_ORGAN)
CONTENTS = (
    T.BOWEL_CONTENT_1,
    T.BOWEL_CONTENT_2,
    T.BOWEL_CONTENT_3,
    T.BOWEL_CONTENT_4,
    T.BOWEL_CONTENT_5,
    T.BOWEL_CONTENT_6,
)
CORTICES = (T.LEFT_CORTEX, T.RIGHT_CORTEX)
MEDULLAS = (T.LEFT_MEDULLA, T.RIGHT_MEDULLA)
TUMOURS = (T.LEFT_TUMOUR, T.RIGHT_TUMOUR)
AIRS = (T.AIR, T.GAS)


@dataclass(frozen=True)
class Appearance:
    """One contrast.

    Attributes
    ----------
    regime : str
        One of `REGIMES`.
    kind : str
        Contrast phase or sequence, such as ``portal`` or ``dark-kidney``.
    mean, spread : ndarray, shape (number of tissues,)
        Signal of each tissue and the standard deviation of its texture; Hounsfield units for CT, else about 0 to 1.
    window : tuple of float, or None
        Lowest and highest Hounsfield unit that the image keeps.
    """

    regime: str
    kind: str
    mean: FloatArray
    spread: FloatArray
    window: tuple[float, float] | None


class _Palette:
    """Means by tissue while they are being drawn."""

    def __init__(self, rng: np.random.Generator, mean: npt.NDArray[np.float64]) -> None:
        self.rng = rng
        self.mean = mean

    def set(self, tissues: Sequence[Tissue], value: float, jitter: float) -> None:
        """Give tissues a common value, each with its own small deviation."""
        self.mean[list(tissues)] = value + self.rng.normal(0, jitter, len(tissues))

    def kidneys(self, cortex: float, medulla: float, jitter: float) -> None:
        """Give both kidneys nearly the same parenchyma."""
        self.set(CORTICES, cortex, jitter)
        self.set(MEDULLAS, medulla, jitter)


def draw_appearance(rng: np.random.Generator, regime: str | None = None, shares: Shares = USUAL) -> Appearance:
    """Return a random contrast of the given family, or of any."""
    regime = regime or _choose(rng, shares.regimes)
    if regime == "ct":
        return _ct(rng, _choose(rng, shares.ct_phases))
    if regime == "t1":
        return _t1(rng, shares.t1_kinds)
    return {"t2": _t2, "mixture": _mixture}[regime](rng)


def _choose(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    return str(rng.choice(list(weights), p=list(weights.values())))


def _finish(
    regime: str, kind: str, palette: _Palette, texture: float, window: tuple[float, float] | None = None
) -> Appearance:
    spread = palette.rng.uniform(0.2, 1, len(Tissue)) * texture
    spread[list(AIRS)] *= 0.1
    spread[[*FLUIDS]] *= 0.4
    spread[[*CONTENTS]] *= 2.5
    spread[[*CORTICES, *MEDULLAS]] = palette.rng.uniform(0.2, 0.9) * texture
    return Appearance(regime, kind, palette.mean.astype(np.float32), spread.astype(np.float32), window)


def _apart(rng: np.random.Generator, value: float, other: float, step: tuple[float, float]) -> float:
    """Return the value, or one a random step away from the other if it lies nearer than the least step."""
    if abs(value - other) >= step[0]:
        return value
    return other + (1 if value >= other else -1) * float(rng.uniform(*step))


def _ct(rng: np.random.Generator, phase: str) -> Appearance:
    """Hounsfield units in one of five contrast phases."""
    uniform = rng.uniform
    boost = {"native": 0.0, "arterial": 0.3, "portal": 1.0, "nephrographic": 0.9, "delayed": 0.6}[phase] * uniform(
        0.6, 1.2
    )
    p = _Palette(rng, uniform(20, 70, len(Tissue)))
    p.set(AIRS, -1000, 5)
    p.set([T.LUNG], uniform(-900, -650), 20)
    fat = uniform(-120, -85)
    p.set(FATS, fat, 4)
    p.set(SINUS_FATS, fat + uniform(0, 40), 5)
    p.set([T.SKIN, T.FASCIA], uniform(-40, 30), 10)
    p.set([T.MESENTERY], uniform(-70, 20), 10)
    p.set(MUSCLES, uniform(40, 65) + 8 * boost, 4)
    p.set([T.LIVER], uniform(20, 70) + 50 * boost, 4)
    p.set([T.SPLEEN], uniform(40, 55) + uniform(50, 85) * boost + 40 * (phase == "arterial"), 4)
    p.set([T.PANCREAS, T.ADRENAL, T.STOMACH_WALL, T.BOWEL_WALL, T.HEART], uniform(30, 50) + 55 * boost, 12)
    p.set(FLUIDS, uniform(0, 15), 6)
    p.set(VEINS, 40 + 115 * boost, 15)
    p.set([T.AORTA, T.HEART_BLOOD], 40 + (uniform(180, 330) if phase == "arterial" else 115 * boost), 12)
    p.set([T.LIVER_LESION], p.mean[T.LIVER] + uniform(-50, 30), 5)
    p.set([T.CORTICAL_BONE], uniform(400, 900), 50)
    p.set([T.VERTEBRA, T.MARROW], uniform(100, 280), 25)
    p.set([T.DISC], uniform(60, 110), 8)
    p.set([T.TABLE], uniform(-700, 100), 50)
    for content in CONTENTS:
        p.set([content], float(rng.choice([-60, 15, 30, 60, uniform(100, 450)], p=[0.2, 0.3, 0.2, 0.15, 0.15])), 15)
    native = uniform(25, 42)
    cortex, medulla = {
        "native": (native, native + uniform(-3, 3)),
        "arterial": (native + uniform(70, 170), native + uniform(5, 60)),
        "portal": (native + uniform(100, 180), native + uniform(60, 160)),
        "nephrographic": (native + uniform(80, 170), native + uniform(80, 170)),
        "delayed": (native + uniform(50, 110), native + uniform(50, 130)),
    }[phase]
    p.kidneys(cortex, medulla, 3)
    p.set(TUMOURS, native + uniform(-5, 110) * (phase != "native"), 10)
    if phase == "delayed" and rng.random() < 0.8:
        p.set(COLLECTING, uniform(200, 900), 60)
        p.set([T.BLADDER], uniform(0, 400), 30)
    window = (
        (uniform(-300, -180), uniform(280, 500)) if rng.random() < 0.8 else (uniform(-200, -130), uniform(200, 300))
    )
    return _finish("ct", phase, p, uniform(2, 12), window)


def _t2(rng: np.random.Generator) -> Appearance:
    """Bright fluid; fat bright or suppressed; spleen often as bright as the kidneys."""
    uniform = rng.uniform
    suppressed = rng.random() < 0.3
    p = _Palette(rng, uniform(0.1, 0.7, len(Tissue)))
    muscle = uniform(0.05, 0.28)
    fat = uniform(0.04, 0.22) if suppressed else uniform(0.35, 0.95)
    _mri_common(p, fat, muscle)
    p.set([T.LIVER], muscle + uniform(0, 0.28), 0.03)
    p.set([T.SPLEEN], uniform(0.3, 0.85), 0.03)
    p.set(GUT, uniform(0.2, 0.55), 0.08)
    p.set(FLUIDS, uniform(0.8, 1.35), 0.1)
    p.set([T.LIVER_LESION], uniform(0.2, 1.2), 0.1)
    p.set(VESSELS, float(rng.choice([0.04, 0.5, 0.9], p=[0.5, 0.25, 0.25])), 0.1)
    p.set([T.DISC], uniform(0.1, 0.7), 0.05)
    p.set([T.SPINAL_CORD], uniform(0.25, 0.5), 0.05)
    p.set([T.VERTEBRA, T.MARROW], uniform(0.1, 0.5), 0.04)
    kidney = _apart(rng, uniform(0.38, 0.9), fat, SEEN)
    difference = uniform(-0.12, 0.28)
    p.kidneys(kidney - difference / 2, kidney + difference / 2, 0.02)
    p.set(TUMOURS, kidney + uniform(-0.3, 0.3), 0.05)
    if rng.random() < 0.45:
        p.set([T.SPLEEN], kidney, 0.04)
    for content in CONTENTS:
        p.set([content], uniform(0.05, 1.1), 0.03)
    return _finish("t2", "fat-suppressed" if suppressed else "plain", p, uniform(0.01, 0.06))


def _t1(rng: np.random.Generator, kinds: Mapping[str, float]) -> Appearance:
    """Dark fluid; five sequences, among them dark kidneys in bright fat and opposed phase.

    In opposed phase fat has a negative sign until the magnitude is taken: voxels that hold both cancel, which draws
    the dark lines between fat and water.
    """
    uniform = rng.uniform
    kind = _choose(rng, kinds)
    p = _Palette(rng, uniform(0.1, 0.5, len(Tissue)))
    fat = {
        "in-phase": uniform(0.7, 1.2),
        "out-of-phase": -uniform(0.2, 0.8),
        "fat-suppressed": uniform(0.03, 0.15),
        "dark-kidney": uniform(0.7, 1.3),
        "enhanced": uniform(0.03, 0.2) if rng.random() < 0.7 else uniform(0.6, 1.1),
    }[kind]
    muscle = uniform(0.18, 0.4)
    _mri_common(p, fat, muscle)
    enhanced = kind == "enhanced"
    p.set([T.LIVER], uniform(0.3, 0.65), 0.03)
    p.set([T.SPLEEN], uniform(0.22, 0.42) + 0.25 * enhanced, 0.03)
    p.set(GUT, uniform(0.2, 0.45) + 0.2 * enhanced, 0.05)
    p.set(FLUIDS, uniform(0.04, 0.25), 0.04)
    p.set([T.LIVER_LESION], uniform(0.1, 0.5), 0.05)
    p.set(VESSELS, uniform(0.7, 1.3) if enhanced else float(rng.choice([0.06, 0.25, 0.9], p=[0.45, 0.35, 0.2])), 0.08)
    p.set([T.SPINAL_CORD, T.DISC], uniform(0.2, 0.45), 0.05)
    p.set([T.VERTEBRA, T.MARROW], uniform(0.25, 0.8), 0.04)
    kidney = {"dark-kidney": uniform(0.08, 0.32), "enhanced": uniform(0.6, 1.3)}.get(kind, uniform(0.22, 0.6))
    kidney = _apart(rng, kidney, abs(fat), SEEN)
    difference = uniform(-0.03, 0.4) * kidney if rng.random() < 0.75 else uniform(-0.5, 0) * kidney
    p.kidneys(kidney + difference / 2, kidney - difference / 2, 0.015)
    p.set(TUMOURS, kidney * uniform(0.5, 1.3), 0.03)
    if enhanced and rng.random() < 0.3:
        p.set(COLLECTING, float(rng.choice([0.05, 1.4])), 0.1)
    for content in CONTENTS:
        p.set([content], uniform(0.05, 0.9), 0.03)
    return _finish("t1", kind, p, uniform(0.008, 0.05))


def _mri_common(p: _Palette, fat: float, muscle: float) -> None:
    """Set what T1- and T2-like contrasts share: dark air and bone, one brightness of fat, one of muscle."""
    uniform = p.rng.uniform
    p.set(AIRS, 0.015, 0.005)
    p.set([T.LUNG], uniform(0.02, 0.12), 0.01)
    p.set([T.TABLE], uniform(0, 0.06), 0.01)
    p.set([T.CORTICAL_BONE], uniform(0.02, 0.25), 0.02)
    p.set(FATS, fat, 0.03)
    p.set(SINUS_FATS, fat * uniform(0.75, 1), 0.04)
    p.set([T.FASCIA], muscle, 0.04)
    p.set([T.SKIN], uniform(0.2, 0.6), 0.04)
    p.set(MUSCLES, muscle, 0.02)
    p.set([T.HEART], muscle + uniform(0, 0.3), 0.04)


def _mixture(rng: np.random.Generator) -> Appearance:
    """Independent means, sometimes with fat, muscle and air in groups; the kidney always differs from its fat."""
    uniform = rng.uniform
    p = _Palette(rng, uniform(0, 1, len(Tissue)))
    kidney, difference = uniform(0, 1), rng.normal(0, 0.12)
    if rng.random() < 0.75:
        fat = uniform(0, 1)
        p.set(MUSCLES, uniform(0, 1), 0.02)
        p.set(FATS, fat, 0.03)
        kidney = _apart(rng, kidney, fat, (0.15, 0.5))
    else:
        p.set(SINUS_FATS, uniform(0, 1), 0.02)
        p.set([T.PERIRENAL_FAT], _apart(rng, p.mean[T.PERIRENAL_FAT], kidney, (0.15, 0.5)), 0.01)
    if rng.random() < 0.7:
        p.set([*AIRS, T.LUNG], uniform(0, 0.1), 0.01)
    if rng.random() < 0.4:
        p.set([T.SPLEEN], kidney, 0.05)
    if rng.random() < 0.3:
        p.set([T.LIVER], kidney, 0.07)
    p.set(COLLECTING, uniform(0, 1), 0.03)
    p.set(CYSTS, uniform(0, 1), 0.03)
    p.set(TUMOURS, kidney, 0.1)
    p.kidneys(kidney + difference / 2, kidney - difference / 2, 0.02)
    return _finish("mixture", "mixture", p, uniform(0, 0.07))
