"""An answer that is made while it is sent: too large for the memory, and not to be written to the disk."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from anyio import CancelScope, fail_after, from_thread
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.gate import Gate, together

STALLED: Final = 60  # seconds in which a client has to take what was sent


class Stream(Response):
    """Reads `pieces` in one thread of the gate, the next one when the client has taken the last.

    What goes wrong before the first piece is an error like any other; later, the connection is cut off, so
    that nobody takes a part for the whole. Raises Overloaded.
    """

    def __init__(
        self,
        gate: Gate,
        pieces: Callable[[], Iterator[bytes]],
        media_type: str,
        headers: Mapping[str, str],
        stalled: float = STALLED,
    ) -> None:
        super().__init__(headers=dict(headers), media_type=media_type)
        del self.headers["content-length"]  # nobody knows it
        self._gate = gate
        self._pieces = pieces
        self._stalled = stalled

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        with self._gate.place():
            start: Message = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            async with together() as tasks:
                sending = _Sending(send, start, self._stalled)
                tasks.start_soon(_listen, receive, sending)
                await self._gate.work(self._give, sending)
                tasks.cancel_scope.cancel()
            if not sending.gone:
                await send({"type": "http.response.body", "body": b""})

    def _give(self, sending: "_Sending") -> None:
        for piece in self._pieces():
            from_thread.run(sending.give, piece)
            if sending.gone:
                return


class _Sending:
    """What was sent so far, and whether anybody takes it."""

    def __init__(self, send: Send, start: Message, stalled: float) -> None:
        self._send = send
        self._start: Message | None = start
        self._stalled = stalled
        self.gone = False

    async def give(self, piece: bytes) -> None:
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)
        try:
            with fail_after(self._stalled):
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            self.gone = True


async def _listen(receive: Receive, sending: _Sending) -> None:
    with CancelScope():
        while (await receive())["type"] != "http.disconnect":
            pass
        sending.gone = True
