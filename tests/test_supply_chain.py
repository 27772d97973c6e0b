"""What is installed is what was looked at: locked with digests, of known licences, and listed."""

import json
import re
from importlib import metadata

import pytest

from pages.ui.shell.niivue import NIIVUE
from tools.sbom import bill, licence, locked
from uad_core.io.paths import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
# what may be combined with Apache-2.0 and passed on; the LGPL of one compiled library that is used as it is
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "LGPL-3.0-or-later", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
COPYLEFT = {"connected-components-3d"}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_is_pinned_with_digests_and_no_index_is_named(name):
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 15
    for entry in entries:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry[:80]
    assert "//" not in text
    assert "--index" not in text


def pins(name):
    return dict(re.findall(r"^([\w.-]+)==([^\s#]+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("kind", ["", "-dev"])
def test_the_lock_holds_what_the_requirements_ask_for(kind):
    wanted, there = pins(f"requirements{kind}.txt"), pins("requirements.lock") | pins(f"requirements{kind}.lock")
    wanted.pop("torch", None)  # installed first, by its exact pin: its builds differ from index to index
    assert {name.lower(): version for name, version in wanted.items()}.items() <= there.items()
    assert "torch" not in there


def test_make_installs_from_the_locks_and_checks_the_digests():
    text = (ROOT / "Makefile").read_text()
    assert "LOCKED := install -q --require-hashes --no-deps -r" in text
    assert re.findall(r"\$\(PIP\) \$\(LOCKED\) (\S+)", text) == list(LOCKS)
    others = re.findall(r"\$\(PIP\) install.*", text)
    assert len([line for line in others if "--target .venv/fuzz" not in line]) == 1  # torch


def test_what_is_installed_here_is_what_the_lock_says():
    installed = {name: metadata.version(name).split("+")[0] for name in locked()}
    assert installed == locked()


def test_every_package_is_under_a_licence_that_may_be_passed_on():
    for name in locked():
        parts = set(re.split(r" AND | OR ", licence(name)))
        assert parts <= ALLOWED, f"{name}: {parts}"
        assert not parts & {"LGPL-3.0-or-later"} or name in COPYLEFT, name
    assert NIIVUE.licence in ALLOWED


def test_the_bill_of_materials_lists_every_package_and_every_model_once():
    components = json.loads(json.dumps(bill()))["components"]
    libraries = {one["name"]: one["version"] for one in components if one["type"] == "library"}
    assert libraries == locked() | {NIIVUE.name: NIIVUE.version}
    niivue = next(one for one in components if one["name"] == NIIVUE.name)
    assert niivue["purl"].startswith("pkg:npm/%40niivue/niivue@")
    assert len(niivue["hashes"][0]["content"]) == 128
    models = {one["name"] for one in components if one["type"] == "machine-learning-model"}
    assert models == {path.stem for path in (ROOT / "checkpoints").glob("*.safetensors")}
    assert len({one["bom-ref"] for one in components}) == len(components)
