"""The page, served to this machine alone: it computes what was not drawn when it is opened."""

import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rlgen.errors import RlgenError, StoreError
from rlgen.util import extras
from rlgen.view.answers import Answers
from rlgen.view.content import Extent, content
from rlgen.view.page import render
from rlgen.view.studies import Study

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

#: The one address that is listened at: other machines cannot reach it.
HOST = "127.0.0.1"
#: What a browser may call it; another name would be a page elsewhere that resolves to this machine.
NAMES = [HOST, "localhost"]
#: Requests at a time; further ones are answered by 503.
MOST_REQUESTS = 32
#: Digits of a level's id, which fits into 64 bits.
MOST_DIGITS = 20
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def serve(
    stores: Sequence[str | Path],
    extent: Extent,
    port: int,
    progress: Callable[[str], None],
    ready: Callable[[str], None],
) -> None:
    """Serve the page of one or two stores until a signal ends it.

    Args:
        stores: One or two.
        extent: How much is on the page itself.
        port: To listen at; 0 for a free one.
        progress: Called with a line before each run of the page.
        ready: Called with the address, which holds a new token, once it is listened at.

    Raises:
        ProtocolError: If the extra ``serve`` is not installed.
        StoreError: If a store cannot be read, or the port is taken.
    """
    for package in ("starlette", "uvicorn"):
        extras.needed(package, "serve")
    import uvicorn

    from rlgen.store.opening import opened

    with ExitStack() as stack:
        listener = stack.enter_context(_listener(port))
        studies = [Study(stack.enter_context(opened(Path(s))), str(s)) for s in stores]
        title = " and ".join(dict.fromkeys(s.results.protocol.name for s in studies))
        page = render(content(studies, extent, progress), title, served=True)
        token = secrets.token_urlsafe(32)
        config = uvicorn.Config(
            application(page, Answers(studies, extent), token),
            access_log=False,
            http="h11",
            lifespan="off",
            limit_concurrency=MOST_REQUESTS,
            log_config=None,
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            ws="none",
        )
        ready(f"http://{HOST}:{listener.getsockname()[1]}/{token}/")
        uvicorn.Server(config).run([listener])


def _listener(port: int) -> socket.socket:
    """A socket that listens, so that the port is this command's before anything is computed."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise StoreError(f"--port {port}: cannot be listened at: {error.strerror}") from None
    return listener


def application(page: str, answers: Answers, token: str) -> "Starlette":
    """What answers requests: the page and, below it, ``run``, ``levels`` and ``level``.

    It only reads. Every address begins with the token; without it, or under another host's name,
    nothing is said.

    Args:
        page: The HTML.
        answers: Of the same studies.
        token: The secret.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    # Not coroutines: they compute, and so run in threads.
    def whole(_: "Request") -> "Response":
        return HTMLResponse(page, headers=HEADERS)

    def run(request: "Request") -> "Response":
        own = request.path_params
        return _answered(lambda: answers.run(own["cell"], own["run"]))

    def levels(request: "Request") -> "Response":
        own = request.path_params
        return _answered(lambda: answers.levels(own["cell"], own["run"]))

    def level(request: "Request") -> "Response":
        own = request.path_params
        if not _is_level(own["level"]):
            return _answered(lambda: None)
        return _answered(
            lambda: answers.level(own["cell"], own["run"], own["pool"], int(own["level"]))
        )

    below = "/{token}"
    routes = [
        Route(f"{below}/", whole, methods=["GET"]),
        Route(f"{below}/run/{{cell:int}}/{{run}}", run, methods=["GET"]),
        Route(f"{below}/levels/{{cell:int}}/{{run}}", levels, methods=["GET"]),
        Route(f"{below}/level/{{cell:int}}/{{run}}/{{pool}}/{{level}}", level, methods=["GET"]),
    ]
    guards = [
        Middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False),
        Middleware(_Guard, token=token),
    ]
    return Starlette(routes=routes, middleware=guards)


class _Guard:
    """Refuses what does not begin with the token."""

    def __init__(self, app: "ASGIApp", token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        from starlette.responses import PlainTextResponse

        first = scope["path"].removeprefix("/").partition("/")[0]
        # In a time that does not say how much of it is right.
        if secrets.compare_digest(first.encode(), self._token):
            await self._app(scope, receive, send)
        else:
            response = PlainTextResponse("the address lacks its token\n", 403, HEADERS)
            await response(scope, receive, send)


def _is_level(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < MOST_DIGITS


def _answered(compute: Callable[[], bytes | None]) -> "Response":
    from starlette.responses import JSONResponse, Response

    try:
        answer = compute()
    except RlgenError as error:
        return JSONResponse({"error": " ".join(error.args)}, 500, HEADERS)
    if answer is None:
        return JSONResponse({"error": "there is nothing with this address"}, 404, HEADERS)
    return Response(answer, 200, HEADERS, "application/json")
