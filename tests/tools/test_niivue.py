"""NiiVue's archive is fetched once, only as it was looked at, and setup goes on without a network."""

import base64
import gzip
import hashlib
import io
import json
import sys
import tarfile
from dataclasses import replace

import pytest

from pages.ui.shell.niivue import NIIVUE
from tools.niivue import main

MODULE = b"export class Niivue {}"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry in a folder, with an archive of the pinned name; and its release, to be installed beside it."""
    about = {"name": NIIVUE.name, "version": NIIVUE.version, "license": NIIVUE.licence}
    archive = tmp_path / "registry" / NIIVUE.address
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as files:
        for name, data in ((NIIVUE.file, MODULE), ("package/package.json", json.dumps(about).encode())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            files.addfile(member, io.BytesIO(data))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", (tmp_path / "registry").as_uri() + "/")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    return archive, replace(NIIVUE, integrity=f"sha512-{digest}")


def test_one_file_is_taken_out_readable_for_all_and_a_second_setup_does_nothing(registry):
    archive, release = registry
    assert "is ready" in main(release)
    assert gzip.decompress(release.path.read_bytes()) == MODULE
    assert release.path.stat().st_mode & 0o444 == 0o444
    archive.unlink()
    assert main(release) == ""


def test_what_has_another_digest_is_not_used(registry):
    _, release = registry
    said = main(NIIVUE)
    assert "another digest" in said
    assert "make setup" in said
    assert not release.path.exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "nothing", "file:///nowhere"])
def test_without_a_registry_setup_goes_on_with_a_sentence(registry, monkeypatch, address):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", address)
    said = main(registry[1])
    assert said.startswith("NiiVue could not be fetched")
    assert "All else works" in said
    assert not registry[1].path.exists()


def test_a_place_that_cannot_be_written_is_a_sentence(registry, tmp_path):
    (tmp_path / "venv").write_text("a file where a folder should be")
    assert "could not be written" in main(registry[1])


def test_the_release_is_pinned_by_npms_own_digest_in_one_place():
    kind, _, digest = NIIVUE.integrity.partition("-")
    assert kind == "sha512"
    assert len(base64.b64decode(digest)) == 64
    assert NIIVUE.version in NIIVUE.address
