"""What is noted of every request, from outside of all else, so that what was refused counts too."""

from collections.abc import Iterable
from itertools import chain
from time import perf_counter
from typing import Final, cast

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics

METHODS: Final = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
OTHER: Final = "other"
ABORTED: Final = 499  # as nginx has it: nobody was there to hear an answer


class Observed:
    """Counts each request by the template of its route, with its time."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(scope)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            elif not message.get("more_body"):
                self._note(seen)  # before the client can ask what is counted
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._note(seen)

    def _note(self, seen: "_Seen") -> None:
        if not seen.noted:
            seen.noted = True
            self._metrics.request(seen.method, seen.route, seen.status, perf_counter() - seen.started)


class _Seen:
    """A request under way."""

    def __init__(self, scope: Scope) -> None:
        self.started = perf_counter()
        self.method = scope["method"] if scope["method"] in METHODS else OTHER
        self.route = template_of(scope)  # now: what is mounted changes the scope
        self.status = ABORTED
        self.noted = False


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
