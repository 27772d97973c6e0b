"""`make sbom`: what the app consists of, as CycloneDX 1.6 in out/sbom.cdx.json: packages, licences, models, digests."""

import base64
import hashlib
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from pages.ui.shell.niivue import NIIVUE
from uad_core import __version__
from uad_core.io.paths import CHECKPOINTS, ROOT

LOCK, TARGET = ROOT / "requirements.lock", ROOT / "out" / "sbom.cdx.json"
# for packages that state theirs in words, or as a text
IN_WORDS = {
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Apache License 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
}


def main() -> None:
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(bill(), indent=1) + "\n")
    print(f"{len(locked())} packages, NiiVue and the shipped models: {TARGET.relative_to(ROOT)}")


def bill() -> dict[str, Any]:
    """The bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "uad", "version": __version__}},
        "components": [*map(_package, sorted(locked().items())), _niivue(), *map(_model, _models())],
    }


def locked() -> dict[str, str]:
    """Package -> version, of all that `make app` installs."""
    torch = re.search(r"^(torch)==([^ ]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert torch
    return {torch[1]: torch[2], **dict(re.findall(r"^([\w.-]+)==([^ ]+)", LOCK.read_text(), re.MULTILINE))}


def licence(package: str) -> str:
    """As an SPDX expression; empty where the installed package states none that is known."""
    about = metadata.metadata(package)
    if "License-Expression" in about:
        return about["License-Expression"]
    classes = [text.split(" :: ")[-1] for text in about.get_all("Classifier") or () if text.startswith("License")]
    words = about["License"].strip() if "License" in about else ""
    return next((IN_WORDS[one] for one in classes if one in IN_WORDS), IN_WORDS.get(words, words))


def _package(one: tuple[str, str]) -> dict[str, Any]:
    name, version = one
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "purl": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "licenses": [{"expression": licence(name)}],
    }


def _niivue() -> dict[str, Any]:
    purl = f"pkg:npm/{NIIVUE.name.replace('@', '%40')}@{NIIVUE.version}"
    digest = base64.b64decode(NIIVUE.integrity.partition("-")[2]).hex()
    return {
        "type": "library",
        "bom-ref": purl,
        "purl": purl,
        "name": NIIVUE.name,
        "version": NIIVUE.version,
        "hashes": [{"alg": "SHA-512", "content": digest}],
        "licenses": [{"expression": NIIVUE.licence}],
    }


def _models() -> list[Path]:
    return sorted(CHECKPOINTS.glob("*.safetensors"))


def _model(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model/{path.stem}",
        "name": path.stem,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


if __name__ == "__main__":
    main()
