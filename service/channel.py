"""Messages between the service and a decoding process: bytes and their number, each within its time."""

import socket
import struct
from time import monotonic
from typing import Final

_LENGTH: Final = struct.Struct(">Q")


class Channel:
    """One end. Nothing that the other end sends, or leaves unsent, can hold this one up or make it run."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def close(self) -> None:
        self._end.close()

    def send(self, *parts: bytes, by: float | None = None) -> None:
        """One message. Raises TimeoutError where it is not taken `by` a time of `monotonic`, and OSError."""
        for part in (_LENGTH.pack(sum(map(len, parts))), *parts):
            self._end.settimeout(_left(by))
            self._end.sendall(part)

    def receive(self, *, by: float | None = None, limit: int | None = None) -> bytes:
        """One message of at most `limit` bytes. Raises TimeoutError, EOFError, OSError, ValueError."""
        (size,) = _LENGTH.unpack(self._exactly(_LENGTH.size, by))
        if limit is not None and size > limit:
            raise ValueError(f"a message of {size} bytes")
        return self._exactly(size, by)

    def _exactly(self, size: int, by: float | None) -> bytes:
        received = bytearray(size)
        missing = memoryview(received)
        while missing:
            self._end.settimeout(_left(by))
            count = self._end.recv_into(missing)
            if not count:
                raise EOFError
            missing = missing[count:]
        return bytes(received)


def _left(by: float | None) -> float | None:
    """Seconds until then; None is for ever."""
    if by is None:
        return None
    seconds = by - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
