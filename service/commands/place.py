"""Where a command works: a data folder, or a running service. Either is spoken to with the same client."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import uvicorn

from index.files import original_in, thumbnail_in
from service.app import create_app
from service.client import Pivot
from service.client.documents.images import Image
from service.library import Library
from service.settings import Settings

PATIENCE: Final = 120  # times to come back to a busy service
TICK: Final = 0.005  # seconds


@dataclass(frozen=True)
class Place:
    """`store` is None where the files are on another machine, or may be."""

    pivot: Pivot
    store: Path | None = None

    def original(self, image: Image) -> str:
        """Where the file of an image is found: a path or an address."""
        if self.store is None:
            return self.pivot.url + image.links.file
        return str(original_in(self.store, image.sha256))

    def thumbnail(self, image: Image) -> str:
        """As `original`, of its thumbnail."""
        if self.store is None:
            return self.pivot.url + image.links.thumbnail
        return str(thumbnail_in(self.store, image.sha256))


@contextmanager
def elsewhere(address: str, key: str | None) -> Iterator[Place]:
    """A running service."""
    with Pivot(address, key=key, retries=PATIENCE) as pivot:
        yield Place(pivot)


@contextmanager
def here(library: Library, settings: Settings, *, background: bool) -> Iterator[Place]:
    """A service in this process, behind a socket that only this user can reach, who needs no key.

    With `background` it goes on with jobs and with embedding what awaits it, as `serve` does.
    """
    app = create_app(library, settings, guarded=False)
    with TemporaryDirectory(prefix="pivot-") as folder:
        socket = str(Path(folder) / "socket")
        server = uvicorn.Server(
            uvicorn.Config(
                app, uds=socket, log_config=None, ws="none", lifespan="on" if background else "off"
            )
        )
        thread = threading.Thread(target=server.run, name="service")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(TICK)
            transport = httpx.HTTPTransport(uds=socket)
            with Pivot("http://localhost", retries=PATIENCE, transport=transport) as pivot:
                yield Place(pivot, settings.store)
        finally:
            server.should_exit = True
            thread.join()
