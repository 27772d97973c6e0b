"""Detection over HTTP: POST a scan, and GET its state and results. See `openapi.DESCRIPTION`.

No name comes in but in the scan itself, and no line of a log holds anything of a request but its route.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from uad_core import RESEARCH_ONLY
from uad_core.doors.http_setting import setting_of
from uad_core.doors.jobs import QueueFullError, ScanJob, ScanJobs
from uad_core.doors.one_scan import Setting
from uad_core.doors.openapi import DESCRIPTION
from uad_core.io.limits import MAX_BYTES
from uad_core.models.checkpoint import CheckpointError

LOG = logging.getLogger("uad_core.serve")
RETRY_SECONDS = "30"
STALLED_SECONDS = 30.0  # without a byte of a scan that is coming in
HEADERS = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'", "x-content-type-options": "nosniff",
           "referrer-policy": "no-referrer", "cache-control": "no-store"}  # fmt: skip


def build_app(jobs: ScanJobs, token: str, hosts: Sequence[str] = ("*",)) -> Starlette:
    """The server's application; all routes but the description ask for `token`. `hosts`: names that it goes by."""

    async def post_scan(request: Request) -> Response:
        setting = await run_in_threadpool(_setting, request.query_params)
        try:
            upload = jobs.new_upload()
        except QueueFullError:
            raise _full() from None
        try:
            await _receive(request, upload)
        except BaseException:
            jobs.drop(upload)
            raise
        job = jobs.add(upload, setting)
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
            given = request.headers.get("authorization", "").encode()
            if not secrets.compare_digest(given, b"Bearer " + token.encode()):
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
    return Starlette(
        routes=routes,
        middleware=[Middleware(SafeHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
        exception_handlers={HTTPException: _refusal, ClientDisconnect: _left, Exception: _bug},
    )


class SafeHeaders:
    """ASGI middleware: what no answer lacks. Nothing here is a page, and nothing is for a cache."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def _receive(request: Request, upload: Path) -> None:
    """The request's body, to a file. Raises HTTPException for one that is too large, empty, or stands still."""
    size, pieces = 0, request.stream()
    with upload.open("wb") as file:
        while True:
            try:
                chunk = await asyncio.wait_for(anext(pieces), STALLED_SECONDS)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise HTTPException(408, "The scan stopped coming in. Send it again.") from None
            size += len(chunk)
            if size > MAX_BYTES:
                raise HTTPException(413, "The scan is larger than what is read here.")
            file.write(chunk)
    if not size:
        raise HTTPException(400, "The body of the request is empty: it has to be the scan.")


def _state(job: ScanJob) -> dict[str, Any]:
    """What is known of a scan."""
    files = [name.rsplit("/", 1)[-1] for name in job.record.get("files", ())]
    found = {key: job.record.get(key) for key in ("sentence", "scan", "regions") if job.is_over}
    links = {name: f"/scans/{job.id}/files/{name}" for name in files}
    return {"id": job.id, "state": job.state, "use": RESEARCH_ONLY, **found, "files": links}


def _setting(query: QueryParams) -> Setting:
    if len(query.multi_items()) > len(query):
        raise HTTPException(400, "A setting is given twice.")
    try:
        return setting_of(query)
    except (CheckpointError, ValueError) as error:
        raise HTTPException(400, str(error)) from None


def _full() -> HTTPException:
    return HTTPException(503, "As many scans wait as may. Send it again later.", {"Retry-After": RETRY_SECONDS})


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"sentence": error.detail}, error.status_code, error.headers)


async def _left(request: Request, error: Exception) -> Response:
    """Nobody is there any more to read it."""
    return Response(status_code=400)


async def _bug(request: Request, error: Exception) -> Response:
    LOG.error("unexpected %s", type(error).__name__)
    return JSONResponse({"sentence": "An unexpected error; it was not the scan's fault."}, 500)
