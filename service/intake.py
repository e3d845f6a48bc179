"""How images get in: bytes -> decoded -> embedded -> stored, a chunk at a time."""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from PIL.Image import Image

from index.gallery import Gallery
from index.records import ImageRecord, NewImage
from index.vectors import Row
from service.batcher import Batcher
from service.decoder import Decoder
from service.images import Decoded, ImageError
from service.uploads import Content, Outcome, Upload, chunks

logger = logging.getLogger(__name__)

T = TypeVar("T")

REEMBED_BATCH: Final = 16


@dataclass(frozen=True)
class _Started:
    """A chunk whose new contents, by SHA-256, are being decoded."""

    chunk: list[Content | Outcome]
    known: dict[str, ImageRecord]
    decoding: dict[str, Future[Decoded]]


class Intake:
    """Brings images into a gallery. Decoding runs ahead, while the chunk before is embedded and stored."""

    def __init__(
        self, gallery: Gallery, decoder: Decoder, embedder: Batcher[Image, Row], max_image_bytes: int
    ) -> None:
        self._gallery = gallery
        self._decoder = decoder
        self._embedder = embedder
        self._max_image_bytes = max_image_bytes

    def add(self, collection: str, uploads: Iterable[Upload]) -> list[Outcome]:
        """One outcome per upload, in their order; see `Library.add`."""
        started = (self._start(collection, chunk) for chunk in chunks(uploads, self._max_image_bytes))
        finished = map(partial(self._finish, collection), _one_ahead(started))
        return list(chain.from_iterable(finished))

    def reembed(self, stop: threading.Event) -> int:
        """See `Library.reembed`."""
        done = after = 0
        while not stop.is_set():
            records = self._gallery.without_vector(after=after, limit=REEMBED_BATCH)
            if not records:
                break
            after = records[-1].id
            vectors = self._vectors(records)
            self._gallery.put_vectors(vectors)
            done += len(vectors)
        return done

    def _start(self, collection: str, chunk: list[Content | Outcome]) -> _Started:
        contents = {one.sha256: one.data for one in chunk if isinstance(one, Content)}
        known = self._gallery.known(collection, list(contents))
        new = {sha256: data for sha256, data in contents.items() if sha256 not in known}
        return _Started(chunk, known, {sha256: self._decoder.decode(data) for sha256, data in new.items()})

    def _finish(self, collection: str, started: _Started) -> list[Outcome]:
        errors: dict[str, ImageError] = {}
        embedding: dict[str, tuple[Decoded, Future[Row]]] = {}
        for sha256, future in started.decoding.items():
            try:
                embedding[sha256] = self._embed(future.result())
            except ImageError as error:
                errors[sha256] = error
        new = [
            _new_image(one, *embedding[one.sha256])
            for one in started.chunk
            if isinstance(one, Content) and one.sha256 in embedding
        ]
        added = iter(self._gallery.add(collection, new))
        outcomes = []
        for one in started.chunk:
            if isinstance(one, Outcome):
                outcomes.append(one)
            elif one.sha256 in embedding:
                stored = next(added)
                outcomes.append(Outcome(one.filename, stored.record, stored.created))
            else:
                record, failure = started.known.get(one.sha256), errors.get(one.sha256)
                outcomes.append(Outcome(one.filename, record, error=failure))
        return outcomes

    def _embed(self, decoded: Decoded) -> tuple[Decoded, Future[Row]]:
        # Patient: how many requests are here is bounded elsewhere, and half a request helps nobody.
        return decoded, self._embedder.submit(decoded.image(), patient=True)

    def _vectors(self, records: Sequence[ImageRecord]) -> dict[int, Row]:
        """New vectors by id. An original that no longer decodes is logged and left out."""
        decoding = {record.id: self._decode_original(record) for record in records}
        embedding: dict[int, Future[Row]] = {}
        for id, future in decoding.items():
            try:
                _, embedding[id] = self._embed(future.result())
            except (ImageError, OSError) as error:
                logger.warning("image %d stays without a vector of the current model: %s", id, error)
        return {id: future.result() for id, future in embedding.items()}

    def _decode_original(self, record: ImageRecord) -> Future[Decoded]:
        try:
            return self._decoder.decode(self._gallery.original(record).read_bytes())
        except OSError as error:
            failed: Future[Decoded] = Future()
            failed.set_exception(error)
            return failed


def _new_image(content: Content, decoded: Decoded, embedding: Future[Row]) -> NewImage:
    return NewImage(
        original=content.data,
        thumbnail=decoded.thumbnail,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        filename=content.filename,
        metadata=content.metadata,
        vector=embedding.result(),
        sha256=content.sha256,
    )


def _one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, but each is pulled before the one in front of it is handed out."""
    pulled: deque[T] = deque()
    for item in items:
        pulled.append(item)
        if len(pulled) > 1:
            yield pulled.popleft()
    yield from pulled
