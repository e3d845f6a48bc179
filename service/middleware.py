"""What holds for every request: a limit to its body, an answer come what may, strict headers for browsers."""

import logging
import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.bad_requests import BodiesTooLarge, BodyTooLarge, Bug
from service.openai import refusal
from service.settings import Settings

logger = logging.getLogger(__name__)

MAX_PLAIN_BYTES: Final = 1024 * 1024  # a body without files, which is read into memory as a whole
IMPORTS: Final = "/imports"  # what takes a form with one archive
QUESTION: Final = "/search/image"  # what takes a form with one image
# The same with images as base64. It is parsed in the event loop, which takes 15 to 30 ms, and 0.4 s where it
# is nothing but tiny objects; a thread would not help, for the parser keeps the interpreter's lock.
MAX_ASKED_BYTES: Final = 16 * 1024 * 1024
ASKED: Final = re.compile(r"/v1/collections/[^/]+/search(/batch|/captions)?|/v1/embeddings")
UPLOADED: Final = re.compile(r"/v1/collections/[^/]+/images")  # takes files as base64, and keeps them on disk
JSON: Final = "application/json"
MAX_HELD_BYTES: Final = 256 * 1024 * 1024  # of all such bodies at a time

# The API and the page need nothing from elsewhere.
STRICT: Final = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI is set up by a script within its page.
DOCUMENTATION: Final = "/docs"
DOCUMENTATION_POLICY: Final = f"{STRICT}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


class BodyLimit:
    """Ends a request with 413 once its body passes the limit: announced, or else as it streams in."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._max_archive_bytes = settings.max_archive_bytes + MAX_PLAIN_BYTES
        self._max_form_bytes = settings.max_upload_bytes
        self._max_question_bytes = settings.max_image_bytes + MAX_PLAIN_BYTES
        self._max_json_bytes = settings.max_image_bytes * 4 // 3 + MAX_PLAIN_BYTES
        self._held = 0  # bytes of bodies that are in memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._limit(scope["path"], headers.get("content-type", "").lower())
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            # No "Connection: close": the server would reset the connection before a client that still sends
            # has read the answer. So it reads on, and drops what it reads.
            await refusal(BodyTooLarge(limit), scope["path"])(scope, receive, send)
            return
        await self._holding(scope, _counted(receive, limit), send)

    async def _holding(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ends a request with 503 where its body and those of others would take too much memory.

        What is not larger than any body may be, passes all the same. Forms lie on disk.
        """
        if not ASKED.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        held = 0

        async def holding() -> Message:
            nonlocal held
            message = await receive()
            more = len(message.get("body", b""))
            if held + more > MAX_PLAIN_BYTES and self._held + more > MAX_HELD_BYTES:
                raise BodiesTooLarge(MAX_HELD_BYTES)
            held += more
            self._held += more
            return message

        try:
            await self._app(scope, holding, send)
        finally:
            self._held -= held

    def _limit(self, path: str, content_type: str) -> int:
        if UPLOADED.fullmatch(path) and content_type.startswith(JSON):
            return min(self._max_json_bytes, self._max_form_bytes)
        if not content_type.startswith("multipart/form-data"):
            most = MAX_ASKED_BYTES if ASKED.fullmatch(path) else MAX_PLAIN_BYTES
            return min(most, self._max_form_bytes)
        if path.endswith(IMPORTS):
            return self._max_archive_bytes
        if path.endswith(QUESTION):
            return min(self._max_question_bytes, self._max_form_bytes)
        return self._max_form_bytes


def _counted(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise BodyTooLarge(limit)
        return message

    return counted


class HeadToo:
    """Answers HEAD wherever there is a GET, with the same headers and no body.

    The answer ends with its head: what is made while it is sent learns that nobody listens, and stops.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, receive, bodiless)


class LastResort:
    """Logs what nobody caught, and answers with a problem document that tells nothing of the inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if started or scope["type"] != "http":
                raise  # too late for another answer: the server logs it and hangs up
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await refusal(Bug(), scope["path"])(scope, receive, send)


class SecurityHeaders:
    """No content sniffing, no referrer, no other site's use, and a policy that allows this service only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                policy = DOCUMENTATION_POLICY if scope["path"] == DOCUMENTATION else STRICT
                headers.setdefault("Content-Security-Policy", policy)
            await send(message)

        await self._app(scope, receive, strict)
