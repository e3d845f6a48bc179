"""The service as a user starts it: in a process of its own, behind a port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    address: str
    pid: int

    def add(self, collection: str, photos: Sequence[Path]) -> None:
        files = [("files", (photo.name, photo.read_bytes())) for photo in photos]
        answer = httpx.post(f"{self.address}/v1/collections/{collection}/images", files=files, timeout=120)
        answer.raise_for_status()

    def filenames(self, collection: str) -> list[str]:
        """Those of the first page, oldest first."""
        answer = httpx.get(f"{self.address}/v1/collections/{collection}/images").raise_for_status()
        return [image["filename"] for image in answer.json()["images"]]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server with its store and its log in `folder`; stopped at the end."""
    port = free_port()
    environment = {**os.environ, "PIVOT_STORE": str(folder / "store"), "PIVOT_PORT": str(port)}
    command = [sys.executable, "-m", "service", "serve"]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address, process, log)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        time.sleep(0.1)
    pytest.fail(f"the server did not get ready:\n{log.read_text()}")
