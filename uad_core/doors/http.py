"""Detection over HTTP: POST a scan, and GET its state and results. See `openapi.DESCRIPTION`.

No name comes in but in the scan itself, and no line of a log holds anything of a request but its route.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from uad_core import RESEARCH_ONLY
from uad_core.doors.http_setting import setting_of
from uad_core.doors.jobs import QueueFullError, ScanJob, ScanJobs
from uad_core.doors.one_scan import Setting
from uad_core.doors.openapi import DESCRIPTION
from uad_core.io.limits import MAX_BYTES
from uad_core.models.checkpoint import CheckpointError

LOG = logging.getLogger("uad_core.serve")
RETRY_SECONDS = "30"


def build_app(jobs: ScanJobs, token: str) -> Starlette:
    """The server's application; all routes but the description ask for `token`."""

    async def post_scan(request: Request) -> Response:
        if jobs.is_full:
            raise _full()
        setting = await run_in_threadpool(_setting, request.query_params)
        upload = jobs.new_upload()
        try:
            size = 0
            with upload.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > MAX_BYTES:
                        raise HTTPException(413, "The scan is larger than what is read here.")
                    file.write(chunk)
            if not size:
                raise HTTPException(400, "The body of the request is empty: it has to be the scan.")
        except BaseException:
            jobs.drop(upload)
            raise
        try:
            job = jobs.add(upload, setting)
        except QueueFullError:
            raise _full() from None
        LOG.info("scan %s: taken in", job.id)
        return JSONResponse(_state(job), 202, {"Location": f"/scans/{job.id}"})

    async def get_scan(request: Request) -> Response:
        return JSONResponse(_state(_job(request)))

    async def get_file(request: Request) -> Response:
        path = _job(request).file(request.path_params["name"])
        if path is None or not path.exists():
            raise HTTPException(404, "This scan has no result file of that name.")
        return FileResponse(path)

    async def delete_scan(request: Request) -> Response:
        if not await run_in_threadpool(jobs.delete, _job(request)):
            raise HTTPException(409, "This scan is at work; delete it when it is over.")
        return Response(status_code=204)

    async def describe(request: Request) -> Response:
        return JSONResponse(DESCRIPTION)

    def _job(request: Request) -> ScanJob:
        if (job := jobs.get(request.path_params["scan"])) is None:
            raise HTTPException(404, "There is no scan of that number; results are kept for a while only.")
        return job

    def asks(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
            if not secrets.compare_digest(given, token.encode()):
                wanted = {"WWW-Authenticate": "Bearer"}
                raise HTTPException(401, "Send the token that the server was started with.", wanted)
            return await endpoint(request)

        return checked

    routes = [
        Route("/scans", asks(post_scan), methods=["POST"]),
        Route("/scans/{scan}", asks(get_scan), methods=["GET"]),
        Route("/scans/{scan}", asks(delete_scan), methods=["DELETE"]),
        Route("/scans/{scan}/files/{name}", asks(get_file), methods=["GET"]),
        Route("/openapi.json", describe, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal, Exception: _bug})


def _state(job: ScanJob) -> dict[str, Any]:
    """What is known of a scan."""
    files = [name.rsplit("/", 1)[-1] for name in job.record.get("files", ())]
    found = {key: job.record.get(key) for key in ("sentence", "scan", "regions") if job.is_over}
    links = {name: f"/scans/{job.id}/files/{name}" for name in files}
    return {"id": job.id, "state": job.state, "use": RESEARCH_ONLY, **found, "files": links}


def _setting(query: Mapping[str, str]) -> Setting:
    try:
        return setting_of(query)
    except (CheckpointError, ValueError) as error:
        raise HTTPException(400, str(error)) from None


def _full() -> HTTPException:
    return HTTPException(503, "As many scans wait as may. Send it again later.", {"Retry-After": RETRY_SECONDS})


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"sentence": error.detail}, error.status_code, error.headers)


async def _bug(request: Request, error: Exception) -> Response:
    LOG.error("unexpected %s", type(error).__name__)
    return JSONResponse({"sentence": "An unexpected error; it was not the scan's fault."}, 500)
