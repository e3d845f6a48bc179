"""A service of its own for a benchmark: another process, on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

READY_SECONDS = 120


@contextmanager
def running_server(store: Path) -> Iterator[str]:
    """The address of a service with its data in `store`; it is stopped at the end."""
    port = _free_port()
    environment = {**os.environ, "PIVOT_STORE": str(store), "PIVOT_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"no service at {url} after {READY_SECONDS} s, or it stopped; see its messages above")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
