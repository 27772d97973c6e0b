"""Settings as words of the command line."""

import shlex
from dataclasses import dataclass

from uad_core.io.command_words import as_words, changed, command_line


@dataclass(frozen=True)
class Config:
    size: int = 5
    share: float = 0.5
    name: str | None = None


def test_only_what_differs_is_named_and_what_is_always_to_be():
    assert changed(Config(share=0.25), Config()) == {"share": 0.25}
    assert changed(Config(share=0.25), Config(), always=("size",)) == {"size": 5, "share": 0.25}


def test_every_kind_of_value_has_its_words():
    options = {"quick": True, "slow": False, "name": None, "cohort": ["a b", "c"], "min_mm3": 20.0, "share": 0.1 + 0.2}
    assert as_words(options) == [
        "--quick", "--cohort", "a b", "--cohort", "c", "--min-mm3", "20", "--share", "0.30000000000000004",
    ]  # fmt: skip
    assert as_words({"reference": "--help"}) == ["--reference=--help"]


def test_a_shell_reads_the_same_words_again():
    words = ["--cohort", "it's a $(folder)", "--set", "features=[8,8]"]
    assert shlex.split(command_line("train", words)) == ["python", "-m", "uad_core", "train", *words]
