"""The door: lets requests in until the service stops, and knows how many are inside."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from service.batcher import Stopping
from service.openai import refusal

STILL_ASKED: Final = {"/livez", "/metrics"}  # by those who watch how it stops


class Door:
    """Belongs to one event loop, and is used in it only."""

    def __init__(self) -> None:
        self.closed = False
        self.inside = 0

    def close(self) -> None:
        """Whoever comes from now on is told to come back; who is inside stays."""
        self.closed = True


class Entrance:
    """Has every request go through the door."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in STILL_ASKED:
            await self._app(scope, receive, send)
        elif self._door.closed:
            answer = refusal(Stopping(), scope["path"])
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
        else:
            self._door.inside += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._door.inside -= 1
