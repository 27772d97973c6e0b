"""What a stack is, by what its headers say: a FLAIR of the head, something else, or no picture of tissue at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from uad_core.io.dicom.facts import Facts
from uad_core.io.dicom.series import Stack

FLAIR_MS = (1300, 3500)  # inversion times that null CSF, at 64 mT to 7 T; T1-weighted "FLAIR" has 700 to 1100
T2_ECHO_MS, T2_REPETITION_MS = 60, 3500  # at least, of T2 weighting; MP2RAGE and ASL have echoes of 3 to 20
AXIAL = 0.7  # cosine between the normal of the slices and the body's axis, at least

SAID = ("no FLAIR by name or timing", "FLAIR by timing", "FLAIR by name", "FLAIR by name and timing")
FLAIR_NAMES = ("flair", "darkfluid", "darkfl", "fluidattenuated", "fluidatt")  # among letters alone
OTHER_NAMES = {
    "t1", "t1w", "mprage", "mp2rage", "inv1", "inv2", "uni", "spgr", "bravo", "tfl", "asl", "pcasl", "pasl", "perf",
    "perfusion", "dwi", "dti", "diff", "diffusion", "ep2d", "bold", "fmri", "rest", "swi", "swan", "gre", "hemo", "tof",
    "angio", "mra", "mrv", "stir", "psir", "dir", "pd", "pdw", "mt", "qsm", "t1flair", "t1fl",
}  # fmt: skip
COMPLEX = {"P", "PH", "PHASE", "PHASE MAP", "R", "REAL", "I", "RI", "IMAGINARY", "VELOCITY MAP"}
COMPLEX_NAMES = {"phase", "pha", "ph", "real", "imag", "imaginary"}
COMPUTED = {
    "ADC", "EADC", "FA", "TRACEW", "TENSOR", "CBF", "CBV", "RCBF", "RCBV", "MTT", "TTP", "TMAX", "ASL", "PERFUSION",
    "MIP", "MINIP", "MIN IP", "MAX IP", "PROJECTION IMAGE", "SUBTRACTION", "SUB", "T1 MAP", "T2 MAP", "T2_STAR MAP",
    "R2 MAP", "MEAN_ADC", "SWI", "QMAP", "SCREEN SAVE", "SUBTRACT", "SEGMENTATION", "DIFFERENCE",
}  # fmt: skip
COMPUTED_WORDS = {"MIP", "MINIP", "ADC", "SUBTRACT", "SUBTRACTION", "PROJECTION"}  # within a value of the image type
COMPUTED_NAMES = {"adc", "mip", "mips", "minip", "minips", "subtraction", "subtracted", "sub", "subtr", "difference",
                  "projection", "map", "t1map", "t2map", "cbf", "cbv", "mtt", "colfa"}  # fmt: skip
REFORMATTED = {"MPR", "REFORMATTED", "RESAMPLED", "AVERAGE", "MEAN", "RMS"}
REFORMATTED_NAMES = {"mpr", "reformat", "reformatted", "reformation", "recon", "resampled", "rms", "mean"}
LOCALIZER_NAMES = {"localizer", "localiser", "loc", "scout", "survey", "aahead", "aascout"}
NO_AGENT = re.compile(  # what is said of an agent that was not given, or not yet
    r"(?<![a-z])(without|no|non|w/?o|sans|ohne|pre|avant|vor)[ _-]*(contrast|gad|gd|km|ce|inj)[a-z]*(?![a-z])"
)
AGENT_NAMES = {"post", "gd", "gad", "gado", "gadolinium", "km", "ce", "contrast", "contraste", "dotarem", "gadavist",
               "postgad", "postgd", "postcontrast", "postkm", "gadovist", "inj", "injection"}  # fmt: skip
AGENT_ENDS = ("+c", "+gd", "+km", "c+")
IN_A_STUDY = re.compile(  # an operation or another event, a subject's number, a trial's phase, a direction of encoding
    r"post[ _-]*(op|fossa|stroke|surg|trauma|treat|therap|rt\b|tx\b)[a-z]*|\bsub[ _-]*[a-z]{0,6}\d+|"
    r"\b(phase|map)[ _-]*(trial|study)|\bphase[ _-]*(i{1,3}|iv|[1-4]|rl|lr|ap|pa|hf|fh|enc[a-z]*|dir[a-z]*|swap|fov|"
    r"wrap|over[a-z]*|[a-z]\W[a-z])\b|\b(no|swap|reduced)[ _-]*phase[a-z]*([ _-]*wrap)?|\breal[ -]?time|"
    r"\bsub[ -]?(acute|mm)|\brest[ _-]?slab|\bmt[ -]?off|\bhand[ _-]?motion"
)
HEAD = re.compile(r"head|brain|skull|cranium|crane|schaedel|schädel|kopf|neuro|cereb|hirn|encephal|tete|tête")
OTHER_PART = re.compile(
    r"spine|spinal|cervic|thorac|rachis|columna|wirbel|\b[chtlbw]+ws\b|\b[ctl]sp\b|myelon|\bcord\b|\bneck|hals|sacr|"
    r"\blumb|\bchest|breast|abdom|pelvis|\bliver|cardiac|heart|prostat|knee|shoulder|\bhip\b|ankle|foot|wrist|hand\b|"
    r"elbow|extremity|"
    r"orbit|pituitary|\biac\b|\bcsp\b|colonna|midollo|medula|\beye|\bjaw\b|thigh|calf|phantom|"
    r"\bleg\b(?!\.)|\barm\b(?! ?(?:[a-d]|\d)\b)"  # but not of a study
)


@dataclass(frozen=True)
class Judgement:
    """Attributes: `unfit`, why the stack shows no head at all, or empty; `flair`, how much says FLAIR; more."""

    unfit: str
    flair: int | None  # 3 name and timing, 2 the name, 1 the timing, 0 says that it is none, None says nothing
    original: bool
    agent: bool  # after a contrast agent
    axial: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Of two FLAIRs the one of higher rank is meant."""
        return self.original, not self.agent, self.axial, self.flair or 0

    @property
    def is_flair(self) -> bool:
        return not self.unfit and bool(self.flair)

    @property
    def reason(self) -> str:
        """In words."""
        if self.unfit:
            return self.unfit
        words = ["does not say what it is" if self.flair is None else SAID[self.flair]]
        words += ["original" if self.original else "computed from other images"]
        words += ["axial" if self.axial else "not axial", *(["after a contrast agent"] if self.agent else [])]
        return ", ".join(words)


def judge_all(stacks: Sequence[Stack]) -> list[Judgement]:
    """What each stack is.

    A protocol's name that series of other descriptions share is the examination's: it says nothing about one of them.
    """
    described: dict[str, set[str]] = defaultdict(set)
    for stack in stacks:
        description, protocol, _ = stack.first.frame.facts.texts
        described[protocol].add(description)
    return [_judge(stack, len(described[stack.first.frame.facts.texts[1]]) > 1) for stack in stacks]


def _judge(stack: Stack, shared: bool) -> Judgement:
    """What a stack is, by what it is called.

    Whether it is a FLAIR is said by its description, and where that is silent by its protocol; a `shared` one says
    nothing.
    """
    frame = stack.first.frame
    description, protocol, sequence = frame.facts.texts
    whole = replace(frame.facts, texts=(description, "" if shared else protocol, sequence))
    speaks = _is_named([description]) or bool((OTHER_NAMES | {"t2", "t2w"}) & _words([description]))
    facts = replace(whole, texts=(description, "", sequence)) if speaks else whole
    all_words, words = _words(whole.texts), _words(facts.texts)
    reformatted = bool(REFORMATTED & set(facts.kind) or REFORMATTED_NAMES & words)
    normal = np.cross(frame.orientation[:3], frame.orientation[3:])
    return Judgement(
        unfit=_unfit(whole, all_words),
        flair=_flair(facts, words),
        original="DERIVED" not in facts.kind and not reformatted,
        agent=facts.agent or bool(AGENT_NAMES & all_words) or any(word.endswith(AGENT_ENDS) for word in all_words),
        axial=abs(float(normal[2])) >= AXIAL,
    )


def _unfit(facts: Facts, words: set[str]) -> str:
    kind = set(facts.kind[2:])
    if COMPLEX & kind or any(re.match(r"(P|R|I|CR|CI)_", value) for value in kind):
        return "phase, or another part of a complex image"
    if facts.component not in ("", "MAGNITUDE", "MIXED"):
        return "phase, or another part of a complex image"
    if COMPLEX_NAMES & words and "M" not in kind and not facts.component:
        return "phase, or another part of a complex image"
    within = {word for value in facts.kind for word in re.split(r"[^A-Z0-9]+", value)}
    if COMPUTED & set(facts.kind) or COMPUTED_WORDS & within or COMPUTED_NAMES & words:
        return "a map, a projection or a difference, computed from other images"
    if "LOCALIZER" in facts.kind or LOCALIZER_NAMES & words:
        return "a localizer"
    text, part = IN_A_STUDY.sub("", " ".join(facts.texts)).replace("_", " "), facts.body_part.lower().replace("_", " ")
    if OTHER_PART.search(text) and not HEAD.search(text):
        return "another part of the body"
    if OTHER_PART.search(part) and not HEAD.search(f"{part} {text}"):
        return "another part of the body"
    return ""


def _words(texts: Sequence[str]) -> set[str]:
    return set(re.split(r"[^a-zäöüêé0-9+]+", NO_AGENT.sub("", IN_A_STUDY.sub("", " ".join(texts)))))


def _is_named(texts: Sequence[str]) -> bool:
    """Whether they say FLAIR."""
    letters = "".join(filter(str.isalnum, " ".join(texts)))
    return any(name in letters for name in FLAIR_NAMES)


def _flair(facts: Facts, words: set[str]) -> int | None:
    timing = _timing(facts)
    if OTHER_NAMES & words or timing is False:
        return 0
    if _is_named(facts.texts):
        return 3 if timing else 2
    return 1 if timing else None


def _timing(facts: Facts) -> bool | None:
    """Whether the timing is that of a FLAIR; None where too little of it is known."""
    echo, inversion, repetition = facts.echo_ms, facts.inversion_ms, facts.repetition_ms
    if (echo and echo < T2_ECHO_MS) or (repetition and repetition < T2_REPETITION_MS):
        return False
    if inversion is None:
        return None
    return FLAIR_MS[0] <= inversion <= FLAIR_MS[1]
