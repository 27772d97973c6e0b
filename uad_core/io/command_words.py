"""Settings as words of the command line, as commands, runs, training and detection start and record them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def changed(config: DataclassInstance, defaults: DataclassInstance, always: Collection[str] = ()) -> dict[str, object]:
    """The fields of `config` that differ from those of `defaults`, and those named in `always`."""
    values = {field.name: getattr(config, field.name) for field in fields(defaults)}
    return {name: value for name, value in values.items() if name in always or value != getattr(defaults, name)}


def as_words(options: Mapping[str, object]) -> list[str]:
    """`{"size": 3, "no_flip": True}` as `["--size", "3", "--no-flip"]`; None and False give none, a list many."""
    words = []
    for key, value in options.items():
        option = f"--{key.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            for text in map(_text, value if isinstance(value, list | tuple) else [value]):
                words += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return words


def command_line(command: str, words: Iterable[str]) -> str:
    """`python -m uad_core COMMAND WORDS`, quoted so that a shell reads the same words, whatever they hold."""
    return shlex.join(("python", "-m", "uad_core", command, *words))


def _text(value: object) -> str:
    """A number as short as it can be read back."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
