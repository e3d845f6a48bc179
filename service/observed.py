"""What is noted of every request, from outside of all else, so that what was refused counts too."""

import logging
from collections.abc import Iterable
from itertools import chain
from time import perf_counter
from typing import Final, cast

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access import Access
from service.guard import ACCESS
from service.logs import FIELDS
from service.metrics import Metrics
from service.request_ids import HEADER, identified

logger = logging.getLogger(__name__)

METHODS: Final = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
OTHER: Final = "other"
ABORTED: Final = 499  # as nginx has it: nobody was there to hear an answer


class Observed:
    """Names each request, counts it by the template of its route, and logs it: never what was asked."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(scope)
        with identified(Headers(scope=scope).get(HEADER)) as id:

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.status = message["status"]
                    MutableHeaders(scope=message)[HEADER] = id
                elif not message.get("more_body"):
                    self._note(seen)  # before the client can ask what is counted
                await send(message)

            try:
                await self._app(scope, receive, watched)
            finally:
                self._note(seen)

    def _note(self, seen: "_Seen") -> None:
        if seen.noted:
            return
        seen.noted = True
        seconds = perf_counter() - seen.started
        self._metrics.request(seen.method, seen.route, seen.status, seconds)
        fields = {
            "method": seen.method,
            "route": seen.route,
            "status": seen.status,
            "milliseconds": round(1000 * seconds, 1),
            "key": seen.key,
        }
        who = "" if seen.key is None else f", key {seen.key}"
        line = "%s %s %d, %.1f ms" + who
        logger.info(line, seen.method, seen.route, seen.status, 1000 * seconds, extra={FIELDS: fields})


class _Seen:
    """A request under way."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.started = perf_counter()
        self.method = scope["method"] if scope["method"] in METHODS else OTHER
        self.route = template_of(scope)  # now: what is mounted changes the scope
        self.status = ABORTED
        self.noted = False

    @property
    def key(self) -> int | None:
        """The id of the caller's key, where the guard asked for one."""
        access = self._scope.get("state", {}).get(ACCESS)
        return access.key.id if isinstance(access, Access) and access.key else None


def template_of(scope: Scope) -> str:
    """The route's address with its parameters' names: one of the few that there are."""
    app = cast(FastAPI, scope["app"])
    routes: Iterable[BaseRoute] = chain(app.state.routes, app.routes)  # the latter for what is mounted
    asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
    found = OTHER
    for route in routes:
        match = route.matches(asked)[0]
        if match is not Match.NONE and isinstance(route, Route | Mount):
            found = route.path
            if match is Match.FULL:
                break
    return found
