"""NiiVue, which draws heads in 3-D in the browser: which release, where it lies, and how a page gets it.

`make setup` fetches it (`tools/niivue.py`), as it is JavaScript and no package of Python; without it all else works.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True)
class Release:
    """One release of a package of npm, as `niivue.json` pins it.

    Attributes:
        licence: as an SPDX expression.
        registry: where it is fetched from unless npm's own variable NPM_CONFIG_REGISTRY names another.
        address: of its archive, within a registry.
        integrity: the archive's digest, as npm writes it.
        file: what of the archive is used: one ES module.
    """

    name: str
    version: str
    licence: str
    registry: str
    address: str
    integrity: str
    file: str

    @property
    def served_as(self) -> str:
        """With the version in it: a browser may keep it for ever."""
        return f"niivue-{self.version}.js"

    @property
    def path(self) -> Path:
        """Beside the packages of Python that the app runs on."""
        return Path(sys.prefix) / "share" / "uad" / f"{self.served_as}.gz"


NIIVUE = Release(**json.loads(Path(__file__).with_suffix(".json").read_text()))
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}


def _serve(request: Request) -> Response:
    if not NIIVUE.path.is_file():
        return PlainTextResponse("NiiVue is not installed here.", 404)
    return FileResponse(NIIVUE.path, media_type="text/javascript", headers=FOR_EVER | {"content-encoding": "gzip"})


NIIVUE_ROUTE = Route(f"/{NIIVUE.served_as}", _serve)
