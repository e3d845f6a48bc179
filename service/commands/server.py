"""The HTTP server of `serve`, and the port that it listens on."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

import uvicorn
from fastapi import FastAPI

from service.commands.arguments import PROGRAM
from service.commands.errors import CommandError
from service.door import Door

TICK: Final = 0.02  # seconds


class PortUnusable(CommandError):
    """`code` is the system's, from `errno`; None where it has none for the reason."""

    def __init__(self, host: str, port: int, code: int | None, reason: str) -> None:
        super().__init__(host, port, code, reason)
        self.host = host
        self.port = port
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        match self.code:
            case errno.EADDRINUSE:
                return (
                    f"Port {self.port} of {self.host} is in use, perhaps by another Pivot. Stop that program,"
                    f" or choose another port: {PROGRAM} serve --port {self.port % 65535 + 1}"
                )
            case errno.EACCES:
                return f"Port {self.port} may not be used. Choose one above 1023 with --port."
            case _:
                return (
                    f"Cannot listen on {self.host} port {self.port}: {self.reason}. Give an address of this"
                    " machine with --host, such as 127.0.0.1."
                )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises PortUnusable.

    Taken before the model loads, so that a port in use is known at once; who connects meanwhile waits.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except socket.gaierror as error:
        raise PortUnusable(host, port, None, str(error.strerror)) from error
    except OSError as error:
        raise PortUnusable(host, port, error.errno, os.strerror(error.errno or 0)) from error
    except UnicodeError as error:
        raise PortUnusable(host, port, None, "that cannot be a name") from error
    # Connections inherit it. asyncio sets it only on sockets that it made itself, and without it every
    # answer on a kept connection waits 40 ms for the client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the service that listens there."""
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Runs an app on a socket until SIGINT or SIGTERM, then finishes what it accepted."""

    def __init__(
        self,
        app: FastAPI,
        listener: socket.socket,
        ready: Callable[[], None],
        stopping: Callable[[], Door],
        seconds: float,
    ) -> None:
        """`stopping` closes the door to new requests; those inside have so many `seconds`."""
        # It logs through ours. Its own line of each request would tell what was searched for.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws="none", lifespan="on", timeout_graceful_shutdown=1
        )
        super().__init__(config)
        self._listener = listener
        self._ready = ready
        self._stopping = stopping
        self._seconds = seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        door, by = self._stopping(), monotonic() + self._seconds
        # Until then it listens on: who comes is told to come back, and not just cut off.
        while door.inside and monotonic() < by and not self.force_exit:
            await asyncio.sleep(TICK)
        await super().shutdown(sockets)

    def serve_until_stopped(self) -> None:
        with suppress(KeyboardInterrupt):  # uvicorn raises it again, after it has stopped in good order
            self.run([self._listener])
