"""A library, and a service around it on a real socket, for as long as a test needs them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI

from index.gallery import Gallery
from service.app import create_app
from service.decoder import Decoder
from service.fetch import Fetcher
from service.keyring import Keyring
from service.library import Library
from service.routes.context import Context
from service.settings import Settings
from service.uploads import Upload
from tests.fakes import ColourEncoder, detect


@dataclass(frozen=True)
class Service:
    """All that a test may want to talk to."""

    encoder: ColourEncoder
    library: Library
    client: httpx.Client
    folder: Path  # of the store
    app: FastAPI

    @property
    def keyring(self) -> Keyring:
        return cast(Context, self.app.state.context).keyring


def library_in(folder: Path, encoder: ColourEncoder, settings: Settings) -> Library:
    """Over the store in `folder`."""
    gallery = Gallery.open(folder, dim=encoder.dim, model_version=encoder.version)
    return Library(encoder, gallery, Decoder(settings), detect, settings)


def upload_in(folder: Path, filename: str, data: bytes) -> Upload:
    """A file in `folder`, to be uploaded."""
    (folder / filename).write_bytes(data)
    return Upload.from_path(folder / filename)


@contextmanager
def serving(
    folder: Path, *, fetcher: Fetcher | None = None, guarded: bool = True, **settings: Any
) -> Iterator[Service]:
    """A service over the store in `folder`."""
    encoder = ColourEncoder()
    configured = Settings(decode_workers=1, store=folder, **settings)
    library = library_in(folder, encoder, configured)
    app = create_app(library, configured, fetcher, guarded=guarded)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, ws="none", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        host, port = server.servers[0].sockets[0].getsockname()
        with httpx.Client(base_url=f"http://{host}:{port}", timeout=60) as client:
            yield Service(encoder, library, client, folder, app)
    finally:
        encoder.open.set()
        server.should_exit = True
        thread.join()
