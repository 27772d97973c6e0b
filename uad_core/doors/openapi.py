"""The server's description of itself, by which other programs make their clients: OpenAPI 3.1."""

from typing import Any

from uad_core import RESEARCH_ONLY, __version__
from uad_core.atlas.space import SLABS
from uad_core.doors.http_setting import WHERE
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS

_NUMBER: dict[str, Any] = {"type": "number"}
_QUERY: dict[str, tuple[str, dict[str, Any]]] = {
    "model": ("Name of the checkpoint.", {"type": "string"}),
    "slab": ("Axial levels.", {"type": "string", "enum": list(SLABS)}),
    "percentile": ("Per cent of healthy residuals below the threshold.", _NUMBER | {"minimum": 0, "maximum": 100}),
    "threshold": ("Residual in normalised intensity, in place of the percentile.", _NUMBER),
    "false_discovery": ("Per cent of flagged voxels that may be false; raises the percentile's threshold.", _NUMBER),
    "look": ("Where to look.", {"type": "string", "enum": list(WHERE)}),
    "signed": ("Residual.", {"type": "string", "enum": list(SIGNS)}),
    "median_size": ("Edge of the median filter, voxels of 1 mm.", {"type": "integer", "enum": list(MEDIAN_SIZES)}),
    "erosion_mm": ("Rim taken off the brain mask.", _NUMBER),
    "min_lesion_mm3": ("Smaller regions are removed.", _NUMBER),
}
_SENTENCE = {"type": "object", "properties": {"sentence": {"type": "string"}}, "required": ["sentence"]}
_SCAN = {
    "type": "object",
    "required": ["id", "state", "files"],
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["waiting", "running", "done", "refused", "failed"]},
        "use": {"type": "string"},
        "sentence": {"type": "string", "description": "What was found, or why the scan was refused."},
        "scan": {"type": "object", "description": "Volumes, threshold, reference and hashes."},
        "regions": {"type": "array", "items": {"type": "object"}},
        "files": {"type": "object", "description": "Address of each result file by its name."},
    },
}


def _json(schema: dict[str, Any], said: str) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"schema": schema}}}


_PATH = [{"name": "scan", "in": "path", "required": True, "schema": {"type": "string"}}]
_FILE = [*_PATH, {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]
_UNKNOWN = {"401": _json(_SENTENCE, "No token, or a wrong one."), "404": _json(_SENTENCE, "There is none.")}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "uad_core", "version": __version__, "description": RESEARCH_ONLY},
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/scans": {
            "post": {
                "summary": "Send a scan: NIfTI, MGZ, NRRD, or an archive of a DICOM series.",
                "parameters": [
                    {"name": name, "in": "query", "description": text, "schema": schema}
                    for name, (text, schema) in _QUERY.items()
                ],
                "requestBody": {"required": True, "content": _BYTES},
                "responses": {
                    "202": _json(_SCAN, "Taken in; the header Location says where it is."),
                    "400": _json(_SENTENCE, "A setting that will not do, or no body."),
                    "401": _UNKNOWN["401"],
                    "413": _json(_SENTENCE, "Too large."),
                    "503": _json(_SENTENCE, "As many scans wait as may; see the header Retry-After."),
                },
            }
        },
        "/scans/{scan}": {
            "get": {
                "summary": "Where a scan stands, and its results.",
                "parameters": _PATH,
                "responses": {"200": _json(_SCAN, "The scan."), **_UNKNOWN},
            },
            "delete": {
                "summary": "Forget a scan and its results.",
                "parameters": _PATH,
                "responses": {"204": {"description": "Gone."}, "409": _json(_SENTENCE, "It is at work."), **_UNKNOWN},
            },
        },
        "/scans/{scan}/files/{name}": {
            "get": {
                "summary": "One result file.",
                "parameters": _FILE,
                "responses": {"200": {"description": "The file.", "content": _BYTES}, **_UNKNOWN},
            }
        },
        "/openapi.json": {
            "get": {
                "summary": "This description.",
                "security": [],
                "responses": {"200": _json({"type": "object"}, "OpenAPI.")},
            }
        },
    },
}
