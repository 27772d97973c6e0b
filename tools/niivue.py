"""`make setup`: fetch NiiVue for the 3-D view, unless it is there already. Neither Node nor npm is needed.

    python -m tools.niivue

From npm's registry, or that which npm's variable NPM_CONFIG_REGISTRY names; a proxy by the usual variables. What comes
has to have the digest of `pages/ui/shell/niivue.json`. Whatever happens, setup goes on.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import urllib.request
from http.client import HTTPException

from pages.ui.shell.niivue import NIIVUE, Release
from uad_core.io.atomic import write_atomically

MOST_BYTES, SECONDS = 50_000_000, 30
WITHOUT = "All else works; the 3-D view says that it is missing. `make setup` tries again."


def main(release: Release = NIIVUE) -> str:
    """The sentence that it prints, empty if there is nothing to do."""
    said = "" if release.path.is_file() else _fetch(release)
    if said:
        print(said)
    return said


def _fetch(release: Release) -> str:
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or release.registry
    try:
        with urllib.request.urlopen(f"{registry.rstrip('/')}/{release.address}", timeout=SECONDS) as answer:
            archive = answer.read(MOST_BYTES)
    except (OSError, HTTPException, ValueError):  # no network, a refusal, an address that is none
        return f"NiiVue could not be fetched from npm's registry. {WITHOUT}"
    kind, _, wanted = release.integrity.partition("-")
    if base64.b64encode(hashlib.new(kind, archive).digest()).decode() != wanted:
        return f"What came as NiiVue {release.version} is not what was looked at (another digest): not used. {WITHOUT}"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        module, about = _member(files, release.file), json.loads(_member(files, "package/package.json"))
    assert (about["name"], about["version"], about["license"]) == (release.name, release.version, release.licence)
    try:
        write_atomically(release.path, gzip.compress(module, 9, mtime=0))
        release.path.chmod(0o644)  # no patient's data: whoever runs the app may read it
    except OSError:
        return f"NiiVue could not be written beside Python's packages. {WITHOUT}"
    return f"NiiVue {release.version} ({release.licence}) is ready for the 3-D view."


def _member(files: tarfile.TarFile, name: str) -> bytes:
    file = files.extractfile(name)
    assert file is not None
    return file.read()


if __name__ == "__main__":
    main()
